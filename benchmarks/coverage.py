"""How often intervals and simple numbers are right.

  python -m benchmarks.coverage [--trials=1000]

Prints one JSON object.

`drift_interval`: the 95 % interval of a quantity's slope along time. The noise
is autoregressive: each sample remembers `memory` of the one before.
`half_width` is the median over the trials, in units of the half width that one
could give who knows the noise (1.96 standard deviations of the slope).

`simple_numbers`: coefficients are means over trajectories, their uncertainties
bootstrap deviations. `shown` is the share that is shown as the true number
where this is simple, `false` the share that is shown as any simple number where
the truth is drawn at random.
"""

from collections.abc import Sequence
import json
import math
from typing import Any

from absl import app
from absl import flags
import numpy as np
from scipy.signal import lfilter

from noether_jax.discovery.drift import pooled_slope
from noether_jax.reporting.simple_numbers import simple_number

_TRIALS = flags.DEFINE_integer("trials", 1000, "Trials per row.", lower_bound=1)

# Trajectories and samples of each.
_LAYOUTS = ((1, 200), (5, 200), (15, 200))
_MEMORIES = (0., .5, .9, .97)
_BURN_IN = 500
_COUNTS = (4, 9, 30)
_SPREADS = (1e-5, 1e-3)
_RESAMPLES = 100


def noise(memory: float, shape: tuple[int, ...],
          random: np.random.Generator) -> np.ndarray:
  """Return stationary autoregressive noise `[..., T]`, innovations 1."""
  raw = random.normal(size=(*shape[:-1], shape[-1] + _BURN_IN))
  return lfilter([1.], [1., -memory], raw)[..., _BURN_IN:]


def drift_interval(count: int, rows: int, memory: float,
                   trials: int) -> dict[str, Any]:
  """Measure the interval on noise without a drift.

  Args:
    count: trajectories.
    rows: samples of each.
    memory: of the noise.
    trials: number of data sets.

  Returns:
    The row.
  """
  random = np.random.default_rng(0)
  times = np.arange(float(rows))
  centred = times - times.mean()
  correlation = memory**np.abs(times[:, None] - times) / (1 - memory**2)
  known = 1.96 * math.sqrt(
      centred @ correlation @ centred / count) / (centred @ centred)
  slopes = [
      pooled_slope(list(noise(memory, (count, rows), random)), [times] * count)
      for _ in range(trials)
  ]
  return {
      "trajectories":
          count,
      "samples":
          rows,
      "memory":
          memory,
      "coverage":
          float(np.mean([s.low <= 0 <= s.high for s in slopes])),
      "half_width":
          round(
              float(np.median([s.high - s.low for s in slopes])) / 2 / known, 3)
  }


def simple_numbers(count: int, spread: float, trials: int) -> dict[str, Any]:
  """Measure which coefficients are shown as simple numbers.

  Args:
    count: trajectories.
    spread: standard deviation of the coefficient's mean over them.
    trials: number of coefficients of each kind.

  Returns:
    The row.
  """
  random = np.random.default_rng(0)
  simple = random.choice([-3., -1., -.5, .5, 1., 2., 7.], trials)
  any_real = random.uniform(-4., 4., trials)
  shown = {}
  for name, truths in (("shown", simple), ("false", any_real)):
    hits = 0
    for truth in truths:
      each = truth + spread * math.sqrt(count) * random.normal(size=count)
      draws = random.multinomial(
          count, np.full(count, 1 / count), size=_RESAMPLES) @ each / count
      found = simple_number(each.mean(), draws.std(), count - 1)
      hits += found is not None if name == "false" else found == truth
    shown[name] = hits / trials
  return {"trajectories": count, "uncertainty": spread, **shown}


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("No positional arguments are known.")
  rows = [
      drift_interval(count, samples, memory, _TRIALS.value)
      for count, samples in _LAYOUTS
      for memory in _MEMORIES
  ]
  numbers = [
      simple_numbers(count, spread, _TRIALS.value)
      for count in _COUNTS
      for spread in _SPREADS
  ]
  print(
      json.dumps({
          "trials": _TRIALS.value,
          "drift_interval": rows,
          "simple_numbers": numbers
      }))


if __name__ == "__main__":
  app.run(main)
