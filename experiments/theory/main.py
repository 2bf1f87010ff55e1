"""Measures the generalisation gap that Theorem 1 bounds.

Learns f(x) = x + v with and without a conserved quantity, for several d, m and
n, and writes the gaps beside the bounds.
"""

from collections.abc import Sequence
import dataclasses
import importlib.metadata
import json
import sys
from typing import Any

from absl import flags
from absl import logging
import jax
import jax.numpy as jnp

from experiments.common import program
from experiments.common.stages import Stages
from experiments.theory import config as configs
from experiments.theory import figures
from experiments.theory import simulation
from experiments.theory import tables
from noether_jax.app.outputs import folder
from noether_jax.data.files import write_atomically


def _measure(config: configs.Config, seeds: int,
             stages: Stages) -> list[dict[str, Any]]:
  """The rows of all d and n."""
  rows = []
  for d, free in config.free_dimensions:
    for n in config.num_examples:
      with stages.stage(f"d = {d}, n = {n}") as counts:
        keys = jax.vmap(lambda seed: jax.random.fold_in(
            jax.random.fold_in(jax.random.key(seed), d), n))(jnp.arange(seeds))
        measured = simulation.measure(keys,
                                      jnp.array(free),
                                      dimension=d,
                                      num_examples=n,
                                      config=config)
        rows += simulation.rows(measured,
                                free,
                                dimension=d,
                                num_examples=n,
                                config=config)
        counts.update(training_sets=seeds * config.training_sets,
                      longest_last_step=float(measured.last_step))
  return rows


def _run(options: flags.FlagValues) -> None:
  """Measures everything, then writes the results."""
  out = folder(options.out)
  config = configs.make(quick=options.quick)
  stages = Stages()
  rows = _measure(config, options.seeds, stages)
  results = {
      "settings": {
          "seeds": options.seeds,
          **dataclasses.asdict(config)
      },
      "versions": {
          name: importlib.metadata.version(name)
          for name in ("jax", "noether_jax")
      },
      "seconds": round(sum(r["seconds"] for r in stages.records), 1),
      "rows": rows,
      "stages": stages.records,
  }
  write_atomically(out / "gap.png", figures.draw(rows, config=config))
  write_atomically(out / "table.md", tables.markdown(rows))
  write_atomically(out / "table.txt", tables.text(rows))
  write_atomically(out / "results.json", json.dumps(results, indent=1) + "\n")
  print(tables.text(rows), end="")
  print(f"{out / 'results.json'} ({results['seconds']:.0f} s)")


def main(argv: Sequence[str]) -> int:
  """Measures, prints the table and writes the results to --out.

  Args:
    argv: the program's name and its flags.

  Returns:
    The exit code: 0; 2 for a user's mistake, told in one line on standard
    error; 130 if interrupted.

  Raises:
    InputError: for a user's mistake, with --debug; see `program.execute`.
  """
  return program.execute("theory", __doc__, program.define_flags(), _run, argv)


if __name__ == "__main__":
  logging.set_verbosity(logging.INFO)
  sys.exit(main(sys.argv))
