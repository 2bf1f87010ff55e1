"""Data in which laws are easily imagined: lawless, or distorted.

A kind `random -> DataSet` distorts exact trajectories of a pool.
"""

from collections.abc import Sequence
import dataclasses
import functools

import numpy as np

from benchmarks.pool import DataSet
from benchmarks.pool import drawn
from benchmarks.pool import Kind
from benchmarks.pool import named
from benchmarks.pool import Random
from benchmarks.systems import KINDS as SYSTEM_KINDS
from benchmarks.systems import SAMPLINGS
from datasets.systems import starts
from noether_jax.data.columns import parse_columns

LAWFUL = ("spring", "pendulum", "nonlinear spring 2-D", "Lotka-Volterra",
          "Henon-Heiles", "Duffing", "coupled springs", "cyclic species",
          "Kepler", "Morse", "magnetic field", "SIR", "rigid body", "piston",
          "line mass", "rotating hoop")
LAWLESS = tuple(SYSTEM_KINDS["lawless"])
_CYCLES = ("Van der Pol", "Brusselator", "predators", "FitzHugh-Nagumo")
_WHIRLS = dataclasses.replace(SAMPLINGS["pendulum"],
                              start=starts.box([-3, -4], [3, 4], 2))


def _spread(data: DataSet) -> np.ndarray:
  return np.concatenate(list(data.states)).std(0)


def _wrapped(random: Random) -> DataSet:
  """A pendulum that whirls, its angle cut at half a turn; unit told or not."""
  data = drawn(random, (), sampling=_WHIRLS, noises=(0., .003, .01))
  cut = lambda s: np.stack([(s[:, 0] + np.pi) % (2 * np.pi) - np.pi, s[:, 1]],
                           axis=-1)
  told = data.variables if random.random() < .5 else parse_columns("q,p")
  assert data.known is not None
  return dataclasses.replace(
      data.but([cut(s) for s in data.states]),
      variables=told,
      known=data.known._replace(
          paths=np.stack([cut(s) for s in data.known.paths])))


def _quantised(random: Random) -> DataSet:
  data = drawn(random, LAWFUL, noises=(0., .01))
  levels = random.choice([4, 8, 16, 32])
  step = _spread(data) / levels
  return data.but([np.round(s / step) * step for s in data.states], 1 / levels)


def _coarse(random: Random) -> DataSet:
  """The least rows that are accepted, of lawful and lawless systems."""
  data = drawn(random, LAWFUL + LAWLESS)
  step = max(1, len(data.states[0]) // random.integers(20, 30))
  return data.rows(lambda i: i[::step])


def _wild(random: Random) -> DataSet:
  """One value of a hundred is wrong."""
  data = drawn(random, LAWFUL, noises=(0., .01))
  size = random.choice([3, 10, 100]) * _spread(data)
  return data.but([
      s + size * random.normal(size=s.shape) * (random.random(s.shape) < .01)
      for s in data.states
  ], .1)


def _coloured(random: Random,
              names: Sequence[str] = LAWFUL + LAWLESS) -> DataSet:
  """Noise with a memory, as of a filtered sensor."""
  data = drawn(random, names, noises=(0.,))
  keep, size = random.uniform(.7, .98), random.choice([.02, .05, .1])
  out = []
  for s in data.states:
    error = size * _spread(data) * random.normal(size=s.shape)
    for i in range(1, len(error)):
      error[i] = keep * error[i - 1] + np.sqrt(1 - keep**2) * error[i]
    out.append(s + error)
  return data.but(out, size)


def _untimed(random: Random) -> DataSet:
  """Rows without times, in no order."""
  data = drawn(random, LAWFUL + LAWLESS, noises=(0., .01))
  return dataclasses.replace(data.rows(random.permutation), times=None)


def _escaping(random: Random) -> DataSet:
  """One trajectory leaves."""
  data = drawn(random, LAWLESS)
  first, *others = data.states
  growth = np.exp(random.uniform(3, 8) * np.linspace(0, 1, len(first))**2)
  return data.but([first * growth[:, None], *others])


def _drifting(random: Random) -> DataSet:
  """A sensor that drifts."""
  data = drawn(random, LAWFUL)
  size = random.choice([.1, .3, 1])
  ends = [
      size * _spread(data) * random.normal(size=s.shape[1]) for s in data.states
  ]
  return data.but([
      s + np.linspace(0, 1, len(s))[:, None] * end
      for s, end in zip(data.states, ends)
  ], size)


def joined(
    random: Random,
    names: Sequence[str] = LAWFUL + LAWLESS,
    count: tuple[int, int] = (8, 20)
) -> DataSet:
  """Join the first half of each trajectory to the second half of another."""
  data = drawn(random, names, count)
  half, order = len(data.states[0]) // 2, random.permutation(len(data.states))
  first = [data.states[i][:half] for i in order]
  second = [data.states[i][half:] for i in np.roll(order, 1)]
  return data.but([np.concatenate(p) for p in zip(first, second)], lawless=True)


def _short(random: Random) -> DataSet:
  """Short arcs, anywhere on the trajectories."""

  def choose(indices: np.ndarray) -> np.ndarray:
    length = random.integers(20, 31)
    return indices[random.integers(len(indices) - length):][:length]

  return drawn(random, LAWLESS, noises=(0., .003, .01)).rows(choose)


def _made(states: Sequence[np.ndarray]) -> DataSet:
  """Columns that no system makes, at equal steps."""
  times = [.05 * np.arange(len(s)) for s in states]
  names = ",".join(f"c{i + 1}" for i in range(states[0].shape[1]))
  return DataSet(parse_columns(names), list(states), times)


def _shape(random: Random) -> tuple[int, int, int]:
  return (int(random.integers(6, 21)), int(random.integers(100, 301)),
          int(random.integers(2, 5)))


def _slow(random: Random) -> DataSet:
  """Columns that hardly move beside what differs between trials."""
  count, length, width = _shape(random)
  t, size = np.linspace(0, 1, length)[:, None], random.choice([.01, .05, .2])
  noise = random.choice([0., 1e-4, 1e-3])
  return _made([
      random.normal(size=width) + size *
      (random.normal(size=width) * t + random.normal(size=width) * t**2) +
      noise * random.normal(size=(length, width)) for _ in range(count)
  ])


def _nearly_constant(random: Random) -> DataSet:
  """A column that wanders a little around its value in the trial."""
  data = drawn(random, LAWLESS)
  size, steps = random.choice([1e-3, 1e-2]), len(data.states[0])
  walks = [np.cumsum(random.normal(size=steps)) for _ in data.states]
  columns = [
      random.normal() + 20 + size * w / np.sqrt(steps) * 3 for w in walks
  ]
  return dataclasses.replace(
      data.but([np.column_stack([s, c]) for s, c in zip(data.states, columns)],
               lawless=True),
      variables=(*data.variables, *parse_columns("extra")))


def _one_value(random: Random) -> DataSet:
  """Windows of one trajectory as trials: one value of each law."""
  data = drawn(random, LAWFUL, noises=(0., .01))
  length = len(data.states[0]) // 2
  begins = random.integers(length, size=random.integers(6, 13))
  return dataclasses.replace(
      data,
      states=[data.states[0][b:b + length] for b in begins],
      times=[data.times[0][b:b + length] for b in begins]  # type: ignore
  )


def _steps(random: Random) -> DataSet:
  """Columns that rest on levels and jump now and then."""
  count, length, width = _shape(random)
  out = []
  for _ in range(count):
    jumps = random.random((length, width)) < random.choice([.01, .03])
    levels = np.where(jumps, random.integers(-2, 3, (length, width)), 0)
    out.append(
        random.integers(-2, 3, width) + np.cumsum(levels, axis=0) +
        random.choice([0., .01]) * random.normal(size=(length, width)))
  return _made(out)


def _counts(random: Random) -> DataSet:
  """Counts of events whose rates are lawless."""
  data = drawn(random, LAWLESS, noises=(0.,))
  lowest = np.concatenate(list(data.states)).min(0)
  rates = [3 + 20 * (s - lowest) / _spread(data) for s in data.states]
  return data.but([random.poisson(r).astype(float) for r in rates],
                  lawless=True)


def _redundant(random: Random) -> DataSet:
  """A column that is computed from two others: an identity, and no law."""
  data = drawn(random, LAWLESS, noises=(0.,))
  make = [
      lambda s: s[:, 0]**2 + s[:, 1]**2, lambda s: s[:, 0] * s[:, 1],
      lambda s: s[:, 0] - 2 * s[:, 1]
  ][random.integers(3)]
  noise = random.choice([0., .01])
  states = [np.column_stack([s, make(s)]) for s in data.states]
  states = [s + noise * s.std(0) * random.normal(size=s.shape) for s in states]
  return dataclasses.replace(data.but(states, lawless=True),
                             variables=(*data.variables,
                                        *parse_columns("extra")))


def _offset(random: Random) -> DataSet:
  """Odd units, and values far from zero."""
  data = drawn(random, LAWLESS)
  width = len(data.variables)
  scale, shift = 10**random.uniform(-9, 9, width), random.choice([0, 10, 1e4])
  return data.but([scale * (s + shift) for s in data.states], lawless=True)


_HIDDEN_STIFFNESS = dataclasses.replace(SAMPLINGS["spring of stiffness"],
                                        hidden=("k",))
KINDS: dict[str, Kind] = {
    "fast events":
        named(("eccentric Kepler", "comets"), noises=(0., .003, .01)),
    "fast cycles":
        named(("relaxation oscillator",)),
    "wrapped angles":
        _wrapped,
    "quantised":
        _quantised,
    "coarse":
        _coarse,
    "wild points":
        _wild,
    "coloured noise":
        _coloured,
    "no times":
        _untimed,
    "escaping":
        _escaping,
    "drifting sensor":
        _drifting,
    "damped":
        named(tuple(SYSTEM_KINDS["losses"])),
    "filtered losses":
        functools.partial(_coloured, names=tuple(SYSTEM_KINDS["losses"])),
    "driven":
        named(("driven Duffing", "forced pendulum", "parametric spring")),
    "chaotic":
        named(("Lorenz", "Rossler", "Thomas")),
    "limit cycles":
        named(_CYCLES),
    "noisy limit cycles":
        named(_CYCLES, noises=(.2, .4)),
    "random walks":
        named(("random walk",)),
    "autoregressive":
        named(("autoregressive",)),
    "white noise":
        named(("white noise",)),
    "heat bath":
        named(("heat bath",)),
    "quasi-periodic":
        named(("quasi-periodic",)),
    "joined halves":
        functools.partial(joined, names=LAWFUL),
    "few trajectories":
        named(LAWLESS, count=(3, 5)),
    "short arcs":
        _short,
    "slow motion":
        _slow,
    "nearly constant":
        _nearly_constant,
    "one value":
        _one_value,
    "steps":
        _steps,
    "counts":
        _counts,
    "redundant column":
        _redundant,
    "odd units":
        _offset,
    "hidden constant":
        lambda random: drawn(random, (), sampling=_HIDDEN_STIFFNESS),
}
