"""Functions of one argument with a number inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import Subject

Function = Callable[[Any, float], tuple[Any, Any]]

_SCALES = np.geomspace(.1, 10., 32)
_CORES = np.geomspace(5e-4, 4., 36)
_LIMITS = np.geomspace(.05, 100., 36)
_POWERS = np.r_[np.linspace(-6.2, -.2, 31), np.linspace(.2, 5.2, 26)]


class Family(NamedTuple):
  """One or two functions of an argument u, with a number a inside.

  Attributes:
    texts: with {u} and {a}; {b} is twice the number, and {h} half of it.
    functions: the value and the derivative by u, of u and a.
    numbers: a that are tried first, in units of what `unit` makes of the size
      of u.
    unit: from the size of u to a's.
    squared: whether u is a square, of a distance, a column or a speed.
  """
  texts: tuple[str, ...]
  functions: tuple[Function, ...]
  numbers: np.ndarray
  unit: Callable[[float], float]
  squared: bool = False


class Argument(NamedTuple):
  """What a function is of: a column, a difference, or a square.

  Attributes:
    text: for people.
    plus: columns; their squares are added up if `squared`.
    minus: the column that is subtracted, if any.
    squared: whether it is a sum of squares.
    moving: whether it is of velocities or momenta.
  """
  text: str
  plus: tuple[int, ...]
  minus: tuple[int, ...] = ()
  squared: bool = False
  moving: bool = False

  def value(self, states: np.ndarray) -> np.ndarray:
    """Evaluate on states `[m, D]`."""
    if self.squared:
      return np.sum(states[:, self.plus]**2, 1)
    return states[:, self.plus].sum(1) - states[:, self.minus].sum(1)

  def gradient(self, states: np.ndarray) -> np.ndarray:
    """Differentiate at states `[m, D]`."""
    out = np.zeros(states.shape)
    if self.squared:
      out[:, self.plus] = 2 * states[:, self.plus]
    else:
      out[:, self.plus] = 1.
      out[:, self.minus] = -1.
    return out


def _exp(sign: float) -> Function:

  def function(u: Any, a: float) -> tuple[Any, Any]:
    value = np.exp(sign * a * u)
    return value, sign * a * value

  return function


def _core(power: float) -> Function:
  return lambda u, a: ((u + a)**power, power * (u + a)**(power - 1))


def _screened(u: Any, a: float) -> tuple[Any, Any]:
  r = np.sqrt(u)
  value = np.exp(-a * r) / r
  return value, -value * (a + 1 / r) / (2 * r)


def _limited(u: Any, a: float) -> tuple[Any, Any]:
  left = np.where(u < a, a - u, np.nan)
  return left**-.5, left**-1.5 / 2


_SINE: Function = lambda u, a: (np.sin(a * u), a * np.cos(a * u))
_COSINE: Function = lambda u, a: (np.cos(a * u), -a * np.sin(a * u))
# But for a constant log(u + a); u may have a unit.
_LOG: Function = lambda u, a: (np.log(1 + u / a), 1 / (u + a))
_POWER: Function = lambda u, a: (u**(a / 2), a / 2 * u**(a / 2 - 1))
_inverse = lambda size: 1 / size
_same = lambda size: size
_none = lambda size: 1.

PLAIN = (
    Family(("exp(-{a}*{u})", "exp(-{b}*{u})"), (_exp(-1), _exp(-2)), _SCALES,
           _inverse),
    Family(("exp({a}*{u})", "exp({b}*{u})"), (_exp(1), _exp(2)), _SCALES,
           _inverse),
    Family(("exp({a}*{u})", "exp(-{a}*{u})"), (_exp(1), _exp(-1)), _SCALES,
           _inverse),
    Family(("cos({a}*{u})", "sin({a}*{u})"), (_COSINE, _SINE), _SCALES,
           _inverse),
)
SQUARED = (
    Family(("1/sqrt({u} + {a})",), (_core(-.5),), _CORES, _same, True),
    Family(("sqrt({u} + {a})",), (_core(.5),), _CORES, _same, True),
    Family(("log(1 + ({u})/{a})",), (_LOG,), _CORES, _same, True),
    Family(("exp(-{a}*({u}))",), (_exp(-1),), _SCALES, _inverse, True),
    Family(("({u})^({h})",), (_POWER,), _POWERS, _none, True),
)
# Kinetic energies that are no square: of a momentum, and of a velocity.
MOVING = (
    Family(("sqrt({u} + {a})",), (_core(.5),), _LIMITS, _same, True),
    Family(("1/sqrt({a} - ({u}))",), (_limited,), _LIMITS, _same, True),
)
DISTANCE = (Family(("exp(-{a}*sqrt({u}))/sqrt({u})",), (_screened,), _SCALES,
                   lambda size: size**-.5, True),)


def arguments(subject: Subject) -> Iterator[Argument]:
  """Yield what functions may be of: places, distances, squares of speeds."""
  names = [v.name for v in subject.variables]
  places = shapes.places(subject)
  inside = {i for vector in subject.vectors for i in vector}
  for i in places:
    if i not in inside:
      yield Argument(names[i], (i,))
      yield Argument(f"{names[i]}^2", (i,), squared=True)
  lengths, _ = shapes.on_a_line(subject)
  for i, j in shapes.alike(subject, lengths):
    yield Argument(f"({names[i]} - {names[j]})", (i,), (j,))
  speeds = {v for _, v in subject.velocities}
  for vector in (*subject.vectors, *((v,) for v in sorted(speeds - inside))):
    square = " + ".join(f"{names[i]}^2" for i in vector)
    yield Argument(square,
                   vector,
                   squared=True,
                   moving=bool(speeds & set(vector)))


def families(argument: Argument) -> tuple[Family, ...]:
  """Return the families of an argument."""
  if argument.moving:
    return MOVING
  if not argument.squared:
    return PLAIN
  return SQUARED + (DISTANCE if len(argument.plus) > 1 else ())


def written(text: str, argument: Argument, number: float) -> str:
  """Write one of a family's functions with its number.

  Example:
    >>> written("exp(-{b}*{u})", Argument("q", (0,)), 1.3)
    'exp(-2.6*q)'
  """
  return text.format(u=argument.text,
                     a=f"{number:.9g}",
                     b=f"{2 * number:.9g}",
                     h=f"{number / 2:.9g}")
