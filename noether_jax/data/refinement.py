"""Rounded time stamps, degrees, and angles that jump by a turn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
import dataclasses

import numpy as np

from noether_jax.data.columns import Variable
from noether_jax.data.trajectories import Trajectories
from noether_jax.symbolic.units import Unit

_RAD = Unit(is_angle=True)


def even_and_unwrap(
    data: Trajectories, told: Collection[str] = ()) -> Trajectories:
  """Even out rounded time stamps; angles go to radians, without jumps.

  Args:
    data: as read; variables may have factors.
    told: names of the columns whose unit is given. Of the other columns, those
      that jump by 2 pi, 360 or 1 may be taken as angles.

  Returns:
    The trajectories, with one message for each change.

  Example:
    >>> turning = np.arange(0, 900, 20.)[:, None]
    >>> data = Trajectories((Variable("q"),), ("",), (np.arange(45.),),
    ...                     ((turning + 180) % 360 - 180,))
    >>> refined = even_and_unwrap(data)
    >>> str(refined.variables[0].unit), refined.states[0][-1].round(3).tolist()
    ('rad', [15.359])
  """
  times, messages = _even_stamps(data.times)
  states = [np.array(s) for s in data.states]
  variables = list(data.variables)
  converted = set(data.converted)

  def scale(i: int, factor: float) -> None:
    converted.add(variables[i].name)
    for s in states:
      s[:, i] *= factor

  for i, v in enumerate(variables):
    columns = [s[:, i] for s in states]
    if v.factor != 1:
      scale(i, v.factor)
      variables[i] = dataclasses.replace(v, factor=1.)
      what = "rad" if v.unit.is_angle else str(v.unit)
      messages.append(f"{v.name} converted to "
                      f"{'a pure number' if what == '1' else what} (times "
                      f"{v.factor:.6g})")
    if v.unit.is_angle:
      jumps = _unwrap(columns, 2 * np.pi)
      if jumps:
        messages.append(f"{v.name} unwrapped: it jumps by a turn {jumps} times")
    elif data.timed and v.name not in told and v.unit.is_dimensionless:
      period = _period(columns)
      if period == 1 and not _keeps_speed(columns):
        messages.append(
            f"{v.name} jumps by about 1: if it is an angle in turns, give its "
            f"unit, as in columns='{v.name}:turn'; else the jumps stay")
      elif period:
        messages += _make_angle(variables, states, times, i, period, told,
                                scale)
  return dataclasses.replace(data,
                             variables=tuple(variables),
                             times=tuple(times),
                             states=tuple(states),
                             messages=(*data.messages, *messages),
                             converted=frozenset(converted))


def _make_angle(variables: list[Variable], states: Sequence[np.ndarray],
                times: Sequence[np.ndarray], i: int, period: float,
                told: Collection[str], scale: Callable[[int, float],
                                                       None]) -> list[str]:
  """Make a column that jumps an angle; convert its derivative likewise."""
  name = variables[i].name
  columns = [s[:, i] for s in states]
  jumps = _unwrap(columns, period)
  variables[i] = Variable(name, _RAD)
  factor = 2 * np.pi / period
  if factor == 1:
    return [
        f"{name} jumps by 2 pi {jumps} times: taken as an angle in rad, and "
        "unwrapped"
    ]
  unit = "degrees" if period == 360 else "turns"
  messages = [
      f"{name} jumps by {period:g} {jumps} times: taken as an angle in {unit}, "
      "unwrapped and converted to rad"
  ]
  for j, v in enumerate(variables):
    if j != i and v.name not in told and v.unit == Unit() and _is_derivative(
        columns, [s[:, j] for s in states], times):
      scale(j, factor)
      messages.append(f"{v.name} is the derivative of {name} in {unit}: "
                      "converted to rad likewise")
  scale(i, factor)
  return messages


def _unwrap(columns: Sequence[np.ndarray], period: float) -> int:
  """Remove jumps by a turn in place; return their number."""
  count = 0
  for c in columns:
    turns = np.round(np.diff(c) / period)
    count += int(np.count_nonzero(turns))
    if np.any(turns):
      c[1:] -= period * np.cumsum(turns)
  return count


def _period(columns: Sequence[np.ndarray]) -> float:
  """2 pi, 360 or 1 if the values jump by that and fit a turn; else 0."""
  low = min(float(c.min()) for c in columns)
  high = max(float(c.max()) for c in columns)
  for period in (2 * np.pi, 360., 1.):
    slack = 1e-3 * period
    fits = (low >= -period / 2 - slack and
            high <= period / 2 + slack) or (low >= -slack and
                                            high <= period + slack)
    switches = all(np.mean(c == np.round(c)) > .5 for c in columns)
    if period == 1 and switches:
      continue
    if fits and high - low > .8 * period and _jumps_by(columns, period):
      return period
  return 0.


def _keeps_speed(columns: Sequence[np.ndarray]) -> bool:
  """Whether a column jumps by 1 at the speed that it has before and after.

  A phase does; what is reset, such as a voltage, starts anew at another speed.
  """
  seen = False
  for c in columns:
    steps = np.diff(c)
    turns = np.round(steps)
    rest = steps - turns
    for n in np.flatnonzero(turns):
      before, after = rest[max(0, n - 2):n], rest[n + 1:n + 3]
      if not len(before) or not len(after):
        continue
      seen = True
      low, high = sorted((float(np.median(before)), float(np.median(after))))
      slack = .02 + .25 * max(abs(low), abs(high))
      if high - low > slack or not low - slack <= rest[n] <= high + slack:
        return False
  return seen


def _jumps_by(columns: Sequence[np.ndarray], period: float) -> bool:
  """Whether all large steps become usual ones once a turn is taken off."""
  seen = False
  for c in columns:
    steps = np.diff(c)
    large = np.abs(steps) > period / 2
    if not large.any():
      continue
    seen = True
    usual = np.where(large, 0., np.abs(steps))
    most, all_but_few = np.quantile(usual, (.9, .99))
    near = np.maximum(np.roll(usual, 1), np.roll(usual, -1))
    rest = np.abs(steps - np.round(steps / period) * period)
    odd = rest > 3 * np.maximum(near, most) + .02 * period
    # Steps of half a turn may be either way round.
    if large.mean() > 1 / 3 or all_but_few > .35 * period or odd[large].any():
      return False
  return seen


def _is_derivative(angles: Sequence[np.ndarray], given: Sequence[np.ndarray],
                   times: Sequence[np.ndarray]) -> bool:
  """Whether a column is the time derivative of another."""
  off, size = 0., 0.
  for a, g, t in zip(angles, given, times):
    slope = np.diff(a) / np.diff(t)
    middle = (g[1:] + g[:-1]) / 2
    off += float(np.sum((slope - middle)**2))
    size += float(np.sum(middle**2))
  return size > 0 and off < .02 * size


def _even_stamps(
    times: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[str]]:
  """Equal steps where stamps deviate from them by their rounding only."""
  out, steps, resolutions = [], [], []
  for t in times:
    even, resolution = _evened(t)
    out.append(even)
    if resolution:
      steps.append(float(np.median(np.diff(even))))
      resolutions.append(resolution)
  if not steps:
    return out, []
  return out, [
      f"time stamps are rounded to {max(resolutions):g}: taken as equal steps "
      f"of {np.median(steps):.6g}"
  ]


def _evened(t: np.ndarray) -> tuple[np.ndarray, float]:
  """Evened times and the stamps' resolution, or the times as they are and 0."""
  steps = np.diff(t)
  if len(t) < 10 or not np.all(steps > 0):
    return t, 0.
  counts = np.round(steps / np.median(steps))
  if counts.min() < 1 or counts.max() > 1e6:
    return t, 0.
  index = np.concatenate([[0.], np.cumsum(counts)])
  centred = index - index.mean()
  step = float(centred @ (t - t.mean()) / (centred @ centred))
  fitted = t.mean() + step * centred
  error = float(np.abs(t - fitted).max())
  if error < 1e-4 * step:
    return t, 0.
  resolution = _resolution(t)
  if not resolution or resolution > .51 * step or error > .75 * resolution:
    return t, 0.
  return fitted - fitted[0] + t[0], resolution


def _resolution(t: np.ndarray) -> float:
  """The decimal place to which all stamps are rounded; 0 if there is none."""
  for digits in range(10):
    scaled = t * 10.**digits
    slack = 1e-6 + 4e-16 * np.abs(scaled).max()
    if slack < .01 and np.abs(scaled - np.round(scaled)).max() < slack:
      return 10.**-digits
  return 0.
