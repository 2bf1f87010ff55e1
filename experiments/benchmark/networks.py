"""Networks for dx/dt: how they are made and trained."""

from collections.abc import Callable
from typing import Any, NamedTuple

from absl import logging
import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.benchmark.config import Config
from experiments.benchmark.data import Data
from experiments.benchmark.rolling import FieldFn
from noether_jax import networks
from noether_jax.training.loop import gradient_step
from noether_jax.training.loop import scan_steps

Array = jax.Array


class Network(NamedTuple):
  """A field and its parameters.

  Attributes:
    field: `(params, x [D]) -> dx/dt [D]`.
    params: of the field.
  """
  field: FieldFn
  params: Any


def _scales(data: Data) -> tuple[Array, Array, Array]:
  """Mean and standard deviation of states, standard deviation of dx/dt."""
  dtype = jnp.result_type(float)
  floor = lambda a: np.maximum(a, 1e-6 * a.max())
  return (jnp.asarray(data.states.mean(0),
                      dtype), jnp.asarray(floor(data.states.std(0)), dtype),
          jnp.asarray(floor(data.derivatives.std(0)), dtype))


def vanilla(key: Array, data: Data, config: Config) -> Network:
  """A multilayer perceptron of the standardised state.

  Args:
    key: consumed.
    data: gives the scales.
    config: the widths.

  Returns:
    An untrained network.
  """
  mean, scale, slope = _scales(data)
  size = data.states.shape[1]
  apply, params = networks.mlp(key, size, size, hidden=config.hidden)
  return Network(lambda p, x: apply(p, (x - mean) / scale) * slope, params)


def hamiltonian(key: Array, data: Data, config: Config) -> Network:
  """A Hamiltonian network of the state, whose second half are its momenta.

  Args:
    key: consumed.
    data: gives the number of columns.
    config: the widths.

  Returns:
    An untrained network.
  """
  return Network(
      *networks.hamiltonian(key, data.states.shape[1], hidden=config.hidden))


def loss(field: FieldFn, params: Any, states: Array,
         derivatives: Array) -> Array:
  """Mean squared error of dx/dt."""
  out = jax.vmap(lambda x: field(params, x))(states)
  return jnp.mean((out - derivatives)**2)


def train(network: Network,
          data: Data,
          config: Config,
          key: Array,
          *,
          steps: int,
          learning_rate: float,
          keep: Callable[[FieldFn], FieldFn] = lambda field: field,
          name: str = "training") -> Any:
  """Adam with a cosine schedule; of all checks, the best one is returned.

  Args:
    network: where training begins; that is the first check.
    data: to learn from, and rows that choose.
    config: the batch and the number of checks.
    key: of the batches.
    steps: of Adam.
    learning_rate: at the beginning.
    keep: what makes a field keep laws, to train through it.
    name: for the progress lines.

  Returns:
    Parameters.
  """
  dtype = jnp.result_type(float)
  states, derivatives, rows, slopes = (jnp.asarray(a, dtype)
                                       for a in (data.states, data.derivatives,
                                                 data.validation_states,
                                                 data.validation_derivatives))
  length = max(1, steps // config.checks)
  optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))
  field = keep(network.field)
  step = gradient_step(
      lambda p, index: loss(field, p, states[index], derivatives[index]),
      optimizer)

  @jax.jit
  def chunk(carry: Any, key: Array) -> Any:
    index = jax.random.randint(key, (length, config.batch), 0, len(states))
    return scan_steps(step, carry, index)[0]

  check = jax.jit(lambda p: loss(field, p, rows, slopes))
  carry = network.params, optimizer.init(network.params)
  best, least = network.params, float(check(network.params))
  for k in range(config.checks):
    carry = chunk(carry, jax.random.fold_in(key, k))
    error = float(check(carry[0]))
    if error < least:
      best, least = carry[0], error
  logging.info("%s: validation loss %.6g", name, least)
  return best
