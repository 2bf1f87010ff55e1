"""Single wild points, such as a lost marker or a bit error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.ndimage

# What one wild point does to fourth differences.
_PATTERN = np.array([1., -4., 6., -4., 1.])
# A wild point is this many times off what its neighbours scatter.
_FAR = 12.
# It explains this part of the fourth differences around it.
_PART = .9
_MOST = .05
# Rows at each end whose neighbours do not fill the pattern's fit.
_END = 4
# Beside wild points there are others that have wild neighbours, up to so many.
# They are this many times farther than all but a hundredth of the rows from the
# median of so many rows, and than the rows before and after from each other.
_TOGETHER = 3
_FARTHER = 30.
_ROWS = 7
_COMMON = .99


def without_wild_points(
    states: Sequence[np.ndarray], times: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray], int]:
  """Leave out rows that hold a single value far off its neighbours.

  A fast event, such as a perihelion, is not left out: its neighbours are off
  as well. Where there are wild points, a few next to each other are left out,
  too. Nothing is left out if more than a twentieth of the rows seem wild.
  Where there are wild points, the four rows at each end are left out, too: they
  have too few neighbours to be checked.

  Args:
    states: N arrays `[T_i, D]`.
    times: N arrays `[T_i]`.

  Returns:
    States and times without these rows, and the number of wild rows.

  Example:
    >>> t = np.linspace(0., 6., 200)
    >>> x = np.sin(t)[:, None] + .01 * np.cos(1e4 * t)[:, None]
    >>> x[70] += 3.
    >>> without_wild_points([x], [t])[2]
    1
  """
  wild = [_wild(s, t) for s, t in zip(states, times)]
  count = int(sum(w.sum() for w in wild))
  if not count or count > _MOST * sum(map(len, wild)):
    return list(states), list(times), 0
  for w, more in zip(wild, _next_to_others(states, wild)):
    count += int(np.sum(more & ~w))
    w |= more
    w[:_END] = w[-_END:] = True
  return ([s[~w] for s, w in zip(states, wild)],
          [t[~w] for t, w in zip(times, wild)], count)


def _wild(states: np.ndarray, times: np.ndarray) -> np.ndarray:
  """Return which rows hold a wild value, `[T]`."""
  found = np.zeros(len(states), bool)
  steps = np.diff(times)
  if len(states) < 20 or np.ptp(steps) > .5 * np.median(steps):
    return found
  for column in states.T:
    rest = column.copy()
    for _ in range(3):
      fourth = np.diff(rest, 4)
      typical = np.median(np.abs(fourth)) / .6745
      size = np.convolve(fourth, _PATTERN, "valid") / (_PATTERN @ _PATTERN)
      windows = np.lib.stride_tricks.sliding_window_view(fourth, 5)
      left = np.sum((windows - size[:, None] * _PATTERN)**2, axis=1)
      whole = np.sum(windows**2, axis=1)
      explained = left < (1 - _PART) * whole
      # Position k of `size` is row k + _END of the column.
      far = np.abs(size) * np.linalg.norm(_PATTERN) > _FAR * typical
      hits = np.flatnonzero(explained & far & (typical > 0)) + _END
      if not len(hits):
        break
      found[hits] = True
      rest[hits] -= size[hits - _END]
  return found


def _next_to_others(states: Sequence[np.ndarray],
                    wild: Sequence[np.ndarray]) -> list[np.ndarray]:
  """Return which rows are wild beside other wild rows, N `[T_i]`."""
  off = [
      np.abs(s - scipy.ndimage.median_filter(s, (_ROWS, 1), mode="nearest"))
      for s in states
  ]
  rest = np.concatenate([o[~w] for o, w in zip(off, wild)])
  # Of smooth data, hardly any row is off but those beside wild ones.
  steps = np.concatenate([np.abs(np.diff(s, axis=0)) for s in states])
  usual = np.maximum(np.quantile(rest, _COMMON, axis=0), np.median(steps,
                                                                   axis=0))
  found = [np.zeros(len(s), bool) for s in states]
  for column in np.flatnonzero(usual > 0):
    least = _FARTHER * usual[column]
    for s, o, hits in zip(states, off, found):
      hits |= _returning(s[:, column], o[:, column] > least, least)
  return found


def _returning(values: np.ndarray, far: np.ndarray, least: float) -> np.ndarray:
  """Return which far rows leave values that go on behind them as before."""
  found = np.zeros(len(values), bool)
  near = np.flatnonzero(~far)
  for row in np.flatnonzero(far):
    after = int(np.searchsorted(near, row))
    if not 0 < after < len(near):
      continue
    ends = values[near[after - 1]], values[near[after]]
    away = min(abs(values[row] - end) for end in ends)
    found[row] = (near[after] - near[after - 1] <= _TOGETHER + 1 and
                  away > max(least, _FARTHER * abs(ends[1] - ends[0])))
  return found
