"""What one meta-step costs: factored against materialised, torch and higher.

A 2x200 tanh network, one inner SGD step, the outer gradient included, float32.
Prints one JSON object; every figure is a ratio measured within this run.

  python -m benchmarks.tailoring [--peers=false] [--rounds=7]
"""

from __future__ import annotations

import functools
import json
from typing import Any

from absl import app
from absl import flags
import jax
import jax.numpy as jnp
import optax

from benchmarks import timing
from noether_jax import MetaParams
from noether_jax import networks
from noether_jax import tailored_predict
from noether_jax.dynamics import integrators
from noether_jax.tailoring.residuals import field_residuals
from noether_jax.tailoring.residuals import trajectory_residuals
from noether_jax.training import outer_loop

_ROUNDS = flags.DEFINE_integer("rounds", 7, "Alternated turns per variant.", 1)
_PEERS = flags.DEFINE_boolean(
    "peers", True,
    "Also time torch and higher (pip install noether-jax[peers])")
_DT = 1 / 15
_INNER_RATE = 0.1


def pendulum_energy(phi: jax.Array, x: jax.Array) -> jax.Array:
  """`p^2 - phi cos q` of one state, `[1]`."""
  return (x[1]**2 - phi * jnp.cos(x[0]))[None]


def problem(batch: int, horizon: int) -> tuple[MetaParams, Any, Any]:
  """Parameters, a batch, and the model of a benchmark.

  Args:
    batch: number of examples.
    horizon: Euler steps; 1 means the vector field itself.

  Returns:
    `(params, (x, target), apply)`.
  """
  apply, predictor = networks.mlp(jax.random.key(0), 2, 2)
  x = jax.random.normal(jax.random.key(1), (batch, 2))
  shape = (batch, 2) if horizon == 1 else (batch, horizon, 2)
  target = jax.random.normal(jax.random.key(2), shape)
  return MetaParams(predictor, jnp.float32(3.0)), (x, target), apply


def gradients(apply: Any, horizon: int) -> dict[str, Any]:
  """`(params, batch) -> gradient` for vanilla, factored and materialised."""

  def predict(params: Any, x: jax.Array, key: jax.Array) -> jax.Array:
    del key
    if horizon == 1:
      return apply(params, x)
    step = integrators.euler(functools.partial(apply, params), _DT)
    return integrators.rollout(step, x, horizon)

  residual_fn = (functools.partial(field_residuals, dt=_DT)
                 if horizon == 1 else trajectory_residuals)

  def tailored(implementation: str) -> Any:
    fn = functools.partial(tailored_predict,
                           predict_fn=predict,
                           conserved_fn=pendulum_energy,
                           optimizer=optax.sgd(_INNER_RATE),
                           residual_fn=residual_fn,
                           implementation=implementation)

    def loss(params: MetaParams, batch: Any) -> jax.Array:
      return outer_loop.meta_loss(params,
                                  batch,
                                  jax.random.key(0),
                                  tailored_fn=fn)[0]

    return jax.jit(jax.grad(loss))

  def vanilla(params: MetaParams, batch: Any) -> jax.Array:
    x, target = batch
    out = jax.vmap(lambda x: predict(params.predictor, x, jax.random.key(0)))(x)
    return jnp.mean((out - target)**2)

  return {
      "vanilla": jax.jit(jax.grad(vanilla)),
      "factored": tailored("auto"),
      "materialised": tailored("general"),
  }


def _difference(left: Any, right: Any) -> float:
  """Largest difference of the leaves, relative to their largest entry."""

  def one(a: jax.Array, b: jax.Array) -> float:
    return float(jnp.max(jnp.abs(a - b)) / jnp.max(jnp.abs(b)))

  return max(jax.tree.leaves(jax.tree.map(one, left, right)))


def _memory(function: Any, params: Any, batch: Any) -> int:
  """Bytes of temporary memory that the compiled function needs."""
  return function.lower(params,
                        batch).compile().memory_analysis().temp_size_in_bytes


def measure(batch: int, horizon: int, rounds: int,
            peers: bool) -> dict[str, Any]:
  """The ratios of one configuration.

  Args:
    batch: number of examples.
    horizon: 1, or the number of Euler steps.
    rounds: alternated turns.
    peers: whether to time torch and higher too.

  Returns:
    The JSON object described in the module's docstring.
  """
  params, data, apply = problem(batch, horizon)
  functions = gradients(apply, horizon)
  values = {name: fn(params, data) for name, fn in functions.items()}
  calls = {
      name:
          functools.partial(lambda fn: jax.block_until_ready(fn(params, data)),
                            fn) for name, fn in functions.items()
  }
  if peers:
    # Torch is an extra that only this comparison needs.
    from benchmarks import torch_peers  # pylint: disable=C0415
    calls.update(torch_peers.calls(params, data, _INNER_RATE, _DT))
  seconds = timing.alternate(calls, rounds=rounds)
  ratio = lambda name: seconds[name] / seconds["factored"]
  out = {
      "batch":
          batch,
      "horizon":
          horizon,
      "milliseconds": {
          k: round(1e3 * v, 3) for k, v in seconds.items()
      },
      "meta_over_vanilla":
          seconds["factored"] / seconds["vanilla"],
      "materialised_over_factored":
          ratio("materialised"),
      "max_relative_difference":
          _difference(values["factored"], values["materialised"]),
      "memory_ratio": (_memory(functions["materialised"], params, data) /
                       max(1, _memory(functions["factored"], params, data))),
  }
  if peers:
    out["torch_compile_over_factored"] = ratio("torch_compile")
    out["higher_over_factored"] = ratio("higher")
  return out


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f"unexpected arguments: {argv[1:]}")
  result = {
      "batch_256": measure(256, 1, _ROUNDS.value, _PEERS.value),
      "batch_1024": measure(1024, 1, _ROUNDS.value, _PEERS.value),
      "rollout_8_batch_256": measure(256, 8, _ROUNDS.value, False),
  }
  print(json.dumps(result, indent=2))


if __name__ == "__main__":
  app.run(main)
