"""Symmetries that laws generate."""

import numpy as np
import pytest

from benchmarks.systems import SAMPLINGS
from noether_jax import discover
from noether_jax.data.columns import parse_columns
from noether_jax.discovery.evidence import Evidence
from noether_jax.discovery.forms import Combination
from noether_jax.discovery.law import Law
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.symmetry import symmetries

_PLANE = parse_columns("x,y,px,py")
_BODIES = parse_columns("x1,y1,x2,y2,vx1,vy1,vx2,vy2")


def _named(columns, pairs, texts, coefficients, ratio=0.):
  terms = Subject(columns).terms(*texts)
  form = Combination(terms, np.array(coefficients), np.zeros(len(terms)))
  law = Law(columns, form, Evidence(ratio, ratio, 1., 0.), "conserved")
  states = np.random.default_rng(0).normal(size=(200, len(columns)))
  return symmetries([law], pairs, states)[0]


@pytest.mark.parametrize("texts,coefficients,wanted", [
    (["x*py", "y*px"], [1., -1.], "rotation about z"),
    (["x*py", "y*px"], [1., 1.], None),
    (["x*py", "y*px"], [1., -1.2], None),
    (["x*px", "y*py"], [1., 1.], "scaling"),
    (["px"], [1.], "shift along x"),
    (["px", "py"], [1., 1.], None),
    (["x^3", "px"], [1., 1.], None),
])
def test_one_body_in_the_plane(texts, coefficients, wanted):
  pairs = ((0, 2), (1, 3))
  assert _named(_PLANE, pairs, texts, coefficients) == wanted


def test_without_pairs_there_is_none():
  assert _named(_PLANE, (), ["px"], [1.]) is None
  assert _named(_PLANE, ((0, 2),), ["px"], [1.]) is None


def test_each_body_turns_by_itself():
  pairs = tuple((i, i + 4) for i in range(4))
  turn = ["x1*vy1", "y1*vx1", "x2*vy2", "y2*vx2"]
  assert _named(_BODIES, pairs, turn, [1, -1, 1, -1]) == "rotation about z"
  mixed = ["x1*vy2", "y1*vx2", "x2*vy1", "y2*vx1"]
  assert _named(_BODIES, pairs, mixed, [1, -1, 1, -1]) is None
  half = ["x1*vy1", "y1*vx1"]
  assert _named(_BODIES, pairs, half, [1, -1]) is None


def test_noise_blurs_a_generator():
  pairs = ((0, 2), (1, 3))
  turn = ["x*py", "y*px"]
  assert _named(_PLANE, pairs, turn, [1., -1.01]) is None
  assert _named(_PLANE, pairs, turn, [1., -1.01], 1e-3) == "rotation about z"


def test_unequal_masses_come_from_the_energy():
  found = discover(SAMPLINGS["three carts"].draw(20, 0., 0))
  assert {law.symmetry for law in found.laws
         } == {"shift in time", "shift along x"}


def test_losses_break_the_shift_in_time():
  found = discover(SAMPLINGS["damped spring"].draw(20, 0., 0))
  assert [law.verdict for law in found.laws] == ["balance"]
  assert [law.symmetry for law in found.laws] == [None]
