"""What a predictor learns from, what chooses it, and what judges it."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np

from noether_jax.data import smoothing

_WINDOW = 5
_MANY = 5
_MOST_PATHS = 8
_LONGEST = 400


@dataclasses.dataclass(frozen=True)
class HeldOut:
  """Paths that no training has seen.

  Attributes:
    start: `[M, D]` first states.
    paths: `[M, T, D]` states after `start`; NaN beyond a path's end.
    times: `[M, T]` time since `start`, likewise.
    states: `[n, D]` all states of the whole paths.
    derivatives: `[n, D]` time derivatives at `states`.
  """
  start: np.ndarray
  paths: np.ndarray
  times: np.ndarray
  states: np.ndarray
  derivatives: np.ndarray

  @property
  def end(self) -> float:
    """Time at which the shortest path ends."""
    return float(np.nanmax(self.times, axis=1).min())


@dataclasses.dataclass(frozen=True)
class PredictorData:
  """Samples of one system in three parts.

  Attributes:
    states: `[n, D]` to train on.
    derivatives: `[n, D]` time derivatives at `states`.
    validation: paths that choose a predictor.
    test: paths that judge it.
    dt: the usual time step.
    angles: `[D]` bool, columns that are angles.
    split: what was held out, for people.
  """
  states: np.ndarray
  derivatives: np.ndarray
  validation: HeldOut
  test: HeldOut
  dt: float
  angles: np.ndarray
  split: str

  @property
  def spread(self) -> np.ndarray:
    """Standard deviations of the training states, `[D]`, none of them 0."""
    return np.maximum(self.states.std(0), 1e-300)


@dataclasses.dataclass(frozen=True)
class _Trial:
  """Some rows: times `[T]`, states and derivatives `[T, D]`."""
  times: np.ndarray
  states: np.ndarray
  derivatives: np.ndarray

  def rows(self, begin: int, end: int) -> _Trial:
    part = slice(begin, end)
    return _Trial(self.times[part], self.states[part], self.derivatives[part])


def split(states: Sequence[np.ndarray],
          times: Sequence[np.ndarray],
          angles: Sequence[bool],
          *,
          derivatives: Sequence[np.ndarray] | None = None,
          seed: int = 0,
          smoothed: bool = False) -> PredictorData:
  """Hold out trajectories if there are five or more, else the second half.

  A fifth of the trajectories chooses a predictor, a quarter judges it; where
  there are few, the third quarter of each chooses and the fourth judges.
  Unless they are given, derivatives are those of local polynomials (of 5
  samples; of 9 if the data are smoothed). Every trajectory has its own times.
  At most eight paths choose, and eight judge. They end with the shortest of
  them, or after 400 usual steps.

  Args:
    states: N arrays `[T_i, D]`.
    times: N arrays `[T_i]`.
    angles: which columns are angles.
    derivatives: N arrays `[T_i, D]` that were measured, or None.
    seed: of the choice.
    smoothed: whether to train on smoothed states.

  Returns:
    The samples.

  Example:
    >>> t = np.arange(40.)
    >>> s = split([t[:, None]] * 2, [t] * 2, [False])
    >>> s.states.shape, s.validation.paths.shape, s.test.paths.shape
    ((40, 1), (2, 10, 1), (2, 10, 1))
  """
  window, order = (9, 2) if smoothed else (_WINDOW, 4)
  trials = []
  for i, (clock, raw) in enumerate(zip(times, states)):
    smooth, slope = smoothing.local_polynomial(clock,
                                               raw,
                                               window=window,
                                               order=order)[:2]
    trials.append(
        _Trial(clock, smooth if smoothed else raw,
               slope if derivatives is None else derivatives[i]))
  train, validation, test, name = _parts(trials, seed)
  dt = float(np.median(np.concatenate([np.diff(t) for t in times])))
  return PredictorData(np.concatenate([t.states for t in train]),
                       np.concatenate([t.derivatives for t in train]),
                       _held_out(validation, dt), _held_out(test, dt), dt,
                       np.asarray(angles), name)


def _parts(trials: Sequence[_Trial],
           seed: int) -> tuple[list[_Trial], list[_Trial], list[_Trial], str]:
  """Return what trains, chooses and judges, and the split in words."""
  count = len(trials)
  if count < _MANY:
    middle = [len(t.times) // 2 for t in trials]
    late = [3 * len(t.times) // 4 for t in trials]
    return ([t.rows(0, m) for t, m in zip(trials, middle)
            ], [t.rows(m - 1, l) for t, m, l in zip(trials, middle, late)
               ], [t.rows(l - 1, len(t.times)) for t, l in zip(trials, late)],
            "last quarter of the time of every trajectory held out, the third "
            "quarter to choose")
  shuffled = np.random.default_rng(seed).permutation(count)
  judges = max(1, count // 4)
  chooses = max(1, count // 5)
  groups = np.split(shuffled, [judges, judges + chooses])
  test, validation, train = ([trials[i] for i in np.sort(g)] for g in groups)
  return (train, validation, test,
          f"{judges} of {count} trajectories held out, {chooses} to choose")


def _held_out(trials: Sequence[_Trial], dt: float) -> HeldOut:
  """Stack paths, NaN-padded."""
  states = np.concatenate([t.states for t in trials])
  derivatives = np.concatenate([t.derivatives for t in trials])
  trials = trials[:_MOST_PATHS]
  spans = [float(t.times[-1] - t.times[0]) for t in trials]
  horizon = min([_LONGEST * dt, *spans])
  # A path of coarser steps than the horizon keeps one of them.
  counts = [
      max(2, int(np.sum(t.times - t.times[0] <= horizon + 1e-6 * dt)))
      for t in trials
  ]
  paths = np.full((len(trials), max(counts), states.shape[1]), np.nan)
  clocks = np.full(paths.shape[:2], np.nan)
  for n, (trial, count) in enumerate(zip(trials, counts)):
    paths[n, :count] = trial.states[:count]
    clocks[n, :count] = trial.times[:count] - trial.times[0]
  return HeldOut(paths[:, 0], paths[:, 1:], clocks[:, 1:], states, derivatives)
