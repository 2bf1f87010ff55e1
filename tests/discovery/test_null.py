"""The null against coincidence is calibrated, and sees a law."""

import numpy as np
import pytest
import scipy.stats

from benchmarks.systems import SAMPLINGS
from noether_jax import rungs
from noether_jax.discovery import null
from noether_jax.discovery import Subject
from noether_jax.discovery.features import Features
from tests.discovery import observed


def _p_value(states, columns, rung=rungs.quadratic, seed=0):
  samples = observed.samples(states, columns)
  features = Features.make(samples, rung(Subject(samples.variables)))
  known = np.zeros((len(features.slopes), 0, len(samples.variables)))
  return null.joined(features, np.flatnonzero(features.usable), known,
                     seed).p_value


def _joined(states, pieces, random):
  """Trajectories of which each piece comes from another one, at random."""
  parts = [np.array_split(s, pieces) for s in states]
  orders = [np.arange(len(states))
           ] + [random.permutation(len(states)) for _ in range(pieces - 1)]
  return [
      np.concatenate([parts[order[n]][k]
                      for k, order in enumerate(orders)])
      for n in range(len(states))
  ]


@pytest.mark.parametrize("count,pieces", [(10, 2), (4, 4)])
def test_p_values_of_joined_pieces_are_uniform(count, pieces):
  values = []
  for seed in range(60):
    states, _ = observed.circles(count, 60, seed=seed)
    broken = _joined(states, pieces, np.random.default_rng(seed))
    values.append(_p_value(broken, "x,v", seed=seed))
  assert scipy.stats.kstest(values, "uniform").pvalue > 1e-3
  assert np.mean(np.array(values) < .05) < .15


@pytest.mark.parametrize("name", ["spring", "Lotka-Volterra", "Kepler"])
def test_a_law_has_the_smallest_p_value(name):
  rung = rungs.logarithms if name == "Lotka-Volterra" else rungs.quadratic
  data = SAMPLINGS[name].draw(10, 0., 0)
  samples = observed.samples(data.states,
                             "a,b,c,d"[:2 * len(data.variables) - 1])
  positive = (0, 1) if name == "Lotka-Volterra" else ()
  features = Features.make(samples,
                           rung(Subject(samples.variables, positive=positive)))
  known = np.zeros((len(features.slopes), 0, len(samples.variables)))
  every = np.arange(len(features.terms))
  assert null.joined(features, every, known, 0).p_value == .01


def test_points_in_no_relation_have_no_small_p_value():
  random = np.random.default_rng(0)
  values = [
      _p_value([random.normal(size=(40, 2))
                for _ in range(10)], "x,v", seed=n)
      for n in range(20)
  ]
  assert .2 < np.mean(values) < .8


def test_the_best_of_several_libraries_is_compared_with_the_best_of_each_draw():
  one = null.Null(.1, np.array([.2, .05, .3]))
  two = null.Null(.25, np.array([.01, .5, .6]))
  both = null.Null.best([one, two])
  assert both.observed == .1 and both.drawn.tolist() == [.01, .05, .3]
  assert both.p_value == .75 and one.p_value == .5
  assert null.Null.best([]) is None


def test_the_same_seed_joins_the_same_pieces():
  states, _ = observed.circles(10, 60)
  random = np.random.default_rng(0)
  noisy = [s + random.normal(size=s.shape) for s in states]
  assert _p_value(noisy, "x,v", seed=3) == _p_value(noisy, "x,v", seed=3)
