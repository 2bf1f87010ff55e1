"""An Equinox network of a pendulum's motion, made to keep the law."""

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax

from examples import pendulum
import noether_jax as nj


def main():
  """Return a figure: long rollouts with and without the law."""
  states = np.stack([pendulum.swing(q) for q in np.linspace(.4, 2.8, 8)])
  found = nj.discover(states, pendulum.TIMES, columns="q:rad,w:rad/s")

  x = states.reshape(-1, 2)
  derivatives = np.stack(pendulum.field(0, x.T), -1)
  model = eqx.nn.MLP(2, 2, 32, 2, jax.nn.tanh, key=jax.random.key(0))
  loss = lambda m: jnp.mean((jax.vmap(m)(x) - derivatives)**2)
  adam = optax.adam(3e-3)
  state = adam.init(eqx.filter(model, eqx.is_array))
  step = eqx.filter_jit(lambda m, s: adam.update(eqx.filter_grad(loss)(m), s))
  for _ in range(500):
    updates, state = step(model, state)
    model = eqx.apply_updates(model, updates)

  fields = {"network": model, "keeping the law": nj.conserve(model, found)}
  figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
  for name, field in fields.items():
    path = nj.rollout(nj.rk4(field, .05), jnp.array([2., 0.]), 1200)
    axes[0].plot(*path.T, lw=.7, label=name)
    axes[1].plot(.05 * np.arange(1200), found.laws[0](path), label=name)
  axes[0].set(xlabel="q (rad)", ylabel="w (rad/s)", title="rollout of 60 s")
  axes[1].set(xlabel="t (s)", title=found.laws[0].text)
  axes[1].legend()
  return figure
