"""The untrained g of a system, built with the symmetries that are known."""

from collections.abc import Callable, Sequence
import functools
from typing import Any

import jax
import jax.numpy as jnp

from datasets.systems.system import System
from noether_jax import networks
from noether_jax.learned.augmentation import Symmetry

Array = jax.Array

# A central force: g sees what rotations leave, and a reflection of the plane
# keeps the energy and reverses the angular momentum. Without this reflection, g
# would be two unrelated functions for the two senses of rotation, because no
# data connect their orbits.
KNOWN: dict[str, dict[str, Any]] = {
    "kepler": {
        "transform":
            functools.partial(networks.planar_invariants, radial=jnp.log),
        "mirror":
            networks.flip(1, 3),
        "parities": (1, -1),
        "momenta": (0, 2, 1, 1),
    },
}


def _turned(key: Array, x: Array) -> Array:
  """Vectors of a plane, turned about its centre, every other time mirrored."""
  angle, side = jax.random.split(key)
  turn = jax.random.uniform(angle, (), x.dtype, 0, 2 * jnp.pi)
  sign = jax.random.rademacher(side, (), x.dtype)
  cos, sin = jnp.cos(turn), jnp.sin(turn)
  matrix = jnp.stack([jnp.stack([cos, sin]), sign * jnp.stack([-sin, cos])])
  return (x.reshape(-1, 2) @ matrix).reshape(x.shape)


def _isolated(key: Array, x: Array) -> Array:
  """Two equal bodies alone in a plane, turned, shifted, exchanged."""
  turn, shift, exchange = jax.random.split(key, 3)
  place, momentum = _turned(turn, x).reshape(2, 2, 2)
  place = place + jax.random.normal(shift, (1, 2), x.dtype) / 2
  both = jnp.stack([place, momentum])
  return jnp.where(jax.random.bernoulli(exchange), both[:, ::-1],
                   both).reshape(x.shape)


# Symmetries that are known of a system without being built into its g.
SYMMETRIES: dict[str, Symmetry] = {
    "nonlinear_spring": _turned,
    "two_body": _isolated,
}

# What shifts of all bodies do not change: g has learned from shifted copies.
UNSHIFTED: dict[str, Callable[[Array], Array]] = {
    "two_body": lambda x: jnp.concatenate([x[:2] - x[2:4], x[4:]]),
}


def seen(system: System) -> Callable[[Array], Array]:
  """The part of a state `[D]` that is compared with states g has seen."""
  known = KNOWN.get(system.name, {}).get("transform", lambda x: x)
  return UNSHIFTED.get(system.name, known)


def make(key: Array, system: System, states: Array, *, hidden: Sequence[int],
         activation: str, mechanical: bool) -> networks.ConservedNet:
  """A network that standardises what it sees of a seed's states.

  Args:
    key: consumed by the initialisation.
    system: its entry in KNOWN is used if there is one.
    states: `[N, T, D]`.
    hidden: widths.
    activation: a function of jax.numpy.
    mechanical: whether g is a polynomial in the system's momenta.

  Returns:
    A `ConservedNet` for states `[D]`.
  """
  known = dict(KNOWN.get(system.name, {}))
  degrees = [int(i in system.momenta) for i in range(states.shape[-1])]
  momenta = known.pop("momenta", degrees)
  flat = states.reshape(-1, states.shape[-1])
  if "mirror" in known:
    flat = jnp.concatenate([flat, jax.vmap(known["mirror"])(flat)])
  if "transform" in known:
    flat = jax.vmap(known["transform"])(flat)
  return networks.conserved_mlp(key,
                                flat.shape[1],
                                len(system.law_names),
                                hidden=hidden,
                                momenta=momenta if mechanical else (),
                                activation=getattr(jnp, activation),
                                mean=jnp.mean(flat, 0),
                                scale=jnp.std(flat, 0),
                                **known)
