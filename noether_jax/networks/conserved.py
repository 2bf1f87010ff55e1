"""Networks for conserved quantities: features and a linear read-out.

`pretraining` solves for the read-out in closed form. The features can be built
to respect symmetries, and to be polynomials in the momenta.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flax import nnx
import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.networks.mlp import Activation
from noether_jax.networks.mlp import functional
from noether_jax.networks.mlp import MLP
from noether_jax.networks.momenta import monomials
from noether_jax.networks.momenta import polynomial
from noether_jax.networks.symmetries import averaged
from noether_jax.networks.symmetries import even_and_odd
from noether_jax.networks.symmetries import Features
from noether_jax.networks.symmetries import parity_mask
from noether_jax.networks.symmetries import Transform
from noether_jax.types import Array
from noether_jax.types import Key
from noether_jax.types import Params


class ConservedNet(NamedTuple):
  """A network g whose last layer is linear.

  Attributes:
    features: `(params, state [D]) -> [H]`; reads `params["features"]`.
    apply: `(params, state [D]) -> [K]`, a `ConservedFn`: the features times
      `params["readout"]` `[H, K]`.
    params: the initial parameters.
    mask: `[H, K]` of ones and zeros, which features each quantity may read;
      None for all.
  """
  features: Features
  apply: Features
  params: Params
  mask: np.ndarray | None = None


def _standardised(key_net: Key, key_bias: Key, hidden: Sequence[int],
                  activation: Activation, mean: Array | np.ndarray,
                  scale: Array | np.ndarray) -> MLP:
  """Standardise the inputs in the first hidden layer."""
  body = MLP(len(mean),
             hidden[:-1],
             hidden[-1],
             activation=activation,
             use_last_bias=True,
             rngs=nnx.Rngs(key_net))
  for i, layer in enumerate(body.layers):
    # With zero biases every feature would be odd, and none could be an energy.
    bias = 0.5 * jax.random.normal(jax.random.fold_in(key_bias, i),
                                   (layer.out_features,))
    if i == 0:
      kernel = layer.kernel[...] / jnp.asarray(scale)[:, None]
      layer.kernel, bias = nnx.Param(kernel), bias - jnp.asarray(mean) @ kernel
    layer.bias = nnx.Param(bias)
  return body


def _degrees(momenta: Sequence[int], size: int) -> np.ndarray:
  """Return the degree of each input in the momenta, `[D]`."""
  given = tuple(int(m) for m in momenta)
  degrees = np.asarray(given or (0,) * size)
  if degrees.shape != (size,) or not (degrees == 0).any() or degrees.min() < 0:
    raise ValueError("`momenta` must name the degree of each of the "
                     f"{size} inputs, 0 for at least one: got {given}.")
  return degrees


def _check(size: int, hidden: Sequence[int], mean: Array | None,
           scale: Array | None, parities: Sequence[int],
           mirror: Transform | None) -> None:
  if not hidden:
    raise ValueError("`hidden` must name at least one layer: got ().")
  if parities and mirror is None:
    raise ValueError("`parities` need `mirror`, the map they are meant for.")
  for name, value in (("mean", mean), ("scale", scale)):
    if value is not None and jnp.shape(value) != (size,):
      raise ValueError(f"`{name}` must be [{size}]: got {jnp.shape(value)}.")


def _features(
    hidden_units: Features, activation: Activation, transform: Transform | None,
    momenta: tuple[np.ndarray, list[tuple[int, ...]]] | None) -> Features:
  """The features of one state; `momenta` are the positions and products."""

  def one(params: Params, x: Array) -> Array:
    inputs, own = x if transform is None else transform(x), params["features"]
    if momenta is None:
      return activation(hidden_units(own, inputs))
    positions, products = momenta
    units = activation(hidden_units(own["coefficients"], inputs[positions]))
    mean, scale = jax.lax.stop_gradient((own["mean"], own["scale"]))
    inputs = (inputs - mean) / scale
    return polynomial(inputs, jnp.concatenate([inputs[positions], units]),
                      products)

  return one


def conserved_mlp(
    key: Key,
    size: int,
    num_quantities: int = 1,
    *,
    hidden: Sequence[int] = (24, 24),
    activation: Activation = jnp.tanh,
    mean: Array | None = None,
    scale: Array | None = None,
    invariances: Sequence[Transform] = (),
    mirror: Transform | None = None,
    parities: Sequence[int] = (),
    transform: Transform | None = None,
    momenta: Sequence[int] = (),
    degree: int = 2,
) -> ConservedNet:
  """Return a multilayer perceptron for K conserved quantities.

  Args:
    key: consumed by the initialisation.
    size: D, the size of a state, or of what `transform` makes of it.
    num_quantities: K.
    hidden: widths of the hidden layers; the last one is H.
    activation: after every hidden layer; smooth, because gradients are used.
    mean: `[D]` of the network's inputs, None for 0: standardisation becomes
      part of the first layer.
    scale: `[D]` standard deviation of the inputs, None for 1.
    invariances: maps of a state to another one at which g must be the same,
      each its own inverse (`flip` makes one); features are averaged over them.
    mirror: a map under which each quantity keeps or changes its sign, its own
      inverse; there are then 2 H features, half of them even, half odd.
    parities: with `mirror`, 1 or -1 for each quantity: an energy is even, an
      angular momentum odd under a reflection of the plane.
    transform: state -> inputs, for instance `planar_invariants`.
    momenta: `[D]`, each input's degree in the momenta (or velocities), 0 for a
      position: g becomes a polynomial in the momenta whose coefficients are
      networks of the positions, as conserved quantities of mechanics are.
    degree: of that polynomial; 2 holds energies, momenta, angular momenta.

  Returns:
    A `ConservedNet`.

  Raises:
    ValueError: without a hidden layer; for parities that are not K signs, or
      without a mirror; for momenta that are not D degrees, or a negative
      `degree`; for a mean or scale that is not `[D]`.

  Example:
    >>> from noether_jax.networks import flip
    >>> net = conserved_mlp(jax.random.key(0), 2, invariances=[flip(1)])
    >>> up, down = jnp.array([.3, 2.]), jnp.array([.3, -2.])
    >>> bool(net.apply(net.params, up)[0] == net.apply(net.params, down)[0])
    True
  """
  _check(size, hidden, mean, scale, parities, mirror)
  key_net, key_bias, key_readout = jax.random.split(key, 3)
  centre = np.zeros(size) if mean is None else mean
  spread = np.ones(size) if scale is None else scale
  degrees = _degrees(momenta, size)
  positions = np.flatnonzero(degrees == 0)
  hidden_units, initial = functional(
      _standardised(key_net, key_bias, hidden, activation, centre[positions],
                    spread[positions]))
  width = hidden[-1]
  products = monomials(degrees, degree)
  if len(momenta):
    # These are among the parameters, so that a network made for other data can
    # be evaluated with them. They are never trained.
    initial = {
        "coefficients": initial,
        "mean": jnp.asarray(centre, float),
        "scale": jnp.asarray(spread, float)
    }
    width = len(products) * (1 + len(positions) + width) - 1

  one = _features(hidden_units, activation, transform,
                  (positions, products) if len(momenta) else None)
  features = averaged(one, invariances)
  mask = None
  if mirror is not None:
    features = even_and_odd(features, mirror)
    mask = parity_mask(parities, num_quantities, width)
    width *= 2

  def apply(params: Params, x: Array) -> Array:
    readout = params["readout"]
    return features(params, x) @ (readout if mask is None else readout *
                                  mask.astype(readout.dtype))

  readout = jax.random.normal(key_readout, (width, num_quantities))
  params = {"features": initial, "readout": readout / jnp.sqrt(width)}
  return ConservedNet(features, apply, params, mask)
