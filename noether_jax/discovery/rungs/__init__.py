"""Small libraries of candidate terms, one after the other.

A rung is a function that makes terms of a `Subject`, which knows the columns
and their roles. `default` holds those that a search climbs. To add one:
`discover(..., rungs=[*rungs.default, mine])`.
"""

# Not lazily: modules have the names of their functions, and the import of a
# module would hide its function.
from noether_jax.discovery.rungs.bodies import attraction
from noether_jax.discovery.rungs.bodies import bodies
from noether_jax.discovery.rungs.bodies import distances
from noether_jax.discovery.rungs.bodies import moments
from noether_jax.discovery.rungs.bodies import springs
from noether_jax.discovery.rungs.central import central
from noether_jax.discovery.rungs.central import radial
from noether_jax.discovery.rungs.default import default
from noether_jax.discovery.rungs.default import Rung
from noether_jax.discovery.rungs.exponentials import exponentials
from noether_jax.discovery.rungs.functions import functions
from noether_jax.discovery.rungs.given import given
from noether_jax.discovery.rungs.lattice import lattice
from noether_jax.discovery.rungs.lenz import lenz
from noether_jax.discovery.rungs.linear import linear
from noether_jax.discovery.rungs.logarithms import logarithms
from noether_jax.discovery.rungs.losses import losses
from noether_jax.discovery.rungs.losses import losses_on_a_line
from noether_jax.discovery.rungs.mechanics import mechanics
from noether_jax.discovery.rungs.network import network
from noether_jax.discovery.rungs.pairs import forces
from noether_jax.discovery.rungs.pairs import pairs
from noether_jax.discovery.rungs.polynomials import polynomials
from noether_jax.discovery.rungs.powers import powers
from noether_jax.discovery.rungs.products import products
from noether_jax.discovery.rungs.quadratic import quadratic
from noether_jax.discovery.rungs.reactions import reactions
from noether_jax.discovery.rungs.rotors import rotors
from noether_jax.discovery.rungs.sines import sines
from noether_jax.discovery.rungs.torques import torques
from noether_jax.discovery.rungs.trigonometric import trigonometric
from noether_jax.discovery.rungs.tuned import tuned
from noether_jax.discovery.rungs.waves import waves
from noether_jax.discovery.rungs.weighted import weighted

__all__ = [
    "Rung", "attraction", "bodies", "central", "default", "distances",
    "exponentials", "forces", "functions", "given", "lattice", "lenz", "linear",
    "logarithms", "losses", "losses_on_a_line", "mechanics", "moments",
    "network", "pairs", "polynomials", "powers", "products", "quadratic",
    "radial", "reactions", "rotors", "sines", "springs", "torques",
    "trigonometric", "tuned", "waves", "weighted"
]
