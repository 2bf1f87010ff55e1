"""The null against coincidence is calibrated, and sees a law."""

import dataclasses

import numpy as np
import pytest
import scipy.stats

from benchmarks.systems import SAMPLINGS
from noether_jax import rungs
from noether_jax.discovery import Evidence
from noether_jax.discovery import null
from noether_jax.discovery import Subject
from noether_jax.discovery.features import Features
from noether_jax.reporting import verdicts
from tests.discovery import laws
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


def test_pieces_in_which_noise_drowns_all_terms_count_alike():
  # Near 0, the noise of 1/x is infinite.
  states, _ = observed.circles(5, 40)
  states = [s + [3., 0.] for s in states]
  states[0][:10, 0] = .01
  samples = observed.samples(states, "x,v", sigma=[.01, .01])
  features = Features.make(samples,
                           Subject(samples.variables).terms("1/x", "v^2"))
  known = np.zeros((len(features.slopes), 0, 2))
  assert np.isfinite(null.joined(features, np.arange(2), known, 0).observed)


def _found(noisy=True, terms=2):
  texts = ["x^2", "v^2", "x", "v", "x*v"][:terms]
  law = laws.make("x,v", **dict.fromkeys(texts, 1.))
  evidence = Evidence(.01, .01, 1. if noisy else np.inf, 0.)
  return dataclasses.replace(law, evidence=evidence)


def _null(better):
  return null.Null(.01, np.r_[np.full(better, .001), np.full(99 - better, 1.)])


@pytest.mark.parametrize("law,better,lengths,doubt", [
    (_found(), 0, [200] * 5, False),
    (_found(), 4, [200] * 5, False),
    (_found(), 5, [200] * 5, True),
    (_found(False), 5, [200] * 5, True),
    (_found(terms=5), 0, [200] * 3, False),
    (_found(terms=5), 0, [200] * 2, True),
    (_found(False, terms=5), 0, [200] * 2, False),
    (_found(terms=5), 0, [9] * 5, False),
    (_found(terms=5), 0, [9] * 4, True),
])
def test_what_may_be_a_coincidence_is_doubted(law, better, lengths, doubt):
  found = null.doubted(law, _null(better), lengths)
  assert found.evidence.p_value == pytest.approx((1 + better) / 100)
  assert (found.verdict == verdicts.UNKNOWN) == doubt
  assert (found.reason == verdicts.CHANCE) == doubt


def test_a_short_form_is_judged_by_its_own_ratio():
  spoilt = null.Null(3., np.r_[np.full(60, 1.), np.full(39, 4.)])
  assert spoilt.p_value == .61
  found = null.doubted(_found(), spoilt, [200] * 5)
  assert found.evidence.p_value == .01
  assert found.verdict == verdicts.CONSERVED


def test_without_a_null_there_is_no_p_value():
  found = null.doubted(_found(), None, [200] * 5)
  assert np.isnan(found.evidence.p_value)
  assert found.verdict == verdicts.CONSERVED
