"""Laws of every kind, made by hand."""

import jax.numpy as jnp
import numpy as np

from noether_jax import Law
from noether_jax import rungs
from noether_jax.data.columns import parse_columns
from noether_jax.discovery import Combination
from noether_jax.discovery import Evidence
from noether_jax.discovery import naming
from noether_jax.discovery import Network
from noether_jax.discovery import Subject
from noether_jax.discovery.terms import Term
from noether_jax.discovery.vectors import find_vectors

GOOD = Evidence(1e-9, 1e-9, 1., 0.)


def subject(columns, **roles):
  """What the columns' names and units tell of their roles."""
  variables = parse_columns(columns)
  pairs = {
      min(places): i
      for i, places in naming.velocities(variables).items()
      if len(places) == 1
  }
  known = {
      "velocities": tuple(sorted(pairs.items())),
      "vectors": find_vectors(variables)
  }
  return Subject(variables, **{**known, **roles})


def candidates(columns, **roles):
  """The terms of all rungs by their text."""
  known = subject(columns, **roles)
  return {
      t.text: t
      for rung in rungs.default for t in rung(known) if isinstance(t, Term)
  }


def make(columns, spread=0., **coefficients):
  """A law of the named terms; of every few ones if none is named."""
  variables = parse_columns(columns)
  terms = candidates(columns)
  names = list(coefficients)
  if not coefficients:
    names = list(terms)[::max(1, len(terms) // 30)]
    values = np.linspace(1, 2, len(names))
  else:
    values = np.array(list(coefficients.values()))
  form = Combination(tuple(terms[n] for n in names), values,
                     np.full(len(names), spread))
  return Law(variables, form, GOOD, "conserved")


def states_of(law, *shape):
  """Random states `[*shape, D]` at which every term is finite."""
  random = np.random.default_rng(0)
  return random.uniform(.5, 2., (*shape, len(law.variables)))


# Every kind of term: angles, their differences, vectors, distances.
KINDS = {
    "angles": make("a:rad,b:rad,w:1/s,u:1/s"),
    "bodies": make("x1:m,y1:m,vx1:m/s,vy1:m/s,x2:m,y2:m,vx2:m/s,vy2:m/s")
}


def _square_and_product(params, state):
  return params["w"] * jnp.array([state[0]**2, state[0] * state[1]])


KINDS["network"] = Law(
    parse_columns("q,p"),
    Network(_square_and_product, {"w": jnp.float64(2.)}, component=1), GOOD,
    "conserved")
