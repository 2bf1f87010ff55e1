"""Terms on samples, and what noise does to them, against Monte Carlo."""

import numpy as np
import pytest

from noether_jax.discovery import Subject
from noether_jax.discovery.features import Features
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.sigma_points import noise_of_terms
from noether_jax.discovery.subject import variable
from tests.discovery import observed

_LEVELS = (.6, 1., 1.7, 2.5)


def _monte_carlo(text, sigma=.1, count=100_000):
  """Features of one term, where each trajectory stays at one state."""
  random = np.random.default_rng(0)
  states = [np.tile([x, 1. + n], (count, 1)) for n, x in enumerate(_LEVELS)]
  noise = np.array([sigma, 0.])
  raw = [s + random.normal(size=s.shape) * noise for s in states]
  samples = observed.samples(states, "x,y", noise, raw)
  terms = Subject(samples.variables).terms(text)
  return Features.make(samples, terms), raw


@pytest.mark.parametrize("text,function", [
    ("x^2", np.square),
    ("1/x", lambda x: 1 / x),
    ("x^3", lambda x: x**3),
    ("exp(x)", np.exp),
])
class TestSigmaPoints:

  def test_bias(self, text, function):
    features, raw = _monte_carlo(text)
    for level, smooth, seen, plain in zip(_LEVELS, features.values,
                                          features.raw, raw):
      error = 5 * seen.std() / np.sqrt(len(seen))
      left = abs(seen.mean() - smooth.mean())
      whole = abs(function(plain[:, 0]).mean() - function(level))
      assert left < error + .1 * whole / features.scale[0]

  def test_size(self, text, function):
    del function
    features, _ = _monte_carlo(text)
    assert features.samples.noisy == (0,)
    for swing, seen in zip(features.swing, features.raw):
      # One part by the slope, one by the curvature.
      assert swing.shape == (len(seen), 1, 2)
      np.testing.assert_allclose(np.sqrt(np.sum(swing[0]**2)),
                                 seen.std(),
                                 rtol=.1)


@pytest.mark.parametrize("columns,text", [
    ("x,y", "(x - y)^2"),
    ("x,y", "x*y"),
    ("x,y,z", "x*y + (y - z)^2"),
    ("a,b,c,d", "(a - b)^2 + (c - d)^2 + a*d"),
    ("a,b,c,d,e,f", "(a - b)^2 + c*d + e*f"),
])
def test_squares_and_products_of_noise_where_slopes_vanish(columns, text):
  random = np.random.default_rng(3)
  count = len(columns.split(","))
  states = [np.zeros((4000, count)) for _ in range(5)]
  raw = [.1 * random.normal(size=s.shape) for s in states]
  samples = observed.samples(states, columns, .1 * np.ones(count), raw)
  term, = Subject(samples.variables).terms(text)
  change, bias = noise_of_terms([term], states[0], samples.noise.sigma,
                                samples.noisy)
  seen = term.value(np.concatenate(raw).T)
  np.testing.assert_allclose(bias[0, 0], seen.mean(), atol=.1 * seen.std())
  size = np.sum(change**2, axis=(1, 2))
  np.testing.assert_allclose(size.mean(), seen.var(), rtol=.1)
  if count <= 4:
    np.testing.assert_allclose(size, size[0])


def test_squares_of_noise_of_two_terms_go_together():
  """x*y and 2 x*y + x^2 - y^2 at 0: covariances, too."""
  states = np.zeros((5, 2))
  samples = observed.samples([states] * 3, "x,y", np.full(2, .1))
  terms = Subject(samples.variables).terms("x*y", "2*x*y + x^2 - y^2")
  change, _ = noise_of_terms(terms, states, samples.noise.sigma, (0, 1))
  wanted = 1e-4 * np.array([[1., 2.], [2., 8.]])
  np.testing.assert_allclose(change[0] @ change[0].T, wanted, atol=1e-12)


def test_without_noise_nothing_is_added():
  states = np.ones((3, 2))
  samples = observed.samples([states] * 3, "x,y")
  terms = Subject(samples.variables).terms("x*y")
  change, bias = noise_of_terms(terms, states, np.zeros(2), ())
  assert change.shape == (3, 1, 0) and not bias.any()


def test_noise_without_correction_is_biased():
  features, raw = _monte_carlo("x^2")
  shift = np.mean(raw[1][:, 0]**2) - 1.
  np.testing.assert_allclose(shift, .01, rtol=.15)
  left = (features.raw[1].mean() - features.values[1].mean())
  assert abs(left * features.scale[0]) < .002


@pytest.mark.parametrize("highest", [200., 400., 800.])
def test_terms_whose_squares_overflow_are_left_out(highest):
  states = [
      np.stack([np.linspace(0, highest, 50)**p,
                np.arange(50.)], 1) for p in (1., .9, .8)
  ]
  samples = observed.samples(states, "x,t")
  terms = Subject(samples.variables).terms("exp(2*x)", "x")
  features = Features.make(samples, terms)
  assert features.usable.tolist() == [False, True]
  assert all(np.isfinite(v).all() for v in features.values)


def test_values_are_centred_and_scaled():
  states, _ = observed.circles()
  samples = observed.samples(states, "x,v")
  terms = Subject(samples.variables).terms("x^2", "x*v", "v")
  features = Features.make(samples, terms)
  every = np.concatenate(features.values)
  np.testing.assert_allclose(every.mean(0), 0., atol=1e-12)
  np.testing.assert_allclose(every.std(0), 1.)
  assert features.usable.all()
  np.testing.assert_array_equal(features.raw, features.values)
  part = features.take(np.array([2, 0]))
  assert [t.text for t in part.terms] == ["v", "x^2"]
  np.testing.assert_array_equal(part.values[0], features.values[0][:, [2, 0]])


@pytest.mark.parametrize("text", ["log(x)", "x^2 + v^2 - x^2 - v^2", "0*x"])
def test_terms_without_a_value_or_a_change_are_not_usable(text):
  states, _ = observed.circles(3)
  samples = observed.samples(states, "x,v")
  terms = Subject(samples.variables).terms("x", text)
  assert Features.make(samples, terms).usable.tolist() == [True, False]


class TestNoisyWeights:

  def _features(self):
    random = np.random.default_rng(1)
    states, _ = observed.circles(6)
    raw = [s + .02 * random.normal(size=s.shape) for s in states]
    samples = observed.samples(states, "x,v", [.02, .02], raw)
    terms = Subject(samples.variables).terms("x^2", "v^2", "x")
    return Features.make(samples, terms)

  def test_variance_is_that_of_the_observed_values(self):
    features = self._features()
    c = np.array([1., 2., 0.])
    variance = features.variance(c)
    z = np.concatenate([
        (r - v) @ c / np.sqrt(w)
        for r, v, w in zip(features.raw, features.values, variance)
    ])
    np.testing.assert_allclose(z.std(), 1., rtol=.06)

  def test_no_sample_counts_far_more_than_others(self):
    weights = np.concatenate(self._features().weights(np.array([1., 0., 0.])))
    assert weights.max() <= 10 * np.median(weights) * (1 + 1e-9)

  def test_without_noise_all_samples_count_alike(self):
    states, _ = observed.circles(3)
    samples = observed.samples(states, "x,v")
    features = Features.make(samples, Subject(samples.variables).terms("x"))
    assert all((w == 1).all() for w in features.weights())


def test_nothing_is_free_beside_what_is_known():
  states, _ = observed.circles()
  samples = observed.samples(states, "x,v")
  features = Features.make(samples,
                           Subject(samples.variables).terms("x^2", "v^2", "x"))
  size = features.slopes.shape[0]
  at = samples.sample(size)[:size]
  known = (2 * at * samples.spread)[:, None]
  free = features.free(known)
  energy = features.scale * [1., 1., 0.]
  assert energy @ free @ energy < 1e-12 * np.trace(free)
  other = features.scale * [1., -1., 0.]
  assert other @ free @ other > .1 * other @ features.free(known[:, :0]) @ other


def test_a_function_of_constants_varies_with_the_state_only():
  states, _ = observed.circles()
  states = [np.c_[s, np.full(len(s), 1. + n)] for n, s in enumerate(states)]
  samples = observed.samples(states, "x,v,k", constants=(2,))
  terms = Subject(samples.variables).terms("k", "k^2", "k*x^2")
  total = Features.make(samples, terms).total()
  np.testing.assert_allclose(total[:2, :2], 0., atol=1e-20)
  assert total[2, 2] > .01


def test_a_term_that_one_state_makes_is_not_usable():
  states = [np.random.default_rng(n).normal(size=(50, 2)) for n in range(4)]
  states[2][7, 0] = 60.
  samples = observed.samples(states, "x,v")
  terms = Subject(samples.variables).terms("exp(x)", "v^2")
  assert Features.make(samples, terms).usable.tolist() == [False, True]


def test_integrals_have_no_gradient_and_begin_with_the_trajectory():
  states, times = observed.circles(4)
  samples = observed.samples(states, "x,v", times=[times] * 4)
  work = PathTerm.make((variable(1, 2),), samples.variables)
  terms = (*Subject(samples.variables).terms("x^2"), work)
  features = Features.make(samples, terms)
  assert features.paths.tolist() == [False, True]
  assert not features.slopes[:, 1].any()
  # The angle of the first circle at its start.
  start = np.arctan2(-states[0][0, 1], states[0][0, 0])
  turned = np.sin(2 * (times + start)) - np.sin(2 * start)
  wanted = times / 2 - turned / 4
  along = work.along(times, states[0])
  np.testing.assert_allclose(along, wanted, atol=1e-5)


def test_integrals_are_of_observed_states_without_what_noise_adds():
  random = np.random.default_rng(0)
  times = np.linspace(0., 1., 4000)
  # A smoother took a tenth of the velocity.
  states = [np.stack([n + times, .9 + 0 * times], 1) for n in _LEVELS]
  raw = [
      np.stack([s[:, 0], 1 + .2 * random.normal(size=len(s))], 1)
      for s in states
  ]
  samples = observed.samples(states, "x,v", [0., .2], raw, [times] * len(raw))
  loss = PathTerm.make((variable(1, 2),), samples.variables)
  terms = (*Subject(samples.variables).terms("x^2"), loss)
  features = Features.make(samples, terms)
  for values in features.values:
    change = features.scale[1] * (values[-1, 1] - values[0, 1])
    np.testing.assert_allclose(change, 1., atol=.02)
