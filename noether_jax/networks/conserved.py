"""Networks for conserved quantities: features, and a linear read-out of them.

The read-out is what `pretraining` solves for in closed form; the features may
be built to know an invariance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from flax import nnx
import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.networks.mlp import Activation
from noether_jax.networks.mlp import MLP
from noether_jax.types import Array, Key, Params

Transform = Callable[[Array], Array]


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
  features: Callable[[Params, Array], Array]
  apply: Callable[[Params, Array], Array]
  params: Params
  mask: np.ndarray | None = None


def _averaged(
    one: Callable[[Params, Array], Array],
    invariances: Sequence[Transform]) -> Callable[[Params, Array], Array]:
  """The mean of features over all products of the invariances."""

  def features(params: Params, x: Array) -> Array:
    total = one(params, x)
    images = [x]
    for turn in invariances:
      images += [turn(image) for image in images]
    for image in images[1:]:
      total = total + one(params, image)
    return total / len(images)

  return features


def _even_and_odd(one: Callable[[Params, Array], Array],
                  mirror: Transform) -> Callable[[Params, Array], Array]:

  def features(params: Params, x: Array) -> Array:
    own, other = one(params, x), one(params, mirror(x))
    return jnp.concatenate([own + other, own - other]) / 2

  return features


def _mask(parities: Sequence[int], num_quantities: int,
          width: int) -> np.ndarray:
  """Which of the even, then odd features a quantity may read."""
  if len(parities) != num_quantities or set(parities) - {1, -1}:
    raise ValueError("`parities` must name 1 or -1 for each quantity: got "
                     f"{tuple(parities)} for {num_quantities}.")
  even = np.asarray(parities)[None] > 0
  return np.repeat(np.concatenate([even, ~even]), width, axis=0) * 1.0


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
) -> ConservedNet:
  """A multilayer perceptron for K conserved quantities.

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

  Returns:
    A `ConservedNet`.

  Raises:
    ValueError: without a hidden layer; for parities that are not K signs, or
      without a mirror.

  Example:
    >>> net = conserved_mlp(jax.random.key(0), 2, invariances=[flip(1)])
    >>> up, down = jnp.array([.3, 2.]), jnp.array([.3, -2.])
    >>> bool(net.apply(net.params, up)[0] == net.apply(net.params, down)[0])
    True
  """
  if not hidden:
    raise ValueError("`hidden` must name at least one layer: got ().")
  if parities and mirror is None:
    raise ValueError("`parities` need `mirror`, the map they are meant for.")
  key_net, key_bias, key_readout = jax.random.split(key, 3)
  body = MLP(size,
             hidden[:-1],
             hidden[-1],
             activation=activation,
             use_last_bias=True,
             rngs=nnx.Rngs(key_net))
  spread = jnp.ones(size) if scale is None else jnp.asarray(scale)
  centre = jnp.zeros(size) if mean is None else jnp.asarray(mean)
  for i, layer in enumerate(body.layers):
    # Biases at zero would make every feature odd: none could be an energy.
    bias = 0.5 * jax.random.normal(jax.random.fold_in(key_bias, i),
                                   (layer.out_features,))
    if i == 0:
      kernel = layer.kernel[...] / spread[:, None]
      layer.kernel, bias = nnx.Param(kernel), bias - centre @ kernel
    layer.bias = nnx.Param(bias)
  graph, state = nnx.split(body, nnx.Param)
  treedef = jax.tree.structure(state)

  def one(params: Params, x: Array) -> Array:
    leaves = jax.tree.leaves(params["features"])
    inputs = x if transform is None else transform(x)
    module = nnx.merge(graph, jax.tree.unflatten(treedef, leaves))
    return activation(module(inputs))

  features = _averaged(one, invariances)
  mask = None
  if mirror is not None:
    features = _even_and_odd(features, mirror)
    mask = _mask(parities, num_quantities, hidden[-1])

  def apply(params: Params, x: Array) -> Array:
    readout = params["readout"]
    return features(params, x) @ (readout if mask is None else readout *
                                  mask.astype(readout.dtype))

  size_out = hidden[-1] * (1 if mirror is None else 2)
  readout = jax.random.normal(key_readout, (size_out, num_quantities))
  params = {
      "features": nnx.to_pure_dict(state),
      "readout": readout / jnp.sqrt(hidden[-1])
  }
  return ConservedNet(features, apply, params, mask)


def flip(*columns: int) -> Transform:
  """The map that reverses some columns, for instance all momenta.

  Args:
    columns: which.

  Returns:
    `state [D] -> [D]`.

  Example:
    >>> flip(1)(jnp.array([2., 3.])).tolist()
    [2.0, -3.0]
  """
  index = jnp.array(columns)
  return lambda x: x.at[index].multiply(-1.0)


def planar_invariants(x: Array,
                      radial: Callable[[Array], Array] | None = None) -> Array:
  """What rotations of the plane leave of a position and a velocity.

    (|q|^2, |v|^2, q . v, q x v)

  Args:
    x: `[4]`, position (2) and velocity (2).
    radial: a function of |q|^2 to be used instead of it, for instance `jnp.log`
      where a force is singular at the centre.

  Returns:
    `[4]`, in products of the units.

  Example:
    >>> planar_invariants(jnp.array([1., 0., 0., 2.])).tolist()
    [1.0, 4.0, 0.0, 2.0]
  """
  q, v = x[:2], x[2:]
  distance = q @ q if radial is None else radial(q @ q)
  return jnp.stack([distance, v @ v, q @ v, q[0] * v[1] - q[1] * v[0]])
