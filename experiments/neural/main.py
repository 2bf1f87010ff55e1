"""Learns a neural conserved quantity and measures how much it helps.

Trains a predictor, learns g by several recipes, tailors with it, and compares
long rollouts with a predictor that was fine-tuned equally long.
"""

from collections.abc import Sequence
import dataclasses
import functools
import importlib.metadata
from typing import Any

from absl import flags
import jax
import numpy as np
import threadpoolctl

from datasets.systems.system import System
from experiments.common import program
from experiments.common import results
from experiments.common.program import claim
from experiments.common.stages import Stages
from experiments.neural import config as configs
from experiments.neural import data
from experiments.neural import figures
from experiments.neural import ideas
from experiments.neural import measures
from experiments.neural import rows
from experiments.neural import simulation
from experiments.neural import tables
from experiments.neural.study import Study
from noether_jax.data.files import write_atomically
from noether_jax.discovery.result_folder import make_folder
from noether_jax.errors import InputError


def define_flags() -> flags.FlagValues:
  """The program's flags, in a registry of their own."""
  values = program.define_flags()
  program.define_data_flags(values)
  shared: dict[str, Any] = {"flag_values": values}
  flags.DEFINE_enum("system", "pendulum",
                    [*sorted(simulation.SAMPLINGS), data.REAL_PENDULUM.name],
                    "the system", **shared)
  flags.DEFINE_float("noise",
                     0.1,
                     "standard deviation of the states' noise",
                     lower_bound=0.0,
                     **shared)
  flags.DEFINE_integer("trajectories",
                       25,
                       "training trajectories",
                       lower_bound=4,
                       **shared)
  flags.DEFINE_integer("first_seed",
                       0, "seeds from here on; 10 to 49 are reported, 100 and "
                       "above were used to choose the recipe",
                       lower_bound=0,
                       **shared)
  flags.DEFINE_multi_enum(
      "recipe", [], [*rows.ROWS, *ideas.IDEAS],
      "rows to measure, with the control; without it all but "
      "the ideas", **shared)
  flags.DEFINE_bool("ideas", False, "measure the ideas that were tried, too",
                    **shared)
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
  predictor = (rows.ROWS | ideas.IDEAS)[name](e)
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


def _made(options: flags.FlagValues) -> dict[str, Any]:
  """The settings of simulated data; None for measured ones."""
  names = ("noise", "trajectories")
  if options.system != data.REAL_PENDULUM.name:
    return {name: options[name].value for name in names}
  given = [name for name in names if options[name].present]
  if given:
    raise InputError(f"--{given[0]} is for simulated systems: leave it out.")
  return dict.fromkeys(names)


def _load(options: flags.FlagValues, config: configs.Config,
          seeds: list[int]) -> tuple[System, data.Data]:
  """The system and its data."""
  if options.system == data.REAL_PENDULUM.name:
    return data.REAL_PENDULUM, data.measured(seeds,
                                             stretch=config.stretch,
                                             data_dir=options.data_dir,
                                             manual_dir=options.manual_dir)
  sampling = simulation.SAMPLINGS[options.system]
  return sampling.system, data.make(sampling,
                                    noise=options.noise,
                                    trajectories=options.trajectories,
                                    seeds=seeds,
                                    num_test=config.num_test,
                                    stretch=config.stretch)


# Threads of BLAS wait for each other, and for XLA's.
@threadpoolctl.threadpool_limits.wrap(limits=1, user_api="blas")
def _run(options: flags.FlagValues) -> None:
  """Measures what is missing, then writes the results."""
  # The precise g needs it; predictors are trained in float32 all the same.
  jax.config.update("jax_enable_x64", True)
  config = configs.make(quick=options.quick)
  out = make_folder(options.out)
  seeds = [options.first_seed + i for i in range(options.seeds)]
  settings = {
      "version": importlib.metadata.version("noether_jax"),
      "system": options.system,
      **_made(options), "seeds": seeds,
      **dataclasses.asdict(config)
  }
  claim(out, settings)
  stages = Stages(out)
  with stages.stage("data"):
    system, loaded = _load(options, config, seeds)
  study = Study(system, config, loaded, seeds, stages)
  wanted = options.recipe or list(rows.ROWS)
  if options.ideas:
    wanted = [*wanted, *ideas.IDEAS]
  done = results.rows(out, (*rows.ROWS, *ideas.IDEAS), [*wanted, rows.CONTROL],
                      functools.partial(_evaluate, study))
  write_atomically(out / "ratios.png", figures.draw(done, settings))
  results.write(out, {
      "settings": settings,
      "rows": done
  },
                stages,
                header=tables.HEADER,
                body=tables.cells(done))


main = program.entry("neural", __doc__, define_flags, _run, resumes=True)

if __name__ == "__main__":
  program.start(main)
