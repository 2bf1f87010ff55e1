"""Sparse regression of the dynamics, our own and PySINDy's."""

from collections.abc import Callable, Iterable
import functools
import importlib
import itertools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.benchmark.config import Config
from experiments.benchmark.config import Problem
from experiments.benchmark.data import Data
from noether_jax.errors import InputError

Array = jax.Array
_ROUNDS = 20
_POWERS = (1, 2, 3)


class Sparse(NamedTuple):
  """A field that is linear in its terms.

  Attributes:
    field: `(coefficients, x [D]) -> dx/dt [D]`.
    coefficients: `[k, D]`.
    told: how it was made, for people.
  """
  field: Callable[[Any, Array], Array]
  coefficients: np.ndarray
  told: str


def exponents(size: int, degree: int) -> np.ndarray:
  """Exponents `[k, size]` of all monomials up to a degree, the constant first.

  Example:
    >>> exponents(2, 1).tolist()
    [[0, 0], [1, 0], [0, 1]]
  """
  rows = []
  for total in range(degree + 1):
    for chosen in itertools.combinations_with_replacement(range(size), total):
      rows.append(np.bincount(chosen, minlength=size))
  return np.array(rows, int)


def _monomials(powers: np.ndarray, x: Array) -> Array:
  """Products of columns, without powers of floating numbers."""
  values = [jnp.ones(x.shape[0], x.dtype), x]
  for _ in range(int(powers.max(initial=1)) - 1):
    values.append(values[-1] * x)
  table = jnp.stack(values)
  return jnp.prod(table[powers, np.arange(x.shape[0])], axis=1)


def _attractions(places: tuple[tuple[int, ...], ...], x: Array) -> Array:
  """x / |x|^n of every place and of every difference of two places."""
  points = [x[jnp.array(p)] for p in places]
  points += [a - b for a, b in itertools.combinations(points, 2)]
  if not points:
    return jnp.zeros(0, x.dtype)
  parts = []
  for point in points:
    square = jnp.sum(point**2)
    # A path through the origin makes no term infinite there.
    inverse = 1 / jnp.sqrt(square + 1e-8)
    parts += [point * inverse**n for n in _POWERS]
  return jnp.concatenate(parts)


def library(places: tuple[tuple[int, ...], ...], degree: int,
            x: Array) -> Array:
  """All terms at a state.

  Args:
    places: columns that are the place of a body.
    degree: of the monomials.
    x: `[D]`.

  Returns:
    `[k]`: monomials; x / |x|^n, n = 1, 2, 3, of places and their differences.

  Example:
    >>> library((), 2, jnp.array([2., 3.])).tolist()
    [1.0, 2.0, 3.0, 4.0, 6.0, 9.0]
  """
  powers = exponents(x.shape[0], degree)
  return jnp.concatenate([_monomials(powers, x), _attractions(places, x)])


def thresholded(terms: np.ndarray, targets: np.ndarray,
                threshold: float) -> np.ndarray:
  """Sequentially thresholded least squares.

  Args:
    terms: `[n, k]`.
    targets: `[n, D]`.
    threshold: coefficients of smaller size become zero.

  Returns:
    `[k, D]`. Dependent terms share a coefficient (least norm).

  Reference:
    Brunton, Proctor and Kutz, PNAS 113 (2016), SINDy.

  Example:
    >>> x = np.linspace(-1., 1., 20)[:, None]
    >>> c = thresholded(np.hstack([x, x**2]), 2 * x + .01 * x**2, .1)
    >>> c.round(2).tolist()
    [[2.0], [0.0]]
  """
  # Normal equations: the same for all thresholds and targets.
  gram, moments = terms.T @ terms, terms.T @ targets
  out = np.zeros((terms.shape[1], targets.shape[1]))
  for d in range(targets.shape[1]):
    active = np.ones(terms.shape[1], bool)
    for _ in range(_ROUNDS):
      values = np.zeros(terms.shape[1])
      if active.any():
        values[active] = _solve(gram[np.ix_(active, active)], moments[active,
                                                                      d])
      keep = np.abs(values) >= threshold
      if np.array_equal(keep & active, active):
        break
      active &= keep
    out[:, d] = values * active
  return out


def _solve(gram: np.ndarray, moments: np.ndarray) -> np.ndarray:
  """Least squares of least norm, in units of the terms' sizes."""
  size = np.sqrt(np.maximum(np.diag(gram), 1e-300))
  unit = gram / size / size[:, None]
  return np.linalg.lstsq(unit, moments / size, rcond=1e-10)[0] / size


def own(problem: Problem, config: Config, data: Data) -> Iterable[Sparse]:
  """Our fits of every degree and threshold."""
  for degree in config.degrees:
    terms = functools.partial(library, problem.places, degree)
    values = np.asarray(
        jax.jit(jax.vmap(terms))(jnp.asarray(data.states)), np.float64)
    field = _linear(terms)
    for threshold in config.thresholds:
      yield Sparse(field, thresholded(values, data.derivatives, threshold),
                   f"degree {degree}, threshold {threshold:g}")


def _linear(terms: Callable[[Array], Array]) -> Callable[[Any, Array], Array]:
  return lambda coefficients, x: terms(x) @ coefficients


def pysindy_module() -> Any:
  """PySINDy, or a word on how to install it.

  Raises:
    InputError: if it is not installed.
  """
  try:
    return importlib.import_module("pysindy")
  except ImportError as error:
    raise InputError("the comparison with PySINDy needs it: pip install "
                     "'noether-jax[peers]', or pass --peers=false.") from error


def peer(config: Config, data: Data) -> Iterable[Sparse]:
  """PySINDy's fits of every degree and threshold, with its own settings else.

  Its coefficients are integrated like all other fields.

  Raises:
    InputError: if PySINDy is not installed.
  """
  pysindy = pysindy_module()
  observed = data.observed
  for degree in config.degrees:
    for threshold in config.thresholds:
      terms = pysindy.PolynomialLibrary(degree=degree)
      model = pysindy.SINDy(optimizer=pysindy.STLSQ(threshold=threshold),
                            feature_library=terms)
      model.fit(list(observed.states),
                t=list(observed.times),
                x_dot=list(observed.derivatives))
      powers = np.asarray(terms.powers_, int)
      yield Sparse(_linear(functools.partial(_monomials, powers)),
                   np.asarray(model.coefficients(), float).T,
                   f"degree {degree}, threshold {threshold:g}")
