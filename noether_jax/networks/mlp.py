"""Multilayer perceptrons, with the initialisation of the HNN baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flax import nnx
import jax
import jax.numpy as jnp

from noether_jax.errors import InputError
from noether_jax.types import Array
from noether_jax.types import Key
from noether_jax.types import Params

Activation = Callable[[Array], Array]
Apply = Callable[..., Any]


class MLP(nnx.Module):
  """Dense layers with an activation between them.

  Kernels are orthogonal, as in the baseline of Hamiltonian Neural Networks
  (Greydanus et al. 2019); biases begin at zero.
  """

  def __init__(self, in_size: int, hidden: Sequence[int], out_size: int, *,
               activation: Activation, use_last_bias: bool, rngs: nnx.Rngs):
    sizes = [in_size, *hidden, out_size]
    last = len(sizes) - 2
    self.layers = nnx.List([
        nnx.Linear(before,
                   after,
                   use_bias=use_last_bias or i < last,
                   kernel_init=nnx.initializers.orthogonal(),
                   rngs=rngs)
        for i, (before, after) in enumerate(zip(sizes, sizes[1:]))
    ])
    self.activation = activation

  def __call__(self, x: Array) -> Array:
    for layer in self.layers[:-1]:
      x = self.activation(layer(x))
    return self.layers[-1](x)


def functional(module: nnx.Module,
               method: str = "__call__") -> tuple[Apply, Params]:
  """Split an NNX module once into a pure function and a plain tree.

  Only variables of type `nnx.Param` are parameters. All other variables (batch
  statistics, random-number state, counters) keep their values: what a call
  changes in them is discarded.

  Args:
    module: any NNX module, in evaluation mode if it has batch statistics.
    method: the name of the module's method that is called.

  Returns:
    `(apply, params)`: `apply(params, *args)` calls the module; `params` is a
    nested dict of arrays.

  Raises:
    InputError: by `apply`, if the call updates batch statistics.

  Example:
    >>> apply, params = functional(nnx.Linear(2, 3, rngs=nnx.Rngs(0)))
    >>> apply(params, jnp.ones(2)).shape
    (3,)
  """
  split: Any = nnx.split(module, nnx.Param, nnx.BatchStat, ...)
  graph, state, *fixed = split
  treedef = jax.tree.structure(state)
  statistics = jax.tree.leaves(fixed[0])

  def apply(params: Params, *args: Any, **kwargs: Any) -> Any:
    leaves = jax.tree.leaves(params)
    # A copy, because a call may set variables, and may do so while traced.
    merged = nnx.merge(graph,
                       jax.tree.unflatten(treedef, leaves),
                       *fixed,
                       copy=True)
    out = getattr(merged, method)(*args, **kwargs)
    after = jax.tree.leaves(nnx.state(merged, nnx.BatchStat))
    if any(a is not b for a, b in zip(statistics, after)):
      raise InputError(
          f"{type(module).__name__} updates its batch statistics when it is "
          "called: use it in evaluation mode, with use_running_average=True.")
    return out

  return apply, nnx.to_pure_dict(state)


def mlp(
    key: Key,
    in_size: int,
    out_size: int,
    *,
    hidden: Sequence[int] = (200, 200),
    activation: Activation = jnp.tanh,
    use_last_bias: bool = True,
) -> tuple[Apply, Params]:
  """Return a multilayer perceptron as a pure function.

  Args:
    key: consumed by the initialisation.
    in_size: size of the input D.
    out_size: size of the output.
    hidden: widths of the hidden layers.
    activation: applied after every layer but the last.
    use_last_bias: whether the last layer has a bias.

  Returns:
    `(apply, params)`; `apply(params, x [..., in_size]) -> [..., out_size]`.

  Example:
    >>> apply, params = mlp(jax.random.key(0), 2, 3)
    >>> apply(params, jnp.ones(2)).shape
    (3,)

  Reference:
    Greydanus, Dzamba and Yosinski, Hamiltonian Neural Networks, NeurIPS 2019.
  """
  return functional(
      MLP(in_size,
          hidden,
          out_size,
          activation=activation,
          use_last_bias=use_last_bias,
          rngs=nnx.Rngs(key)))


def hamiltonian(
    key: Key,
    size: int,
    *,
    hidden: Sequence[int] = (200, 200),
    activation: Activation = jnp.tanh,
) -> tuple[Apply, Params]:
  """Return a Hamiltonian neural network: its field conserves a learned energy.

    dq/dt = dH/dp,  dp/dt = -dH/dq

  Args:
    key: consumed by the initialisation.
    size: size D of the state `(q, p)`, even; the first half is q.
    hidden: widths of the hidden layers of H.
    activation: between the layers.

  Returns:
    `(apply, params)`; `apply(params, x [D]) -> dx/dt [D]`.

  Raises:
    ValueError: if `size` is odd.

  Example:
    >>> apply, params = hamiltonian(jax.random.key(0), 2)
    >>> apply(params, jnp.ones(2)).shape
    (2,)

  Reference:
    Greydanus, Dzamba and Yosinski, Hamiltonian Neural Networks, NeurIPS 2019,
    Eq. 2.
  """
  if size % 2:
    raise ValueError(
        f"`size` must be even, positions then momenta: got {size}.")
  energy, params = mlp(key,
                       size,
                       1,
                       hidden=hidden,
                       activation=activation,
                       use_last_bias=False)

  def apply(params: Params, x: Array) -> Array:
    gradient = jax.grad(lambda state: energy(params, state)[0])(x)
    return jnp.concatenate([gradient[size // 2:], -gradient[:size // 2]])

  return apply, params
