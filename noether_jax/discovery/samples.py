"""Trajectories made ready for a search: noise, smoothing, roles of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
import functools
from typing import NamedTuple

import numpy as np

from noether_jax.data import smoothing
from noether_jax.data.columns import Variable
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery import outliers
from noether_jax.discovery.computed import computed_columns
from noether_jax.discovery.evidence import EXACT
from noether_jax.discovery.split import Split
from noether_jax.symbolic.noise import StateNoise
from noether_jax.symbolic.units import parse_with_factor
from noether_jax.symbolic.units import Unit

# Noise above this part of a column's spread is smoothed away for fits.
_SMOOTH_ABOVE = 3e-3
# Rows that a search uses, without and with noise.
_MOST_ROWS = 8_000
_MOST_NOISY_ROWS = 20_000
# No trajectory is thinned below this many rows.
_FEWEST_ROWS = 200
_POINTS = 1500
# Trajectories, and rows of each, that show which columns are velocities.
_MOST_PIECES = 20
_LONGEST_PIECE = 2000
# Noise below this part of the largest value is rounding.
_ROUNDING = 1e-12


class Rates(NamedTuple):
  """States with their derivatives by time.

  Attributes:
    states: `[m, D]`.
    slopes: `[m, D]`.
    trajectory: `[m]`, which one each state is from.
  """
  states: np.ndarray
  slopes: np.ndarray
  trajectory: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Samples:
  """What a search sees of N trajectories.

  Attributes:
    variables: D columns.
    raw: N arrays `[T_i, D]`, as observed; wild points are left out.
    states: N arrays `[T_i, D]`, smooth where noise is seen, else `raw`.
    times: N arrays `[T_i]`.
    noise: of `raw`.
    gain: `[D]`, the part of the noise that is left in `states`.
    ordered: whether rows have times; else they are points in no order.
    constants: indices of the columns that are constant within each trial.
    split: which trajectories choose, and which judge.
    messages: what was done.
    time_unit: of the times.
    seed: of the split.
    differences: columns whose noise is that of another one's differences, with
      the other one and the number k of rows to both sides: e[t + k] - e[t - k].
    rates: N arrays `[T_i, D]`, exact rates of change of states that are in no
      order, from equations or measured; else None.
    rate_noise: `[D]`, of measured rates; else None.
    exact: the ratio within/total below which no noise is needed as an excuse.
    floor: the ratio below which all is round-off.
  """
  variables: tuple[Variable, ...]
  raw: tuple[np.ndarray, ...]
  states: tuple[np.ndarray, ...]
  times: tuple[np.ndarray, ...]
  noise: StateNoise
  gain: np.ndarray
  ordered: bool
  constants: tuple[int, ...]
  split: Split
  messages: tuple[str, ...] = ()
  time_unit: Unit = Unit()
  seed: int = 0
  differences: Mapping[int,
                       tuple[int,
                             int]] = dataclasses.field(default_factory=dict)
  rates: tuple[np.ndarray, ...] | None = None
  rate_noise: np.ndarray | None = None
  exact: float = EXACT
  floor: float = 2e-7

  def cancelled(self, size: int) -> np.ndarray:
    """Return the part of white noise's variance in means of `size` rows.

    The noise of differences cancels but for its ends.

    Args:
      size: of a block.

    Returns:
      `[S]`, for the noisy columns.
    """
    reach = np.array([self.differences.get(i, (0, 0))[1] for i in self.noisy])
    return np.where(reach > 0, np.minimum(1., 2 * reach / size), 1.)

  @property
  def moving(self) -> tuple[int, ...]:
    """Columns that are no constants of a trial."""
    return tuple(
        i for i in range(len(self.variables)) if i not in self.constants)

  @functools.cached_property
  def spread(self) -> np.ndarray:
    """`[D]`, standard deviation of each column; 0 for constants of a trial."""
    spread = np.concatenate(self.states).std(0)
    spread[list(self.constants)] = 0.
    return spread

  @property
  def noisy(self) -> tuple[int, ...]:
    """Columns with noise, of themselves or of their measured rates."""
    sigma = self.noise.sigma if self.rate_noise is None else self.rate_noise
    return tuple(np.flatnonzero(sigma > 0).tolist())

  @property
  def smoothed(self) -> bool:
    """Whether any column was smoothed."""
    return bool(np.any(self.gain < 1))

  @functools.cached_property
  def points(self) -> np.ndarray:
    """`[m, D]`, the states at which gradients are compared."""
    return self.sample(_POINTS)

  @functools.cached_property
  def rates_of_change(self) -> Rates:
    """States of some trajectories with their derivatives, by splines."""
    width = len(self.variables)
    states, slopes = [np.zeros((0, width))], [np.zeros((0, width))]
    for s, t in list(zip(self.states, self.times))[:_MOST_PIECES]:
      if len(s) < 8:
        continue
      s, t = s[:_LONGEST_PIECE], t[:_LONGEST_PIECE]
      found = [smoothing.smoothing_spline(t, column, 0.)[1] for column in s.T]
      slopes.append(np.stack(found, 1)[2:-2])
      states.append(s[2:-2])
    number = np.repeat(np.arange(len(states)), list(map(len, states)))
    return Rates(np.concatenate(states), np.concatenate(slopes), number)

  def sample(self, most: int) -> np.ndarray:
    """Return at most about so many states, evenly from all trajectories."""
    states = np.concatenate(self.states)
    return states[::max(1, len(states) // most)]

  def select(self, states: Sequence[np.ndarray], raw: Sequence[np.ndarray],
             times: Sequence[np.ndarray]) -> Samples:
    """Return other pieces of the same data, as one trajectory each."""
    return dataclasses.replace(self,
                               raw=tuple(raw),
                               states=tuple(states),
                               times=tuple(times),
                               split=Split.make(len(states), self.seed))


def prepare(data: Trajectories, seed: int) -> Samples:
  """Make trajectories ready.

  Args:
    data: checked trajectories.
    seed: of the split.

  Returns:
    The samples. Rows without times have no order: no noise is estimated from
    their differences, and nothing is smoothed.
  """
  messages: list[str] = []
  raw, times = list(data.states), list(data.times)
  constants = find_constants(raw)
  noise = StateNoise(np.zeros(len(data.variables)))
  if data.timed:
    noise = StateNoise.estimate(raw, times)
    raw, times, wild = outliers.without_wild_points(raw, times)
    if wild:
      messages.append(f"{wild} of {sum(map(len, data.states))} rows left out: "
                      "a single value far off its neighbours")
  else:
    messages.append("no times: rows are points of a trial, in no order; noise "
                    "cannot be estimated")
  noise.sigma[list(constants)] = 0.
  size = np.max([np.abs(s).max(0) for s in raw], axis=0)
  noise.sigma[noise.sigma < _ROUNDING * size] = 0.
  variables = data.variables
  computed = computed_columns(variables, raw, noise.sigma)
  if computed:
    kept = [i for i in range(len(variables)) if i not in computed]
    messages.append("left out, because other columns give them: "
                    f"{'; '.join(computed.values())}")
    variables, raw = tuple(
        variables[i] for i in kept), [s[:, kept] for s in raw]
    noise, constants = StateNoise(noise.sigma[kept]), find_constants(raw)
  most = _MOST_NOISY_ROWS if np.any(noise.sigma) else _MOST_ROWS
  raw, times, step = _thin(raw, times, most)
  if step > 1:
    messages.append(f"many rows: every {step}th of each trajectory was used; "
                    "the noise was estimated from all rows")
  unit = Unit()
  try:
    unit = parse_with_factor(data.time_unit)[0]
  except ValueError:
    messages.append(f"{data.time_unit!r} is no unit: times are pure numbers")
  states, gain = _smooth(raw, times, noise.sigma)
  if np.any(gain < 1):
    names = [v.name for v, g in zip(variables, gain) if g < 1]
    messages.append(f"noise in {', '.join(names)}: formulas are fitted to "
                    "smooth curves, and judged on the data as observed")
  return Samples(variables, tuple(raw), tuple(states), tuple(times), noise,
                 gain, data.timed, constants, Split.make(len(raw), seed),
                 tuple(messages), unit, seed)


def find_constants(states: Sequence[np.ndarray]) -> tuple[int, ...]:
  """Return the columns that are constant in each trial, but not in all.

  Example:
    >>> find_constants([np.c_[np.arange(3.), np.full(3, k)] for k in (1., 2.)])
    (1,)
  """
  size = np.maximum(np.max([np.abs(s).max(0) for s in states], axis=0), 1e-300)
  still = np.all([np.ptp(s, axis=0) <= 1e-12 * size for s in states], axis=0)
  first = np.stack([s[0] for s in states])
  varies = np.ptp(first, axis=0) > 1e-9 * size
  return tuple(np.flatnonzero(still & varies).tolist())


def _smooth(states: Sequence[np.ndarray], times: Sequence[np.ndarray],
            sigma: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
  """Smooth noisy columns; return them and the part of the noise left."""
  spread = np.concatenate(states).std(0)
  columns = np.flatnonzero(sigma > _SMOOTH_ABOVE * spread)
  gain = np.ones(len(sigma))
  if not len(columns):
    return list(states), gain
  out = [s.copy() for s in states]
  for i in columns:
    gains = []
    for s, t in zip(out, times):
      s[:, i], _, part = smoothing.smoothing_spline(t, s[:, i], float(sigma[i]))
      gains.append(part)
    gain[i] = np.sqrt(np.mean(np.square(gains)))
  return out, gain


def _thin(states: Sequence[np.ndarray], times: Sequence[np.ndarray],
          most: int) -> tuple[list[np.ndarray], list[np.ndarray], int]:
  """Thin trajectories of very many rows; return also the stride.

  A law holds at each sample, so more samples make it hardly more certain. But
  the values of the terms at all samples would fill the memory.
  """
  step = max(1, sum(map(len, states)) // most)
  steps = [max(1, min(step, len(s) // _FEWEST_ROWS)) for s in states]
  return [s[::k] for s, k in zip(states, steps)
         ], [t[::k] for t, k in zip(times, steps)], max(steps)
