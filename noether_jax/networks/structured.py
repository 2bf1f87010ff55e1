"""Networks with structure: monomials of known inputs beside hidden units.

A hundred states of twenty trajectories do not determine a general function of
six columns. Most conserved quantities are sums of products of few inputs, or
polynomials in the momenta whose coefficients are functions of the positions. So
the read-out sees such products, and hidden units only where they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import functools
from typing import Any, NamedTuple

import jax
import numpy as np

from noether_jax.symbolic.operations import array_namespace
from noether_jax.types import Array
from noether_jax.types import Params

# Of the weights of a hidden unit.
_STEEP = 1.5

# Components of a point, and of the point that is subtracted, or nothing.
Distance = tuple[tuple[int, ...], tuple[int, ...]]


class Structure(NamedTuple):
  """What a network is made of; hashable.

  The inputs are the columns, logarithms of positive ones, sines and cosines of
  angles, and of each distance d its logarithm, 1/d and d; of a single distance
  also its direction.

  Attributes:
    columns: indices of the columns that enter as they are.
    positive: of columns that enter by their logarithm, too.
    angles: of columns that enter by sine and cosine.
    distances: between points, or from the origin.
    momenta: which inputs are momenta or velocities.
    monomials: products of inputs, as numbers of inputs.
    powers: products of momenta, each times every hidden unit; () for a network
      without hidden units.
  """
  columns: tuple[int, ...]
  positive: tuple[int, ...] = ()
  angles: tuple[int, ...] = ()
  distances: tuple[Distance, ...] = ()
  momenta: tuple[int, ...] = ()
  monomials: tuple[tuple[int, ...], ...] = ()
  powers: tuple[tuple[int, ...], ...] = ()

  @property
  def num_inputs(self) -> int:
    """How many inputs there are."""
    count = len(self.columns) + len(self.positive) + 2 * len(self.angles)
    if len(self.distances) == 1:
      return count + 3 + len(self.distances[0][0])
    return count + 3 * len(self.distances)

  @property
  def positions(self) -> tuple[int, ...]:
    """Which inputs the hidden units see."""
    return tuple(k for k in range(self.num_inputs) if k not in self.momenta)


def _by_state(function: Callable[..., Any]) -> Callable[..., Any]:
  """Map over leading axes where JAX is asked not to promote ranks."""

  @functools.wraps(function)
  def mapped(structure: Structure, *args: Any) -> Any:
    *params, states = args
    if not isinstance(states, jax.Array) or states.ndim == 1:
      return function(structure, *args)
    one = lambda x: function(structure, *params, x)
    for _ in states.shape[:-1]:
      one = jax.vmap(one)
    return one(states)

  return mapped


@_by_state
def network_inputs(structure: Structure, states: Any) -> tuple[Any, Any]:
  """Return the inputs of states and their derivatives.

  Args:
    structure: of the network, with I inputs.
    states: `[..., D]`, a NumPy or JAX array.

  Returns:
    `[..., I]` and `[..., I, D]`, arrays of the same library.

  Example:
    >>> z, dz = network_inputs(Structure((1,), angles=(0,)), np.array([0., 3.]))
    >>> z.tolist(), dz.tolist()
    ([3.0, 0.0, 1.0], [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
  """
  xp = array_namespace(states)
  axes = xp.eye(states.shape[-1], dtype=states.dtype)
  column = lambda i: states[..., i]
  values, slopes = [], []

  def add(value: Any, *parts: tuple[Any, Any]) -> None:
    """One input; its slope is a sum of factors times constant vectors."""
    values.append(value)
    slopes.append(sum(f[..., None] * v for f, v in parts))

  for i in structure.columns:
    add(column(i), (xp.ones_like(column(i)), axes[i]))
  for i in structure.positive:
    add(xp.log(column(i)), (1 / column(i), axes[i]))
  for i in structure.angles:
    sine, cosine = xp.sin(column(i)), xp.cos(column(i))
    add(sine, (cosine, axes[i]))
    add(cosine, (-sine, axes[i]))
  for plus, minus in structure.distances:
    apart = [column(i) for i in plus]
    ways = [axes[i] for i in plus]
    if minus:
      apart = [a - column(j) for a, j in zip(apart, minus)]
      ways = [v - axes[j] for v, j in zip(ways, minus)]
    size = xp.sqrt(sum(a * a for a in apart))
    for value, factor in ((xp.log(size), size**-2.), (1 / size, -size**-3.),
                          (size, 1 / size)):
      add(value, *((factor * a, v) for a, v in zip(apart, ways)))
    if len(structure.distances) == 1:
      for a, own in zip(apart, ways):
        add(a / size, (1 / size, own),
            *((-a * b * size**-3., v) for b, v in zip(apart, ways)))
  return xp.stack(values, -1), xp.stack(slopes, -2)


@_by_state
def network_features(structure: Structure, params: Params,
                     states: Any) -> tuple[Any, Any]:
  """Return what the read-out sees, and its derivatives.

  Args:
    structure: of the network.
    params: from `network_params`.
    states: `[..., D]`, a NumPy or JAX array.

  Returns:
    `[..., F]` and `[..., F, D]`: the monomials, then the hidden units times
    each product of momenta.

  Example:
    >>> structure = Structure((0, 1), monomials=((0, 0), (0, 1)))
    >>> params = {"mean": np.zeros(2), "scale": np.ones(2)}
    >>> f, df = network_features(structure, params, np.array([3., 2.]))
    >>> f.tolist(), df.tolist()
    ([9.0, 6.0], [[6.0, 0.0], [2.0, 3.0]])
  """
  xp = array_namespace(states)
  z, dz = network_inputs(structure, states)
  scale = xp.asarray(params["scale"], states.dtype)
  z = (z - xp.asarray(params["mean"], states.dtype)) / scale
  dz = dz / scale[:, None]
  one = xp.ones_like(z[..., :1])
  none = xp.zeros_like(dz[..., :1, :])
  padded = xp.concatenate([z, one], -1), xp.concatenate([dz, none], -2)
  values, slopes = [], []
  if structure.monomials:
    value, slope = _products(structure.monomials, *padded)
    values.append(value)
    slopes.append(slope)
  if structure.powers:
    seen = np.array(structure.positions)
    h, dh = z[..., seen], dz[..., seen, :]
    for kernel, bias in params["layers"]:
      kernel = xp.asarray(kernel, states.dtype)
      h = xp.tanh(h @ kernel + xp.asarray(bias, states.dtype))
      dh = (1 - h * h)[..., None] * xp.einsum("...id,ih->...hd", dh, kernel)
    p, dp = _products(structure.powers, *padded)
    flat = (*p.shape[:-1], -1)
    values.append((p[..., :, None] * h[..., None, :]).reshape(flat))
    slope = (dp[..., :, None, :] * h[..., None, :, None] +
             p[..., :, None, None] * dh[..., None, :, :])
    slopes.append(slope.reshape(*flat, slope.shape[-1]))
  return xp.concatenate(values, -1), xp.concatenate(slopes, -2)


def _products(which: Sequence[tuple[int, ...]], z: Any,
              dz: Any) -> tuple[Any, Any]:
  """Products of inputs `[..., F]` with derivatives; the last input is 1."""
  longest = max(map(len, which))
  last = z.shape[-1] - 1
  index = np.array([(*k, *(longest - len(k)) * (last,)) for k in which],
                   dtype=np.intp).reshape(len(which), longest)
  if not longest:
    one = z[..., -1:]
    return one, 0 * dz[..., -1:, :]
  value, slope = z[..., index[:, 0]], dz[..., index[:, 0], :]
  for k in index.T[1:]:
    other = z[..., k]
    slope = slope * other[..., None] + value[..., None] * dz[..., k, :]
    value = value * other
  return value, slope


def network_params(
    random: np.random.Generator,
    structure: Structure,
    states: np.ndarray,
    hidden: Sequence[int] = ()) -> dict[str, Any]:
  """Return parameters without a read-out.

  Args:
    random: of the hidden layers.
    structure: of the network.
    states: `[n, D]`; inputs are divided by their spread there. Momenta are not
      centred, so that products of odd degree in them stay odd.
    hidden: widths of the hidden layers.

  Returns:
    `mean` `[I]`, `scale` `[I]` and `layers`, pairs of kernel and bias.

  Example:
    >>> params = network_params(np.random.default_rng(0),
    ...                         Structure((0,), powers=((),)),
    ...                         np.array([[1.], [3.]]), (4, 4))
    >>> params["mean"].tolist(), [k.shape for k, _ in params["layers"]]
    ([2.0], [(1, 4), (4, 4)])
  """
  z = network_inputs(structure, states)[0]
  mean, scale = z.mean(0), z.std(0)
  mean[list(structure.momenta)] = 0.
  layers, size = [], len(structure.positions)
  for width in hidden:
    kernel = random.normal(size=(size, width))
    # With small weights every unit would be a multiple of the same ones.
    kernel *= _STEEP / np.linalg.norm(kernel, axis=0)
    # With zero biases every unit would be odd, and none could be an energy.
    layers.append((kernel, random.normal(size=width)))
    size = width
  return {
      "mean": mean,
      "scale": np.where(scale > 0, scale, 1.),
      "layers": layers
  }


@_by_state
def network_value(structure: Structure, params: Params, states: Array) -> Array:
  """Return a quantity `[...]` of states `[..., D]`: features times read-out."""
  value = network_features(structure, params, states)[0]
  return value @ array_namespace(states).asarray(params["readout"], value.dtype)


@_by_state
def network_gradient(structure: Structure, params: Params,
                     states: Array) -> Array:
  """Return the gradient `[..., D]` of a quantity at states `[..., D]`."""
  xp = array_namespace(states)
  slopes = network_features(structure, params, states)[1]
  readout = xp.asarray(params["readout"], slopes.dtype)
  return xp.einsum("...fd,f->...d", slopes, readout)
