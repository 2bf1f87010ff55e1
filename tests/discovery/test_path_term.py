"""Integrals along trajectories: values, noise, units."""

import numpy as np
import pytest

from noether_jax.data.columns import parse_columns
from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.subject import variable
from noether_jax.symbolic.units import parse_with_factor

_COLUMNS = parse_columns("q:m,v:m/s")


def _friction(power=2, **more):
  return PathTerm.make(((Atom("norm", (1,)), power),), _COLUMNS, **more)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_integral(power):
  t = np.linspace(0., 3., 400)
  states = np.stack([t**2, 2 * t], 1)
  along = _friction(power).along(t, states)
  assert along[0] == 0.
  np.testing.assert_allclose(along,
                             2**power * t**(power + 1) / (power + 1),
                             rtol=1e-6,
                             atol=1e-9)


def test_uneven_times():
  t = np.sort(np.random.default_rng(0).uniform(0., 2., 300))
  states = np.stack([np.sin(t), np.cos(t)], 1)
  exact = t / 2 + np.sin(2 * t) / 4
  np.testing.assert_allclose(_friction().along(t, states),
                             exact - exact[0],
                             atol=1e-5)


def test_noise_changes_the_rate():
  states = np.stack([np.zeros(5), np.arange(5.)], 1)
  swing = _friction().swing(states, np.array([.1, .1]))
  assert swing.shape == (5, 2)
  np.testing.assert_allclose(swing[:, 0], 0.)
  np.testing.assert_allclose(swing[:, 1], 2 * .1 * np.arange(5.))
  assert _friction().swing(states, np.zeros(2)).shape == (5, 0)


def test_words_and_unit():
  second = parse_with_factor("s")[0]
  term = _friction(time=second)
  assert "v" in term.text and term.text.startswith("integral(")
  assert str(term.unit) == "m^2/s" and term.loss and not term.is_square
  assert term.cost == term.rate.cost and term.degree == term.rate.degree
  work = PathTerm.make((variable(0), variable(1)), _COLUMNS, loss=False)
  assert not work.loss


@pytest.mark.parametrize("power, wanted", [(2, .04), (3, .12)])
def test_noise_adds_to_the_rate_on_average(power, wanted):
  states = np.stack([np.zeros(5), np.ones(5)], 1)
  excess = _friction(power).excess(states, np.array([.1, .2]))
  np.testing.assert_allclose(excess, wanted, rtol=1e-9)
  assert not _friction(power).excess(states, np.zeros(2)).any()


def test_what_noise_adds_is_left_out():
  t = np.linspace(0., 3., 50)
  states = np.stack([t, 2 * np.ones(50)], 1)
  along = _friction().along(t, states, np.ones(50))
  np.testing.assert_allclose(along, 3 * t, atol=1e-12)
