"""Measures predictions with discovered laws by the protocol of COMET.

Six systems: 100 simulations for learning, and 100 new ones, ten times as long,
for the error. Rows: networks, sparse regression, and both kept to the laws that
`discover` finds in the simulations.
"""

import dataclasses
import importlib.metadata
from typing import Any

from absl import flags

from experiments.benchmark import config as configs
from experiments.benchmark import data
from experiments.benchmark import rows
from experiments.benchmark import sparse
from experiments.benchmark import tables
from experiments.common import program
from experiments.common import results
from experiments.common.stages import Stages
from noether_jax.discovery.result_folder import make_folder


def define_flags() -> flags.FlagValues:
  """The program's flags, in a registry of their own."""
  values = program.define_flags(seeds=False)
  shared: dict[str, Any] = {"flag_values": values}
  flags.DEFINE_integer("seeds",
                       1,
                       "number of seeds, each with its own simulations",
                       lower_bound=1,
                       **shared)
  flags.DEFINE_multi_enum("system", [], list(configs.PROBLEMS),
                          "systems to measure; all if none", **shared)
  flags.DEFINE_bool("networks", True, "whether networks take part", **shared)
  flags.DEFINE_bool("peers", True, "whether PySINDy takes part", **shared)
  return values


def _run(options: flags.FlagValues) -> None:
  """Measures what is missing, then writes the results."""
  if options.peers:
    sparse.pysindy_module()
  config = configs.make(quick=options.quick)
  names = [n for n in configs.PROBLEMS if n in (options.system or [n])]
  out = make_folder(options.out)
  settings = {
      "version": importlib.metadata.version("noether_jax"),
      "networks": options.networks,
      "peers": options.peers,
      **dataclasses.asdict(config)
  }
  program.claim(out, settings)
  stages = Stages(out)
  measured: dict[str, list[dict[str, Any]]] = {}
  for name in names:
    problem = configs.PROBLEMS[name]

    def make(seed: int, name: str = name, problem: Any = problem) -> Any:
      with stages.stage(f"{name}, seed {seed}"):
        known = data.simulate(problem, config, seed)
        return rows.measure(problem,
                            config,
                            known,
                            seed,
                            with_networks=options.networks,
                            peers=options.peers)

    measured[name] = [
        rows.with_recommended(
            stages.noted(f"measured {name} {seed}", lambda s=seed: make(s)))
        for seed in range(options.seeds)
    ]
  results.write(out, {
      "settings": settings,
      "seeds": options.seeds,
      "systems": tables.summary(measured)
  },
                stages,
                header=tables.header(names),
                body=tables.cells(measured))


main = program.entry("benchmark", __doc__, define_flags, _run, resumes=True)

if __name__ == "__main__":
  program.start(main)
