"""The rungs that a search climbs, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.rungs.central import central
from noether_jax.discovery.rungs.linear import linear
from noether_jax.discovery.rungs.logarithms import logarithms
from noether_jax.discovery.rungs.losses import losses
from noether_jax.discovery.rungs.mechanics import mechanics
from noether_jax.discovery.rungs.polynomials import polynomials
from noether_jax.discovery.rungs.quadratic import quadratic
from noether_jax.discovery.rungs.trigonometric import trigonometric
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term

Rung = Callable[[Subject], Sequence[Term | PathTerm]]

default: tuple[Rung, ...] = (
    linear,
    quadratic,
    central,
    logarithms,
    mechanics,
    polynomials,
    trigonometric,
    losses,
)
