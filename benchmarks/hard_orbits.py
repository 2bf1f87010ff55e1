"""Whether all laws of fast orbits are found, and no others.

  python -m benchmarks.hard_orbits [--orbit_seeds=10] [--orbit_trajectories=20]

Without noise: Kepler orbits of eccentricity 0.7 to 0.95, which start at the
perihelion or anywhere, sampled every 0.05 until 12; and three bodies in the
plane, of masses 1 and of masses that each seed draws from 0.3 to 3, sampled
every 0.01 until 2. A perihelion or a close encounter looks like noise, and what
looks like noise has excused false laws. Prints a line per data set that is not
complete on standard error, and one JSON object: by kind of data,

  data_sets    their number;
  complete     share of them in which exactly the known laws are found: as many
               as there are, independent, each a function of the known ones;
  detected     share in which a true law is found;
  false        laws that are no function of the known ones;
  seconds      of a search, the median.

`benchmarks.discovery` says how a law is judged.
"""

from collections.abc import Sequence
import dataclasses
import json
import math
import statistics
import sys
import time
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import discovery
from benchmarks.systems import SAMPLINGS
from datasets.systems.bodies import three_bodies
from datasets.systems.system import Sampling
from noether_jax import discover

_SEEDS = flags.DEFINE_integer("orbit_seeds", 10, "Data sets of each kind.")
_COUNT = flags.DEFINE_integer("orbit_trajectories", 20,
                              "Trajectories of each data set.")
_MASSES = .3, 3.


def of_masses(seed: int) -> Sampling:
  """Three bodies of masses that are equally likely on a logarithmic scale."""
  low, high = map(math.log, _MASSES)
  draws = np.random.default_rng([seed, 3]).uniform(low, high, 3)
  first, second, third = map(math.exp, draws)
  return dataclasses.replace(SAMPLINGS["three bodies"],
                             system=three_bodies("three_bodies_of_masses",
                                                 (first, second, third)))


KINDS = {
    "eccentric Kepler": lambda _: SAMPLINGS["eccentric Kepler"],
    "comets": lambda _: SAMPLINGS["comets"],
    "three bodies": lambda _: SAMPLINGS["three bodies"],
    "three bodies of masses": of_masses,
}


def run(sampling: Sampling, count: int, seed: int) -> dict[str, Any]:
  """Search exact trajectories of a system once, and judge what is found."""
  data = sampling.draw(count, 0., seed)
  start = time.perf_counter()
  found = discover(data.states, data.times, columns=data.variables, seed=seed)
  seconds = time.perf_counter() - start
  row = discovery.judge_sampling(found, sampling, count, 0.)
  return {
      **row, "complete":
          row["found"] == row["independent"] == row["laws"] and row["form"],
      "seconds":
          seconds
  }


def summarise(some: Sequence[dict[str, Any]]) -> dict[str, Any]:
  """Shares of the data sets; false laws in all."""
  share = lambda key: sum(row[key] > 0 for row in some) / len(some)
  return {
      "data_sets": len(some),
      "complete": share("complete"),
      "detected": share("found"),
      "false": sum(row["false"] for row in some),
      "seconds": round(statistics.median(row["seconds"] for row in some), 2)
  }


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("No positional arguments are known.")
  if _SEEDS.value < 1:
    raise app.UsageError("--orbit_seeds must be 1 or more.")
  out = {}
  for kind, sampling in KINDS.items():
    some = []
    for seed in range(_SEEDS.value):
      some.append(run(sampling(seed), _COUNT.value, seed))
      if not some[-1]["complete"]:
        print(kind, seed, *some[-1].values(), file=sys.stderr)
    out[kind] = summarise(some)
  print(json.dumps(out))


if __name__ == "__main__":
  app.run(main)
