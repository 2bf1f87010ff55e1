"""Measures the generalisation gap that Theorem 1 bounds.

Learns f(x) = x + v with and without a conserved quantity, for several d, m and
n, and writes the gaps beside the bounds.
"""

import dataclasses
from typing import Any

from absl import flags
import jax
import jax.numpy as jnp

from experiments.common import program
from experiments.common import results
from experiments.common.stages import Stages
from experiments.theory import config as configs
from experiments.theory import figures
from experiments.theory import simulation
from experiments.theory import tables
from noether_jax.data.files import write_atomically
from noether_jax.discovery.result_folder import make_folder


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
  out = make_folder(options.out)
  config = configs.make(quick=options.quick)
  stages = Stages()
  rows = _measure(config, options.seeds, stages)
  write_atomically(out / "gap.png", figures.draw(rows, config=config))
  settings = {"seeds": options.seeds, **dataclasses.asdict(config)}
  results.write(out, {
      "settings": settings,
      "rows": rows
  },
                stages,
                header=tables.HEADER,
                body=tables.cells(rows),
                left=0)


main = program.entry("theory", __doc__, program.define_flags, _run)

if __name__ == "__main__":
  program.start(main)
