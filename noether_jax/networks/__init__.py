"""Flax NNX definitions, split once into (apply, params)."""

from noether_jax.networks.conserved import conserved_mlp
from noether_jax.networks.conserved import ConservedNet
from noether_jax.networks.symmetries import flip
from noether_jax.networks.symmetries import planar_invariants
from noether_jax.networks.mlp import functional
from noether_jax.networks.mlp import hamiltonian
from noether_jax.networks.mlp import MLP
from noether_jax.networks.mlp import mlp

__all__ = [
    "ConservedNet", "MLP", "conserved_mlp", "flip", "functional", "hamiltonian",
    "mlp", "planar_invariants"
]
