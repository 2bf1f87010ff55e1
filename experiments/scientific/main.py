"""Measures tailoring with conserved formulas on small mechanical systems."""

import dataclasses
import importlib.metadata
import json
import pathlib
import sys
from typing import Any

from absl import app
from absl import flags
from absl import logging

from datasets import loading
from datasets import sources
from experiments.scientific import config as configs
from experiments.scientific import data
from experiments.scientific import figures
from experiments.scientific import laws
from experiments.scientific import rows
from experiments.scientific import tables
from experiments.scientific.experiment import Experiment
from experiments.common.program import claim
from experiments.common.stages import slug
from experiments.common.stages import Stages
from noether_jax.outputs import folder
from noether_jax.outputs import write_atomically
from noether_jax.tables import InputError

_SYSTEM = flags.DEFINE_enum("system", "pendulum", configs.SYSTEMS, "the system")
_PROTOCOL = flags.DEFINE_enum("protocol", "physics", sorted(configs.PROTOCOLS),
                              "how data are made and integrated")
_SEEDS = flags.DEFINE_integer("seeds", 10, "number of seeds", lower_bound=1)
_OUT = flags.DEFINE_string("out", None, "folder of the results", required=True)
_QUICK = flags.DEFINE_bool("quick", False, "a short run to see that it works")
_ROWS = flags.DEFINE_multi_string("row", [], "rows to measure; all if none")
_DATA_DIR = flags.DEFINE_string("data_dir", loading.DEFAULT_DATA_DIR,
                                "where prepared data lie")
_MANUAL_DIR = flags.DEFINE_string("manual_dir", None,
                                  "folder with real_pend_h_1.txt")
_DEBUG = flags.DEFINE_bool("debug", False,
                           "show the traceback of a user's mistake too")


def _settings(config: configs.Config) -> dict[str, Any]:
  """What makes two runs comparable."""
  return {
      "version": importlib.metadata.version("noether_jax"),
      "system": _SYSTEM.value,
      "protocol": _PROTOCOL.value,
      "seeds": _SEEDS.value,
      **dataclasses.asdict(config)
  }


def _load(config: configs.Config) -> data.Data:
  if _SYSTEM.value == "real_pendulum":
    return data.measured(config,
                         _SEEDS.value,
                         data_dir=_DATA_DIR.value,
                         manual_dir=_MANUAL_DIR.value)
  return data.simulated(_SYSTEM.value, config, _SEEDS.value)


def _measure(experiment: Experiment, out: pathlib.Path,
             wanted: list[str]) -> list[dict[str, Any]]:
  """The wanted rows that the folder does not hold yet, and those it holds."""
  done = []
  for name in rows.names(_SYSTEM.value):
    path = out / f"row_{slug(name)}.json"
    if not path.exists():
      if name not in wanted:
        continue
      try:
        row = rows.evaluate(experiment, name)
      except FloatingPointError as error:
        # One row's training must not cost the others.
        row = rows.failed(experiment, name, str(error))
        logging.error("%s: %s", name, error)
      write_atomically(path, json.dumps(row) + "\n")
    done.append(json.loads(path.read_text()))
  return done


def _draw(experiment: Experiment, out: pathlib.Path,
          done: list[dict[str, Any]]) -> None:
  """The figures that the rows allow."""
  shown = [row for row in done if row["curve"]]
  if not shown:
    return
  with experiment.stages.stage("figures") as counts:
    law = laws.true(experiment.system, experiment.seeds)
    made = figures.draw(shown, experiment.data, law)
    for name, content in made.items():
      write_atomically(out / f"{name}.png", content)
    counts["files"] = len(made)


def _run() -> None:
  """Measures what is missing, then writes the results."""
  known = rows.names(_SYSTEM.value)
  unknown = [name for name in _ROWS.value if name not in known]
  if unknown:
    raise InputError(f"--row={unknown[0]}: the rows are {'; '.join(known)}.")
  config = configs.make(_SYSTEM.value, _PROTOCOL.value, quick=_QUICK.value)
  out = folder(_OUT.value)
  settings = _settings(config)
  claim(out, settings)
  stages = Stages(out)
  with stages.stage("data") as counts:
    loaded = _load(config)
    counts.update(seeds=_SEEDS.value,
                  samples=int(loaded.x.shape[1]),
                  training_paths=int(loaded.train.shape[1]),
                  test_paths=int(loaded.test.shape[1]))
  experiment = Experiment(_SYSTEM.value,
                          config,
                          loaded,
                          laws=rows.LAWS,
                          stages=stages)
  done = _measure(experiment, out, _ROWS.value or known)
  _draw(experiment, out, done)
  results = {
      "system": _SYSTEM.value,
      "protocol": _PROTOCOL.value,
      "settings": settings,
      "versions": {
          name: importlib.metadata.version(name)
          for name in ("jax", "noether_jax")
      },
      "seconds": round(sum(r["seconds"] for r in stages.records), 1),
      "rows": [{
          key: value
          for key, value in row.items()
          if key not in ("curve", "path")
      }
               for row in done],
      "stages": stages.records,
  }
  write_atomically(out / "results.json", json.dumps(results, indent=1) + "\n")
  write_atomically(out / "table.md", tables.markdown(done))
  write_atomically(out / "table.txt", tables.text(done))
  print(tables.text(done), end="")
  print(f"{out / 'results.json'} ({results['seconds']:.0f} s in all stages)")


def _mistake(error: Exception) -> None:
  """One line on standard error, exit code 2."""
  print(f"scientific: {' '.join(str(error).split())}", file=sys.stderr)
  sys.exit(2)


def main(argv: list[str]) -> None:
  """Measures the rows that --out does not hold yet, then writes the results."""
  try:
    if len(argv) > 1:
      raise InputError(f"unexpected arguments: {' '.join(argv[1:])[:100]}")
    _run()
  except (InputError, sources.DataError, ImportError) as error:
    if _DEBUG.value:
      raise
    _mistake(error)
  except KeyboardInterrupt:
    print("scientific: interrupted; the same command goes on from here.",
          file=sys.stderr)
    sys.exit(130)


def parse(argv: list[str]) -> list[str]:
  """Reads the flags; a wrong one ends the program with one line.

  Args:
    argv: the program's name and its arguments.

  Returns:
    What is left of them.
  """
  try:
    return flags.FLAGS(argv)
  except flags.Error as error:
    _mistake(error)
    raise


if __name__ == "__main__":
  logging.set_verbosity(logging.INFO)
  app.run(main, flags_parser=parse)
