"""Learns a neural conserved quantity and measures what it is worth.

Trains a predictor, learns g by several recipes, tailors with it, and compares
long rollouts with a predictor that was fine-tuned equally long.
"""

from collections.abc import Sequence
import dataclasses
import importlib.metadata
import json
import pathlib
import sys
from typing import Any

from absl import flags
from absl import logging
import jax
import numpy as np

from datasets import dynamics
from experiments.common import program
from experiments.common import tables as common
from experiments.common.program import claim
from experiments.common.stages import slug
from experiments.common.stages import Stages
from experiments.neural import config as configs
from experiments.neural import data
from experiments.neural import figures
from experiments.neural import measures
from experiments.neural import rows
from experiments.neural import tables
from experiments.neural.study import Study
from noether_jax.outputs import folder
from noether_jax.outputs import write_atomically


def define_flags() -> flags.FlagValues:
  """The program's flags, in a registry of their own."""
  values = program.define_flags()
  shared: dict[str, Any] = {"flag_values": values}
  flags.DEFINE_enum("system", "pendulum", sorted(dynamics.SYSTEMS),
                    "the system", **shared)
  flags.DEFINE_float("noise",
                     0.1,
                     "standard deviation of the states' noise",
                     lower_bound=0.0,
                     **shared)
  flags.DEFINE_integer("trajectories",
                       25,
                       "training trajectories",
                       lower_bound=2,
                       **shared)
  flags.DEFINE_integer("first_seed",
                       0,
                       "seeds from here on; 0 to 9 are reported, 100 and above "
                       "were used to choose the recipe",
                       lower_bound=0,
                       **shared)
  flags.DEFINE_multi_enum("recipe", [], list(rows.ROWS),
                          "rows to measure; all if none", **shared)
  return values


def _numbers(values: Sequence[Any] | np.ndarray) -> list[float | None]:
  """Rounded floats, None for what is not finite: JSON has no infinity."""
  return [
      None if v is None or not np.isfinite(v) else float(f"{v:.7g}")
      for v in values
  ]


def _evaluate(e: Study, name: str) -> dict[str, Any]:
  """One row; every list has one value per seed."""
  before = sum(r["seconds"] for r in e.stages.records)
  predictor = rows.ROWS[name](e)
  with e.stages.stage(f"rollouts: {name}"):
    measured: dict[str, Any] = measures.rollouts(e, predictor)
    if predictor.conserved_fn is not None:
      measured |= measures.quantity(e, predictor)
  seconds = sum(r["seconds"] for r in e.stages.records) - before
  return {
      "row": name,
      **{
          key: _numbers(values) for key, values in measured.items()
      }, "seconds": round(seconds, 1)
  }


def _measure(e: Study, out: pathlib.Path,
             wanted: list[str]) -> list[dict[str, Any]]:
  """The wanted rows that the folder does not hold yet, and those it holds."""
  done = []
  for name in rows.ROWS:
    path = out / f"row_{slug(name)}.json"
    if not path.exists():
      if name not in wanted:
        continue
      write_atomically(path, json.dumps(_evaluate(e, name)) + "\n")
    done.append(json.loads(path.read_text()))
  return done


def _run(options: flags.FlagValues) -> None:
  """Measures what is missing, then writes the results."""
  # The precise g needs it; predictors are trained in float32 all the same.
  jax.config.update("jax_enable_x64", True)
  config = configs.make(quick=options.quick)
  out = folder(options.out)
  seeds = [options.first_seed + i for i in range(options.seeds)]
  settings = {
      "version": importlib.metadata.version("noether_jax"),
      "system": options.system,
      "noise": options.noise,
      "trajectories": options.trajectories,
      "seeds": seeds,
      **dataclasses.asdict(config)
  }
  claim(out, settings)
  stages = Stages(out)
  system = dynamics.SYSTEMS[options.system]
  with stages.stage("data"):
    loaded = data.make(system,
                       noise=options.noise,
                       trajectories=options.trajectories,
                       seeds=seeds,
                       num_test=config.num_test,
                       stretch=config.stretch)
  study = Study(system, config, loaded, seeds, stages)
  done = _measure(study, out, options.recipe or list(rows.ROWS))
  body = tables.cells(done)
  results = {
      "settings": settings,
      "versions": {
          name: importlib.metadata.version(name)
          for name in ("jax", "noether_jax")
      },
      "seconds": round(sum(r["seconds"] for r in stages.records), 1),
      "rows": done,
      "stages": stages.records,
  }
  write_atomically(out / "ratios.png", figures.draw(done, settings))
  write_atomically(out / "table.md", common.markdown(tables.HEADER, body))
  write_atomically(out / "table.txt", common.text(tables.HEADER, body))
  write_atomically(out / "results.json", json.dumps(results, indent=1) + "\n")
  print(common.text(tables.HEADER, body), end="")
  print(f"{out / 'results.json'} ({results['seconds']:.0f} s)")


def main(argv: Sequence[str]) -> int:
  """Measures the rows that --out does not hold yet, then writes the results.

  Args:
    argv: the program's name and its flags.

  Returns:
    The exit code; see `program.execute`.

  Raises:
    InputError: for a user's mistake, with --debug; see `program.execute`.
  """
  return program.execute("neural",
                         __doc__,
                         define_flags(),
                         _run,
                         argv,
                         resumes=True)


if __name__ == "__main__":
  logging.set_verbosity(logging.INFO)
  sys.exit(main(sys.argv))
