"""Predicts frames with a Noether network: a pendulum, or objects on a ramp.

Trains SVG, SVG for longer, SVG through the inner step of a random g, and the
Noether network, and compares their predictions of test sequences.
"""

from collections.abc import Iterator
import dataclasses
import importlib.metadata
import pathlib
from typing import Any

from absl import flags

from experiments.common import program
from experiments.common import results
from experiments.common.stages import slug
from experiments.common.stages import Stages
from experiments.frames import config as configs
from experiments.frames import data
from experiments.frames import figures
from experiments.frames import model as models
from experiments.frames import recipes
from experiments.frames import rows
from experiments.frames import study
from experiments.frames import tables
from experiments.frames.config import Config
from noether_jax.data.files import write_atomically
from noether_jax.discovery.result_folder import make_folder
from noether_jax.errors import InputError

CONFIGS = ("small", "paper", "smoke")
# Flags that take the place of the configuration's settings.
_CHANGES = ("steps", "inner_rate", "learn_inner_rate", "adapt", "num_train",
            "length", "pretrain_steps", "warm_start", "part_size")


def define_flags() -> flags.FlagValues:
  """The program's flags, in a registry of their own."""
  values = program.define_flags(quick=False)
  program.define_data_flags(values, "the archive of Physics 101")
  shared: dict[str, Any] = {"flag_values": values}
  flags.DEFINE_enum(
      "data", "controlled_pendulum", list(configs.LENGTHS),
      "a pendulum under random torques, simulated videos of objects on a "
      "ramp, or real ones (--manual_dir)", **shared)
  flags.DEFINE_enum(
      "split", None, ["random", "authors", "objects"],
      "of the objects on a ramp; objects: no test object is in training",
      **shared)
  flags.DEFINE_bool("skip_damaged", None,
                    "physics101: leave out videos that can't be decoded",
                    **shared)
  flags.DEFINE_enum(
      "config", "small", CONFIGS,
      "small trains on a laptop, paper needs an accelerator, "
      "smoke shows that everything runs", **shared)
  flags.DEFINE_integer("first_seed", 0, "seeds from here on", 0, **shared)
  flags.DEFINE_integer("steps", None, "outer steps", 1, **shared)
  flags.DEFINE_float("inner_rate", None, "of the inner SGD step", 0.0, **shared)
  flags.DEFINE_bool("learn_inner_rate", None, "learn a factor on it", **shared)
  flags.DEFINE_enum("adapt", None, ["^modulation", "^modulation/decoder"],
                    "parameters that the inner step changes", **shared)
  flags.DEFINE_integer("num_train", None, "training sequences", 1, **shared)
  flags.DEFINE_integer("length", None, "frames of a sequence", 4, **shared)
  flags.DEFINE_integer("pretrain_steps", None,
                       "of g, to make it conserved on training sequences", 0,
                       **shared)
  flags.DEFINE_bool("warm_start", None,
                    "begin the Noether network with the trained SVG model",
                    **shared)
  flags.DEFINE_integer(
      "part_size", None,
      "sequences whose gradient through the inner step is computed at once", 1,
      **shared)
  flags.DEFINE_bool(
      "vmap_seeds", False, "train all seeds side by side, as one program, and "
      "the two models with a g together: for an accelerator, which one small "
      "model leaves idle", **shared)
  flags.DEFINE_integer(
      "curve_sequences", 8,
      "test sequences of the curve over inner steps, 0 for no "
      "curve", 0, **shared)
  flags.DEFINE_multi_enum("row", [], list(rows.ROWS),
                          "rows to measure; without it all", **shared)
  flags.DEFINE_bool(
      "control", True, f"measure the row {rows.CONTROL!r} in any case; without "
      "it ratios come from another run: see experiments.frames.compare",
      **shared)
  values.set_default("seeds", 3)
  return values


def _studies(options: flags.FlagValues, config: Config, loaded: data.Data,
             stages: Stages, out: pathlib.Path) -> Iterator[study.Study]:
  """One for each seed; what is trained is trained when it is asked for."""
  seeds = tuple(range(options.first_seed, options.first_seed + options.seeds))
  compiled = models.compiled(config)
  for group in [seeds] if options.vmap_seeds else [(seed,) for seed in seeds]:
    training = recipes.Models(config, compiled, loaded, group, stages,
                              out / "checkpoints")
    yield from (study.Study(training, seed) for seed in group)


def _measure(options: flags.FlagValues, studies: Iterator[study.Study],
             stages: Stages, out: pathlib.Path) -> dict[str, Any]:
  """Rows, curves and figures of all seeds, also those of earlier calls."""
  wanted = options.row or list(rows.ROWS)
  if options.control:
    wanted = [*wanted, rows.CONTROL]
  measured, curves = [], []
  for e in studies:
    for name in rows.ROWS:
      label = f"row {name} seed {e.seed}"
      if name in wanted or (out / f"{slug(label)}.json").exists():
        measured.append(
            stages.noted(label, lambda e=e, name=name: rows.evaluate(e, name)))
    label, count = f"curve seed {e.seed}", options.curve_sequences
    drawn = rows.NOETHER in wanted or (out / f"{slug(label)}.json").exists()
    if count and drawn:
      curves.append(stages.noted(label, lambda e=e: rows.curve(e, count)))
    if rows.NOETHER not in wanted:
      continue
    # The strip is written last.
    if not (out / f"strip_seed_{e.seed}.png").exists():
      shown = {
          row["row"]: row["inner_steps"]
          for row in measured
          if row["seed"] == e.seed and row["row"] in wanted
      }
      for name, content in figures.sequences(e, shown).items():
        path = out / f"{name}_seed_{e.seed}.{content[0]}"
        write_atomically(path, content[1])
  return {"rows": measured, "curves": curves}


def choose(options: flags.FlagValues) -> Config:
  """The settings that the flags ask for.

  Args:
    options: parsed flags.

  Returns:
    A `Config`.

  Raises:
    InputError: for numbers that do not fit each other.
  """
  config = configs.make(options.data, options.config)
  given = lambda names: {
      name: options[name].value
      for name in names
      if options[name].value is not None
  }
  more = given(("split", "skip_damaged"))
  config = dataclasses.replace(config,
                               data={
                                   **config.data,
                                   **more
                               },
                               **given(_CHANGES))
  if (config.num_train or config.batch_size) < config.batch_size:
    raise InputError(f"--num_train={config.num_train} is less than a batch of "
                     f"{config.batch_size}.")
  if config.batch_size % config.part_size:
    raise InputError(f"--part_size={config.part_size} does not divide a batch "
                     f"of {config.batch_size}.")
  return config


def _run(options: flags.FlagValues) -> None:
  """Measures what --out does not hold yet, then writes the results."""
  config = choose(options)
  out = make_folder(options.out)
  settings = {
      "version": importlib.metadata.version("noether_jax"),
      "first_seed": options.first_seed,
      "seeds": options.seeds,
      "curve_sequences": options.curve_sequences,
      "vmap_seeds": options.vmap_seeds,
      **dataclasses.asdict(config)
  }
  program.claim(out, settings)
  stages = Stages(out)
  with stages.stage("data"):
    loaded = data.load(config,
                       data_dir=options.data_dir,
                       manual_dir=options.manual_dir)
  studies = _studies(options, config, loaded, stages, out)
  measured = _measure(options, studies, stages, out)
  write_atomically(out / "errors.png",
                   figures.errors(measured["rows"], config.past))
  if measured["curves"]:
    write_atomically(out / "inner_steps.png", figures.curve(measured["curves"]))
  results.write(out, {
      "settings": settings,
      **measured
  },
                stages,
                header=tables.HEADER,
                body=tables.cells(measured["rows"]))


main = program.entry("frames", __doc__, define_flags, _run, resumes=True)

if __name__ == "__main__":
  program.start(main)
