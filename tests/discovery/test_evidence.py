"""Scatter, colour and drift: what separates a law from a coincidence."""

import math

import numpy as np
import pytest

from noether_jax.discovery import evidence
from noether_jax.discovery.evidence import Evidence


@pytest.mark.parametrize("values,verdict",
                         [((1e-7, 1e-7, math.inf, 50.), "conserved"),
                          ((1e-9, 1e-9, 9., 50.), "conserved"),
                          ((1e-7, 1e-7, 9., 50.), "approximately conserved"),
                          ((1e-9, .2, 9e9, 1.), "not conserved"),
                          ((.6, .01, 1.1, 1.), "not conserved"),
                          ((.1, .01, 1.1, 1.), "conserved"),
                          ((.1, .01, 1.1, 1., .9), "conserved"),
                          ((.1, .01, 1.1, 1., 1.1), "approximately conserved"),
                          ((.1, .01, 3., 1.), "approximately conserved"),
                          ((.1, .01, 1.1, -6.), "approximately conserved"),
                          ((.1, .2, 1.1, 1.), "not conserved")])
def test_verdicts(values, verdict):
  assert Evidence(*values).verdict == verdict


@pytest.mark.parametrize("values,explained,balances",
                         [((.02, .005, 5., 1., 5.), 9., True),
                          ((.02, .02, 5., 1., 5.), 9., False),
                          ((.02, .005, 50., 1., 5.), 9., False),
                          ((.02, .005, 5., 4., 5.), 9., False),
                          ((.02, .005, 5., 1., 20.), 9., False),
                          ((.02, .005, 5., 1., 5.), 3., False),
                          ((.02, 5e-4, 50., 1., 20.), 9., True),
                          ((.02, 5e-4, 50., 4., 20.), 9., False),
                          ((5e-4, 5e-4, math.inf, 1., 0.), 9., False)])
def test_losses_must_explain_nearly_all_change(values, explained, balances):
  assert Evidence(*values, explained=explained).balances == balances


def test_what_was_not_tried_is_not_a_number():
  assert Evidence(0., 0., 0., 0.).colour == 0.
  assert math.isnan(Evidence(0., 0., 0., 0.).p_value)


class TestColour:

  def _white(self, seed, count=20, rows=200):
    random = np.random.default_rng(seed)
    return [random.normal(size=rows) for _ in range(count)]

  def test_white_noise_hardly_ever_has_one(self):
    values = [evidence.colour(self._white(seed)) for seed in range(100)]
    assert np.mean(np.array(values) > 1) <= .02

  @pytest.mark.parametrize("change", [
      lambda t: .5 * np.sin(t / 20),
      lambda t: .02 * (t - 100) * (t > 100),
      lambda t: 3. * np.exp(-.5 * ((t - 60) / 4)**2),
  ],
                           ids=["swing", "bend", "event"])
  def test_a_smooth_change_has_one(self, change):
    t = np.arange(200.)
    series = [w + change(t) for w in self._white(0)]
    assert evidence.colour([s - s.mean() for s in series]) > 1

  def test_filtered_noise_has_one(self):
    series = [np.convolve(w, np.ones(5) / 5, "valid") for w in self._white(0)]
    assert evidence.colour(series) > 1

  def test_the_scale_of_the_residual_does_not_matter(self):
    series = self._white(1)
    np.testing.assert_allclose(evidence.colour([7 * s for s in series]),
                               evidence.colour(series))

  @pytest.mark.parametrize("series", [[np.ones(5)], [np.zeros(300)] * 9])
  def test_too_short_or_constant(self, series):
    assert evidence.colour(series) == 0.


def test_drift_needs_slopes_and_time():
  times = [np.arange(40.)] * 2
  assert evidence.drift_statistic([np.arange(4.)], [np.arange(4.)]) == 0
  falling = [-.1 * t + np.sin(9 * t) for t in times]
  assert evidence.drift_statistic(falling, times) < -4
