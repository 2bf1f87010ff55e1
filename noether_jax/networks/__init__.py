"""Flax NNX definitions, split once into (apply, params)."""

from noether_jax.networks.mlp import functional
from noether_jax.networks.mlp import hamiltonian
from noether_jax.networks.mlp import MLP
from noether_jax.networks.mlp import mlp

__all__ = ["MLP", "functional", "hamiltonian", "mlp"]
