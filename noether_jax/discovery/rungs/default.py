"""The rungs that a search climbs, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.rungs.bodies import attraction
from noether_jax.discovery.rungs.bodies import bodies
from noether_jax.discovery.rungs.bodies import distances
from noether_jax.discovery.rungs.bodies import moments
from noether_jax.discovery.rungs.bodies import springs
from noether_jax.discovery.rungs.central import central
from noether_jax.discovery.rungs.central import radial
from noether_jax.discovery.rungs.exponentials import exponentials
from noether_jax.discovery.rungs.functions import functions
from noether_jax.discovery.rungs.lattice import lattice
from noether_jax.discovery.rungs.lenz import lenz
from noether_jax.discovery.rungs.linear import linear
from noether_jax.discovery.rungs.logarithms import logarithms
from noether_jax.discovery.rungs.losses import losses
from noether_jax.discovery.rungs.losses import losses_on_a_line
from noether_jax.discovery.rungs.mechanics import mechanics
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
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term

Rung = Callable[[Subject], Sequence[Term | PathTerm]]

default: tuple[Rung, ...] = (
    weighted,
    linear,
    central,
    attraction,
    springs,
    bodies,
    moments,
    quadratic,
    lenz,
    logarithms,
    functions,
    exponentials,
    mechanics,
    pairs,
    radial,
    distances,
    forces,
    lattice,
    rotors,
    sines,
    torques,
    reactions,
    polynomials,
    waves,
    trigonometric,
    products,
    powers,
    losses,
    losses_on_a_line,
    tuned,
)
