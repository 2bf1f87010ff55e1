"""A user's terms combine with squares and products, each of them once."""

import pytest

from noether_jax import rungs
from noether_jax.errors import InputError
from tests.discovery import laws

_NUMBERS = laws.subject("x,v")


def _texts(*texts, subject=_NUMBERS):
  return [t.text for t in rungs.given(*texts)(subject)]


def test_terms_follow_those_of_quadratic():
  plain = [t.text for t in rungs.quadratic(_NUMBERS)]
  assert _texts("exp(-x/2)*v^2", "x^3") == [*plain, "exp(-x/2)*v^2", "x^3"]


@pytest.mark.parametrize("again", ["v*x", "x**2", "2*v", "-v^2", "v^2/1"])
def test_what_is_there_is_not_repeated(again):
  assert _texts(again) == [t.text for t in rungs.quadratic(_NUMBERS)]


def test_a_term_given_twice_comes_once():
  assert _texts("x^3*v", "v*x**3").count("x^3*v") == 1
  assert len(_texts("x^3*v", "v*x**3")) == 6


def test_angles():
  subject = laws.subject("q:rad,p:1/s")
  assert _texts("cos(q)", "cos(2*q)", subject=subject) == [
      *(t.text for t in rungs.quadratic(subject)), "cos(2*q)"
  ]


@pytest.mark.parametrize("wrong", ["z", "x +", "q.append"])
def test_what_is_no_formula_is_refused(wrong):
  with pytest.raises(InputError):
    _texts(wrong)
