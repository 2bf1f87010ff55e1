"""The untrained g of a system, built with the symmetries that are known."""

from collections.abc import Sequence
import functools
from typing import Any

import jax
import jax.numpy as jnp

from noether_jax import networks

Array = jax.Array

# A central force: g sees what rotations leave, and a reflection of the plane
# keeps the energy and reverses the angular momentum. Without that, g would be
# two unrelated functions for orbits of either sense, which no data connect.
KNOWN: dict[str, dict[str, Any]] = {
    "kepler": {
        "transform":
            functools.partial(networks.planar_invariants, radial=jnp.log),
        "mirror":
            networks.flip(1, 3),
        "parities": (1, -1),
    },
}


def make(key: Array, system: str, states: Array, num_quantities: int, *,
         hidden: Sequence[int], activation: str) -> networks.ConservedNet:
  """A network that standardises what it sees of a seed's states.

  Args:
    key: consumed by the initialisation.
    system: a name; its entry in KNOWN is used if there is one.
    states: `[N, T, D]`.
    num_quantities: K.
    hidden: widths.
    activation: a function of jax.numpy.

  Returns:
    A `ConservedNet` for states `[D]`.
  """
  known = KNOWN.get(system, {})
  flat = states.reshape(-1, states.shape[-1])
  if "mirror" in known:
    flat = jnp.concatenate([flat, jax.vmap(known["mirror"])(flat)])
  if "transform" in known:
    flat = jax.vmap(known["transform"])(flat)
  return networks.conserved_mlp(key,
                                flat.shape[1],
                                num_quantities,
                                hidden=hidden,
                                activation=getattr(jnp, activation),
                                mean=jnp.mean(flat, 0),
                                scale=jnp.std(flat, 0),
                                **known)
