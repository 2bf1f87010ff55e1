"""What is known of a system's symmetries; g is built with them."""

import functools
from typing import Any

import jax.numpy as jnp

from noether_jax import networks

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
