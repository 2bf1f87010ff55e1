"""What a law mends of a field's error, on fields whose errors are known."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax.app import diagnosis
from noether_jax.app.held_out import HeldOut
from noether_jax.data.columns import parse_columns
from noether_jax.discovery.evidence import Evidence
from noether_jax.discovery.forms import Combination
from noether_jax.discovery.law import Law
from noether_jax.discovery.terms import Atom
from noether_jax.discovery.terms import Term

_TIMES = np.arange(1, 41) * .1
_COLUMNS = parse_columns("x,y,vx,vy")


def _law(*powers):
  """The sum of products of the columns, `{index: power}` each."""
  terms = tuple(
      Term.make([(Atom("var", (i,)), n)
                 for i, n in p.items()], _COLUMNS)
      for p in powers)
  ones = np.ones(len(terms))
  return Law(_COLUMNS, Combination(terms, ones, 0 * ones, 7),
             Evidence(1e-9, 1e-9, 1e9, 0.), "conserved")


ENERGY = _law({0: 2}, {1: 2}, {2: 2}, {3: 2})


def _oscillators():
  """Two bodies of a planar spring, their states and derivatives."""
  phases = np.array([[0., 1.], [2., .5]])
  time = np.concatenate([[0.], _TIMES])[None, :, None] + phases[:, None]
  q, v = np.cos(time), -np.sin(time)
  paths = np.concatenate([q, v], -1)
  slopes = np.concatenate([v, -q], -1)
  return HeldOut(paths[:, 0], paths[:, 1:], np.tile(_TIMES, (2, 1)),
                 paths.reshape(-1, 4), slopes.reshape(-1, 4))


def test_a_law_fixes_the_size_of_a_velocity():
  part = _oscillators()
  assert diagnosis.speed_only(ENERGY, part) == ("vx", "vy")


def test_angular_momentum_does_not():
  turning = _law({0: 1, 3: 1})
  assert diagnosis.speed_only(turning, _oscillators()) == ()


def test_columns_that_are_no_derivative_are_no_velocity():
  part = _oscillators()
  part = dataclasses.replace(part, derivatives=3 * part.derivatives)
  assert diagnosis.speed_only(ENERGY, part) == ()


@pytest.mark.parametrize("direction,wanted", [("along", 1.), ("across", 0.)])
def test_share_of_errors_along_the_gradient(direction, wanted):
  part = _oscillators()
  x = part.paths
  turned = np.stack([x[..., 1], -x[..., 0], x[..., 3], -x[..., 2]], -1)
  gaps = .1 * (x if direction == "along" else turned)[None]
  share = diagnosis.share_along([ENERGY], part, gaps, np.ones(4))
  np.testing.assert_allclose(share, wanted, atol=1e-9)
  assert not diagnosis.share_along([ENERGY], part, 100 * gaps, np.ones(4))


def test_a_law_without_a_gradient_mends_nothing_there():
  part = _oscillators()
  # |x| has no gradient at 0, to which a path of zeros is set.
  still = dataclasses.replace(part, paths=0 * part.paths)
  distance = lambda x: jnp.sqrt(jnp.sum(x**2))
  gaps = np.full((1, *part.paths.shape), .1)
  assert diagnosis.share_along([distance], still, gaps, np.ones(4)) == 0.


def test_errors_of_a_field_and_what_is_left_of_them():
  part = _oscillators()
  true = lambda x: jnp.concatenate([x[2:], -x[:2]])
  wrong = lambda p, x: true(x) + .2 * p * x
  errors = diagnosis.field_errors(wrong, jnp.ones(3), part, np.full(4, 2.))
  np.testing.assert_allclose(errors[1], .1 * part.states, atol=1e-6)
  other = np.stack([errors[..., 1], -errors[..., 0]], -1)
  other = np.concatenate([other, 0 * other], -1)
  ratio = diagnosis.across([ENERGY], part, errors + other, 2 * (errors + other),
                           np.ones(4))
  np.testing.assert_allclose(ratio, 2., rtol=1e-6)


def test_growth_of_small_deviations():
  part = _oscillators()
  spread = np.array([1., 2., 3., 4.])
  moved = diagnosis.deviated(part, spread)
  distance = np.linalg.norm((moved.start - part.start) / spread, axis=1)
  np.testing.assert_allclose(distance, 1e-3)
  rolled = part.paths[None]
  ends = rolled + 5 * (moved.start - part.start)[None, :, None]
  np.testing.assert_allclose(diagnosis.growth(rolled, ends, part, spread), 5.)
  assert diagnosis.growth(rolled, ends * np.nan, part, spread) == np.inf
