"""Laws from few points, and from single states with measured derivatives.

  python -m benchmarks.small_data [--small_seeds=10] [--points=200]
      [--small_noises=0,0.01]

Few points: four populations (Lotka-Volterra with random antisymmetric
interactions), 5 trajectories of 20 samples, as in arXiv 2405.20857, with and
without times. Derivatives: every system of the catalogue that is closed and
observed as a whole, at --points states; its noise is on the derivatives only,
in units of their root mean square. Prints false laws on standard error, and one
JSON object: by kind of data, then by noise,

  data_sets    their number;
  detected     share of those with laws in which a true law is found;
  form_right   in which all laws found are functions of the known ones;
  exact_count  in which as many independent laws are found as are known;
  cannot_tell  in which nothing is found and the engine says so;
  false        laws that are no function of the known ones.

`benchmarks.discovery` says how a law is judged.
"""

from collections.abc import Iterator, Sequence
import json
import sys
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import discovery
from benchmarks.systems import SAMPLINGS
from datasets.systems import starts
from datasets.systems.equations import by_columns
from datasets.systems.system import Sampling
from datasets.systems.system import System
from noether_jax import discover
from noether_jax.discovery.result import Discovery
from noether_jax.dynamics import rk4
from noether_jax.errors import InputError

_SEEDS = flags.DEFINE_integer("small_seeds", 10, "Data sets of each kind.")
_POINTS = flags.DEFINE_integer("points", 200, "States with derivatives.")
_NOISES = flags.DEFINE_list("small_noises", ["0", "0.01"], "Noise levels.")
_TRIALS, _SAMPLES = 5, 20


def populations(seed: int) -> Sampling:
  """Four populations around an equilibrium at 1, with one law.

  Args:
    seed: of the interactions.
  """
  half = np.random.default_rng(seed).uniform(-1., 1., (4, 4))
  field = half - half.T

  def rates(*columns: Any) -> tuple[Any, ...]:
    *x, _ = columns
    return tuple(x[i] * sum(field[i, j] * (x[j] - 1)
                            for j in range(4))
                 for i in range(4))

  def law(*columns: Any) -> tuple[Any]:
    *x, xp = columns
    return (sum(one - xp.log(one) for one in x),)

  system = System("populations", "x1,x2,x3,x4", by_columns(rates),
                  by_columns(law), ("V",))
  return Sampling(system, starts.box([.5] * 4, [2.] * 4, 4), 5., _SAMPLES)


def _found(*data: Any, **options: Any) -> Discovery | None:
  """What is found; None for data that are refused."""
  try:
    return discover(*data, **options)
  except InputError as error:
    print(error, file=sys.stderr)
    return None


def few_points(seed: int, noise: float, timed: bool) -> dict[str, Any]:
  """Search trajectories of few samples."""
  sampling = populations(seed)
  data = sampling.draw(_TRIALS, noise, seed)
  found = _found(data.states,
                 data.times if timed else None,
                 columns=data.variables,
                 seed=seed)
  return discovery.judge_sampling(found, sampling, _TRIALS, noise)


def with_derivatives(name: str, seed: int, noise: float,
                     count: int) -> dict[str, Any]:
  """Search single states with noisy derivatives."""
  sampling = SAMPLINGS[name]
  random = np.random.default_rng([seed, 2])
  states = _spread_states(sampling, count, random)
  rates = np.asarray(sampling.system.derivatives(states, np))
  size = np.sqrt(np.mean(rates**2, axis=0))
  rates = rates + noise * size * random.normal(size=rates.shape)
  found = _found(states,
                 derivatives=rates,
                 columns=sampling.system.variables,
                 seed=seed)
  return discovery.judge(found, name, count, noise)


def _spread_states(sampling: Sampling, count: int,
                   random: np.random.Generator) -> np.ndarray:
  """States `[n, D]` of as many orbits, each some time after its start."""
  assert sampling.start is not None
  states = np.stack([sampling.start(random) for _ in range(count)])
  step = rk4(lambda s: sampling.system.derivatives(s, np),
             sampling.duration / sampling.num_samples / 2)
  left = random.integers(2 * sampling.num_samples, size=count)
  for n in range(2 * sampling.num_samples):
    states = np.where((n < left)[:, None], step(states), states)
  return states[np.isfinite(states).all(1)]


def closed_systems() -> list[str]:
  """Systems whose state gives the derivatives, without losses or inputs."""
  return [
      name for name, sampling in SAMPLINGS.items()
      if sampling.system.field and not (sampling.hidden or sampling.system.
                                        driven or sampling.system.num_balances)
  ]


def rows(noise: float, seeds: int,
         points: int) -> Iterator[tuple[str, dict[str, Any]]]:
  """The kind of each data set, and what is found in it."""
  for seed in range(seeds):
    yield "few points", few_points(seed, noise, True)
    yield "few points, no times", few_points(seed, noise, False)
  for name in closed_systems():
    yield "derivatives", with_derivatives(name, 0, noise, points)


def _summary(some: Sequence[dict[str, Any]]) -> dict[str, Any]:
  kept = ("detected", "form_right", "exact_count", "cannot_tell", "false")
  whole = discovery.summarise([{**row, "seconds": 0.} for row in some])
  return {"data_sets": len(some), **{key: whole[key] for key in kept}}


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("No positional arguments are known.")
  out: dict[str, dict[str, Any]] = {}
  for noise in map(float, _NOISES.value):
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, row in rows(noise, _SEEDS.value, _POINTS.value):
      found.setdefault(kind, []).append(row)
      if row["false"]:
        print(kind, noise, row["text"], file=sys.stderr)
    for kind, some in found.items():
      out.setdefault(kind, {})[f"{noise:g}"] = _summary(some)
  print(json.dumps(out))


if __name__ == "__main__":
  app.run(main)
