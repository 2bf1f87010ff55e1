"""Small libraries of candidate terms, one after the other.

A rung is a function that makes terms of a `Subject`, which knows the columns
and their roles. `default` holds those that a search climbs. To add one:
`discover(..., rungs=[*rungs.default, mine])`.
"""

# Not lazily: modules have the names of their functions, and the import of a
# module would hide its function.
from noether_jax.discovery.rungs.central import central
from noether_jax.discovery.rungs.default import default
from noether_jax.discovery.rungs.default import Rung
from noether_jax.discovery.rungs.linear import linear
from noether_jax.discovery.rungs.logarithms import logarithms
from noether_jax.discovery.rungs.losses import losses
from noether_jax.discovery.rungs.mechanics import mechanics
from noether_jax.discovery.rungs.polynomials import polynomials
from noether_jax.discovery.rungs.quadratic import quadratic
from noether_jax.discovery.rungs.trigonometric import trigonometric

__all__ = [
    "Rung", "central", "default", "linear", "logarithms", "losses", "mechanics",
    "polynomials", "quadratic", "trigonometric"
]
