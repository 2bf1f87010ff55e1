"""Formulas as data equal the formulas, derivatives included."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax.symbolic import grammar
from noether_jax.symbolic import programs
from noether_jax.symbolic.parsing import parse

LANGUAGE = grammar.make_grammar(["q", "p"], ["rad", "1/s"],
                                parameter_units=["1", "1/s^2"])
STATE = jnp.array([0.7, -1.3])


def _sample(count):
  formulas = grammar.enumerate_formulas(LANGUAGE)
  rows = np.random.default_rng(0).choice(len(formulas), count, replace=False)
  return [formulas[i] for i in rows]


def _parse(text):
  return parse(text, LANGUAGE.inputs)


def _single(formula, **kwargs):
  return jax.tree.map(lambda x: x[0],
                      programs.encode([formula], num_inputs=2, **kwargs))


def test_programs_equal_expressions_with_gradients_and_hessians():
  formulas = _sample(20)
  batch = programs.encode(formulas, num_inputs=2, num_parameters=3)
  parameters = jnp.array([1.7, -0.6, 2.2])

  def differentiated(f):
    return (f(parameters, STATE), jax.jacfwd(f, (0, 1))(parameters, STATE),
            jax.jacfwd(jax.jacrev(f, 1), (0, 1))(parameters, STATE))

  got = jax.jit(
      jax.vmap(lambda program: differentiated(lambda c, s: programs.run_program(
          program, c, s))))(batch)
  expected = jax.jit(
      lambda: [differentiated(lambda c, s, f=f: f(s, c)) for f in formulas])()
  for row, formula in enumerate(formulas):
    mine = jax.tree.map(lambda x, row=row: x[row], got)
    assert np.isfinite(expected[row][0]) == np.isfinite(mine[0]), str(formula)
    if np.isfinite(mine[0]):
      for a, b in zip(jax.tree.leaves(mine), jax.tree.leaves(expected[row])):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("text, state", [
    ("p^2 - c0[1/s^2]*cos(q)", 0.0),
    ("sin(q + c0[1])/c1[1]", 0.0),
    ("q", 0.0),
    ("q", 1e200),
])
def test_unselected_operations_never_make_nan(text, state):
  program = _single(_parse(text), num_parameters=2, num_steps=6)

  @jax.jit
  def derivatives(parameters, state):
    value = lambda c, s: programs.run_program(program, c, s)
    return (jax.grad(value, (0, 1))(parameters, state),
            jax.hessian(value, (0, 1))(parameters, state))

  for leaf in jax.tree.leaves(
      derivatives(jnp.array([1.0, 2.0]), jnp.full(2, state))):
    assert np.isfinite(leaf).all()


def test_one_compilation_for_all_formulas():
  traces = []

  @jax.jit
  def value(program, parameters, state):
    traces.append(1)
    return programs.run_program(program, parameters, state)

  for text in ("p^2 - c0[1/s^2]*cos(q)", "q/p", "q"):
    formula = _parse(text)
    program = _single(formula, num_parameters=1, num_steps=6)
    np.testing.assert_allclose(value(program, jnp.array([3.0]), STATE),
                               formula(STATE, [3.0]))
  assert len(traces) == 1


def test_conserved_fn():
  program = _single(_parse("p^2 - c0[1/s^2]*cos(q)"))
  g = programs.conserved_fn((program, jnp.array([3.0])), STATE)
  assert g.shape == (1,)
  np.testing.assert_allclose(g[0], 1.69 - 3 * np.cos(0.7))


def test_encode_refuses():
  energy = _parse("p^2 - c0[1/s^2]*cos(q)")
  with pytest.raises(ValueError, match="at least one formula"):
    programs.encode([], num_inputs=2)
  with pytest.raises(ValueError, match="need 4 steps and 1 parameters"):
    programs.encode([energy], num_inputs=2, num_steps=3)
  with pytest.raises(ValueError, match="num_parameters=0"):
    programs.encode([energy], num_inputs=2, num_parameters=0)
  with pytest.raises(ValueError, match="uses input 1"):
    programs.encode([energy], num_inputs=1)
