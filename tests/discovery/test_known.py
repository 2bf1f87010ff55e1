"""What is known is neither looked for nor reported."""

import numpy as np
import pytest

from noether_jax import discover
from noether_jax.discovery import Subject
from noether_jax.discovery.known import known_laws
from noether_jax.errors import InputError
from noether_jax.reporting import verdicts
from tests.discovery import observed


def _springs(rows=200):
  """Two springs `[x, y, u, v]`, each with its energy."""
  first, times = observed.circles(rows=rows)
  second, _ = observed.circles(rows=rows, seed=1)
  second = [
      s / np.hypot(*s[0]) * (1 + (7 * n % 10) / 5) for n, s in enumerate(second)
  ]
  return [
      np.stack([a[:, 0], b[:, 0], a[:, 1], b[:, 1]], 1)
      for a, b in zip(first, second)
  ], times


def test_a_known_law_is_a_law_that_nobody_tested():
  variables = observed.samples([np.zeros((3, 2))], "x,v").variables
  energy, other = known_laws(["x^2 + v^2", "x*v"], Subject(variables))
  assert energy.verdict == verdicts.KNOWN and energy([3., 4.]) == 25.
  assert other.gradient([3., 4.]).tolist() == [4., 3.]
  assert known_laws([], Subject(variables)) == ()


def test_only_what_is_independent_of_it_is_found():
  states, times = _springs()
  whole = discover(states, times, columns="x,y,u,v", vectors=())
  rest = discover(states,
                  times,
                  columns="x,y,u,v",
                  vectors=(),
                  known=["x^2 + u^2"])
  assert rest.independent == whole.independent - 1
  assert not any(
      {t.text for t in law.terms} == {"x^2", "u^2"} for law in rest.laws)
  assert any({t.text for t in law.terms} == {"y^2", "v^2"} for law in rest.laws)
  assert "known, so not looked for: x^2 + u^2" in rest.messages


@pytest.mark.parametrize("known", ["q^2 + p^2", ["(q**2 + p**2)**2"]])
def test_nothing_is_left(known):
  states, times = observed.circles()
  found = discover(states, times, columns="q,p", known=known)
  assert not found.laws and found.independent == 0


def test_a_known_constant_of_all_the_data_is_not_told_again():
  states, times = observed.circles()
  same = [s / np.hypot(*s[0]) for s in states]
  assert discover(same, times, columns="q,p").laws
  assert not discover(same, times, columns="q,p", known="q^2 + p^2").laws


def test_a_law_must_be_a_formula_of_the_columns():
  states, times = observed.circles()
  with pytest.raises(InputError, match="no column 'z'"):
    discover(states, times, columns="q,p", known=["z^2"])
