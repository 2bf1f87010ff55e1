"""How far a conserving predictor's training loss is from its expected loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy import special
import numpy as np

from noether_jax.types import Array

Number = float | Array


class Tightest(NamedTuple):
  """The smallest of a family of bounds.

  Attributes:
    bound: in units of the loss.
    rho: the member that gives it, int32, same shape.

  Example:
    >>> Tightest(jnp.float32(0.5), jnp.int32(3)).rho.item()
    3
  """
  bound: Array
  rho: Array


def _is_whole(value: float) -> bool:
  return not isinstance(value, bool) and float(value).is_integer()


_PYTHON = (bool, int, float, np.number)
# Checks of Python numbers. Arrays may be traced, so they are not checked.
_RANGES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "dimension":
        (lambda v: _is_whole(v) and v >= 1, "a whole number from 1 on"),
    "free_dimension":
        (lambda v: _is_whole(v) and v >= 0, "a whole number from 0 on"),
    "loss_bound": (lambda v: 0 <= v < np.inf, "finite and at least 0"),
    "lipschitz": (lambda v: 0 <= v < np.inf, "finite and at least 0"),
    "radius": (lambda v: 0 <= v < np.inf, "finite and at least 0"),
    "num_examples":
        (lambda v: _is_whole(v) and v >= 1, "a whole number from 1 on"),
    "delta": (lambda v: 0 < v <= 1, "a probability above 0"),
    "rho": (lambda v: _is_whole(v) and v >= 1, "a whole number from 1 on"),
}


def _check(arguments: dict[str, Any]) -> None:
  """Check ranges of Python numbers, shapes, and the type of `conserved`."""
  for name, value in arguments.items():
    if isinstance(value, _PYTHON) and name in _RANGES:
      allowed, wanted = _RANGES[name]
      if not allowed(value):
        raise ValueError(f"`{name}` must be {wanted}: got {value}.")
  free, whole = arguments["free_dimension"], arguments["dimension"]
  if isinstance(free, _PYTHON) and isinstance(whole, _PYTHON):
    if free > whole:
      raise ValueError("`free_dimension` must be at most `dimension`: got "
                       f"{free} of {whole}.")
  if jnp.result_type(arguments["conserved"]) != jnp.bool_:
    raise ValueError("`conserved` must be boolean: got "
                     f"{jnp.result_type(arguments['conserved'])}.")
  shapes = {name: jnp.shape(value) for name, value in arguments.items()}
  try:
    np.broadcast_shapes(*shapes.values())
  except ValueError as error:
    arrays = {name: shape for name, shape in shapes.items() if shape}
    raise ValueError(
        f"The arguments must broadcast together: got {arrays}.") from error


def generalisation_bound(*,
                         dimension: Number,
                         free_dimension: Number,
                         conserved: bool | Array = True,
                         loss_bound: Number,
                         lipschitz: Number,
                         radius: Number,
                         num_examples: Number,
                         delta: Number,
                         rho: Number = 1) -> Array:
  """Return a bound on the generalisation gap of f(x) = x + v, v in R^d.

    G <= C sqrt((xi ln max(sqrt(xi), 1) + xi ln(2 R zeta^(1 - 1/rho) sqrt(n))
                 + ln(1/delta)) / (2 n))  +  1{xi >= 1} sqrt(zeta^(2/rho) / n)

  with xi = m if g(f(x)) = g(x), else xi = d          (Alet et al. 2021, Thm. 1)

  It holds for all v at once, with probability at least 1 - delta over n
  independent examples; the gap is expected minus empirical loss. The terms with
  xi are the logarithm of the number of balls that cover the possible v. At
  least one ball is needed, so the sum of these terms is taken to be at least 0.
  This differs from the formula only for a tiny R, for which the formula counts
  less than one ball. The formula adds powers of zeta to C, so loss and v are
  taken as pure numbers.

  Args:
    dimension: d, of the states.
    free_dimension: m <= d, of the affine preimages {x + A z : z in R^m} of g;
      each independent conserved quantity lowers it by one.
    conserved: whether the constraint g(f(x)) = g(x) holds.
    loss_bound: C, the loss lies in [0, C].
    lipschitz: zeta, Lipschitz constant in v of expected minus empirical loss.
    radius: R, the largest |v|.
    num_examples: n.
    delta: the probability with which the bound may fail, in (0, 1].
    rho: any natural number from 1 on, chosen before the data are seen.

  Numbers or arrays that broadcast together.

  Returns:
    The bound, a float, in units of the loss.

  Raises:
    ValueError: if a Python number is out of its range, `conserved` is not
      boolean or the shapes do not broadcast. Values of arrays are not checked.

  Example:
    >>> import functools
    >>> bound = functools.partial(
    ...     generalisation_bound, dimension=4, loss_bound=1., lipschitz=1.,
    ...     radius=1., num_examples=100, delta=0.05)
    >>> [round(float(bound(free_dimension=m)), 4) for m in (0, 1, 4)]
    [0.1224, 0.2731, 0.3979]
    >>> round(float(bound(free_dimension=1, conserved=False)), 4)
    0.3979

  Reference:
    Alet et al. 2021, Noether Networks, NeurIPS, arXiv 2112.03321, Theorem 1.
  """
  _check(locals())
  as_float = lambda value: jnp.asarray(value, dtype=jnp.result_type(float))
  xi = as_float(jnp.where(conserved, free_dimension, dimension))
  zeta, count, order = (as_float(v) for v in (lipschitz, num_examples, rho))
  scale = 2 * as_float(radius) * zeta**(1 - 1 / order) * jnp.sqrt(count)
  # xlogy, so that 0 ln(.) is 0 whatever the logarithm.
  cover = (special.xlogy(xi, jnp.sqrt(jnp.maximum(xi, 1))) +
           special.xlogy(xi, scale))
  spread = (jnp.maximum(cover, 0) - jnp.log(as_float(delta))) / (2 * count)
  rest = jnp.where(xi >= 1, zeta**(1 / order) / jnp.sqrt(count), 0)
  return as_float(loss_bound) * jnp.sqrt(spread) + rest


# The arguments of generalisation_bound, written out for help and type checks.
def tightest_bound(*,
                   dimension: Number,
                   free_dimension: Number,
                   conserved: bool | Array = True,
                   loss_bound: Number,
                   lipschitz: Number,
                   radius: Number,
                   num_examples: Number,
                   delta: Number,
                   max_rho: int = 64) -> Tightest:
  """Return the smallest of the bounds with rho = 1, ..., max_rho.

    min_rho G(rho), G of `generalisation_bound`       (Alet et al. 2021, Thm. 1)

  The bound does not depend on the data, so the best rho may be chosen
  beforehand, and the minimum holds with the same probability. A larger rho
  brings zeta into the first term and takes it out of the second; for zeta = 1
  all are equal.

  Args:
    dimension: d.
    free_dimension: m <= d.
    conserved: whether the constraint g(f(x)) = g(x) holds.
    loss_bound: C.
    lipschitz: zeta.
    radius: R.
    num_examples: n.
    delta: the probability with which the bound may fail.
    max_rho: the largest rho that is tried, at least 1.

  Returns:
    The bound and the least rho that attains it.

  Raises:
    ValueError: as `generalisation_bound`, and if `max_rho` is no whole number
      from 1 on.

  Example:
    >>> best = tightest_bound(dimension=64, free_dimension=16, loss_bound=1.,
    ...                       lipschitz=0.1, radius=1., num_examples=100,
    ...                       delta=0.05)
    >>> round(float(best.bound), 4), int(best.rho)
    (0.5256, 29)

  Reference:
    Alet et al. 2021, Noether Networks, NeurIPS, arXiv 2112.03321, Theorem 1.
  """
  if not _is_whole(max_rho) or max_rho < 1:
    raise ValueError("`max_rho` must be a whole number from 1 on: got "
                     f"{max_rho}.")
  bound = lambda rho: generalisation_bound(dimension=dimension,
                                           free_dimension=free_dimension,
                                           conserved=conserved,
                                           loss_bound=loss_bound,
                                           lipschitz=lipschitz,
                                           radius=radius,
                                           num_examples=num_examples,
                                           delta=delta,
                                           rho=rho)
  bounds = jax.vmap(bound)(jnp.arange(1, max_rho + 1))
  best = jnp.argmin(bounds, axis=0).astype(jnp.int32)
  return Tightest(jnp.min(bounds, axis=0), best + 1)
