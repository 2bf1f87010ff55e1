"""A Noether network is trained: f and the constant of g, through tailoring."""

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import optax

from noether_jax import networks
import noether_jax as nj


def main():
  """Return a figure: the learned constant and the loss, by outer step."""
  apply, theta = networks.mlp(jax.random.key(0), 2, 2, hidden=(32,))
  net = nj.NoetherNetwork(
      predict=lambda theta, x, key: apply(theta, x),  # dx/dt
      conserved=lambda phi, x: (x[1]**2 - phi * jnp.cos(x[0]))[None],
      inner=nj.gauss_newton(),
      of="vector_field")
  key, phi = jax.random.key(0), jnp.array(.5)
  state = net.init(key, theta, phi, outer=optax.adam(1e-2))
  x = jax.random.uniform(jax.random.key(1), (128, 2), minval=-2., maxval=2.)
  batch = (x, jnp.stack([x[:, 1], -jnp.sin(x[:, 0])], -1))
  seen = []
  for number in range(600):
    state, metrics = net.update(state, batch, jax.random.fold_in(key, number))
    seen.append((state.params.conserved, metrics["loss"]))
  figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
  axes[0].plot([c for c, _ in seen])
  axes[0].axhline(2., ls="--", color="grey")  # The true constant.
  axes[0].set(xlabel="outer step", ylabel="constant of g")
  axes[1].semilogy([loss for _, loss in seen])
  axes[1].set(xlabel="outer step", ylabel="loss")
  return figure
