"""The number inside a function, fitted to noisy values."""

import numpy as np
import pytest

from benchmarks.systems import SAMPLINGS
from noether_jax.discovery.families import Argument
from noether_jax.discovery.families import PLAIN
from noether_jax.discovery.families import SQUARED
from noether_jax.discovery.refining import refined
from noether_jax.discovery.roles import make_subject
from noether_jax.discovery.samples import prepare
from noether_jax.discovery.tuning import function_terms
from noether_jax.discovery.tuning import Tuned

_CORE = Argument("x^2 + y^2", (0, 1), squared=True), SQUARED[0]


def _ready(name, noise, seed=3):
  samples = prepare(SAMPLINGS[name].draw(20, noise, seed), 0)
  return samples, make_subject(samples, None, None)


def _start(subject, number, error, of=_CORE):
  terms = function_terms(subject, *of, number)
  return Tuned(terms, .1, number, error, *of)


@pytest.mark.parametrize("number, error", [(.87, .3), (.23, .02), (.3, 0.)])
def test_the_true_number_is_found_from_one_that_is_off(number, error):
  samples, subject = _ready("soft core", .02)
  own = subject.terms("px^2 + py^2")
  found = refined(samples, subject, _start(subject, number, error), own)
  assert 0 < found.error < .05
  assert abs(found.number - .3) < 3 * found.error
  assert f"+ {found.number:.9g})" in found.terms[0].text


def test_without_noise_nothing_is_done():
  samples, subject = _ready("soft core", 0.)
  one = _start(subject, .87, .3)
  assert refined(samples, subject, one, subject.terms("px^2 + py^2")) is one


def test_a_number_far_off_its_range_stays():
  samples, subject = _ready("soft core", .02)
  one = _start(subject, 40., .3)
  assert refined(samples, subject, one, subject.terms("px^2 + py^2")) is one


def test_a_negative_number_keeps_its_sign():
  samples, subject = _ready("stiff Morse", .02)
  decay, growth = PLAIN[:2]
  argument = Argument("q", (0,))
  own = subject.terms("p^2")
  plus = refined(samples, subject, _start(subject, 1.2, .05, (argument, decay)),
                 own)
  minus = refined(samples, subject,
                  _start(subject, -1.2, .05, (argument, growth)), own)
  assert minus.number == pytest.approx(-plus.number, rel=1e-3)
  assert abs(plus.number - 1.3) < .02


def test_the_error_covers_the_truth():
  errors = []
  for seed in range(6):
    samples, subject = _ready("soft core", .02, seed)
    found = refined(samples, subject, _start(subject, .3, .05),
                    subject.terms("px^2 + py^2"))
    errors.append((found.number - .3) / found.error)
  assert .3 < np.sqrt(np.mean(np.square(errors))) < 2.
