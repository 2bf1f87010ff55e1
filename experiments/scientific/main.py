"""Measures tailoring with conserved formulas on small mechanical systems."""

import dataclasses
import functools
import importlib.metadata
import pathlib
from typing import Any

from absl import flags
from absl import logging

from experiments.common import program
from experiments.common import results
from experiments.common.program import claim
from experiments.common.stages import Stages
from experiments.scientific import config as configs
from experiments.scientific import data
from experiments.scientific import figures
from experiments.scientific import laws
from experiments.scientific import rows
from experiments.scientific import tables
from experiments.scientific.experiment import Experiment
from noether_jax.data.files import write_atomically
from noether_jax.discovery.result_folder import make_folder
from noether_jax.errors import InputError


def define_flags() -> flags.FlagValues:
  """The program's flags, in a registry of their own."""
  values = program.define_flags()
  program.define_data_flags(values)
  shared: dict[str, Any] = {"flag_values": values}
  flags.DEFINE_enum("system", "pendulum", configs.SYSTEMS, "the system",
                    **shared)
  flags.DEFINE_enum("protocol", "physics", sorted(configs.PROTOCOLS),
                    "how data are made and integrated", **shared)
  flags.DEFINE_multi_string(
      "row", [], "rows to measure, with those that their ratios need; "
      "all if none", **shared)
  return values


def _settings(options: flags.FlagValues,
              config: configs.Config) -> dict[str, Any]:
  """The settings in which comparable runs agree."""
  return {
      "version": importlib.metadata.version("noether_jax"),
      "system": options.system,
      "protocol": options.protocol,
      "seeds": options.seeds,
      **dataclasses.asdict(config)
  }


def _load(options: flags.FlagValues, config: configs.Config) -> data.Data:
  if options.system == "real_pendulum":
    return data.measured(config,
                         options.seeds,
                         data_dir=options.data_dir,
                         manual_dir=options.manual_dir)
  return data.simulated(options.system, config, options.seeds)


# The row to which every ratio refers.
_BASES = ("vanilla", "control")


def _evaluate(experiment: Experiment, name: str) -> dict[str, Any]:
  """One row; a training that fails must not cost the others."""
  try:
    return rows.evaluate(experiment, name)
  except FloatingPointError as error:
    logging.error("%s: %s", name, error)
    return rows.failed(experiment, name, str(error))


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


def _run(options: flags.FlagValues) -> None:
  """Measures what is missing, then writes the results."""
  known = rows.names(options.system)
  unknown = [name for name in options.row if name not in known]
  if unknown:
    raise InputError(f"--row={unknown[0]}: the rows are {'; '.join(known)}.")
  config = configs.make(options.system, options.protocol, quick=options.quick)
  out = make_folder(options.out)
  settings = _settings(options, config)
  claim(out, settings)
  stages = Stages(out)
  with stages.stage("data") as counts:
    loaded = _load(options, config)
    counts.update(seeds=options.seeds,
                  samples=int(loaded.x.shape[1]),
                  training_paths=int(loaded.train.shape[1]),
                  test_paths=int(loaded.test.shape[1]))
  experiment = Experiment(options.system,
                          config,
                          loaded,
                          laws=rows.LAWS,
                          stages=stages)
  done = results.rows(out, known, [*(options.row or known), *_BASES],
                      functools.partial(_evaluate, experiment))
  _draw(experiment, out, done)
  shown = [{
      key: value for key, value in row.items() if key not in ("curve", "path")
  } for row in done]
  results.write(out, {
      "system": options.system,
      "protocol": options.protocol,
      "settings": settings,
      "rows": shown
  },
                stages,
                header=tables.HEADER,
                body=tables.cells(done),
                left=2)


main = program.entry("scientific", __doc__, define_flags, _run, resumes=True)

if __name__ == "__main__":
  program.start(main)
