"""Laws as a file of Python."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import Law
from noether_jax.data.columns import parse_columns
from noether_jax.discovery import Combination
from noether_jax.discovery import law_file
from noether_jax.discovery import rungs
from noether_jax.discovery import Subject
from noether_jax.discovery.network_form import LearnedForm
from tests.discovery import laws
from tests.networks import test_structured
from tests.reporting import made


def test_the_file_holds_all_laws(tmp_path):
  several = [
      laws.KINDS["bodies"],
      laws.make("x1:m,y1:m,vx1:m/s,vy1:m/s,x2:m,y2:m,"
                "vx2:m/s,vy2:m/s", **{
                    "vx1": 1.,
                    "vx2": -2.
                })
  ]
  source = law_file.law_module(several)
  assert "noether_jax" not in source
  module = {}
  exec(compile(source, "law.py", "exec"), module)  # pylint: disable=exec-used
  states = laws.states_of(several[0], 4, 3)
  wanted = np.stack([law(states) for law in several], -1)
  np.testing.assert_allclose(module["laws"](states), wanted)
  np.testing.assert_allclose(module["law_2"](states.tolist()), wanted[..., 1])
  for transformed in (jax.jit, jax.vmap):
    got = transformed(module["laws"])(jnp.asarray(states))
    assert isinstance(got, jax.Array)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)
  jax.grad(lambda s: module["laws"](s).sum())(jnp.asarray(states))


def test_the_file_holds_the_losses_of_a_balance_law():
  source = law_file.law_module([made.law("balance")])
  module = {}
  exec(compile(source, "law.py", "exec"), module)  # pylint: disable=exec-used
  states = np.random.default_rng(0).normal(size=(4, 2))
  np.testing.assert_allclose(module["loss_rate_1"](states),
                             .1 * states[:, 1]**2)
  assert "+- 0.002 s" in source


@pytest.mark.parametrize("others", [0, 1])
def test_a_network_is_left_out_of_the_file_with_a_word(others):
  several = [
      laws.KINDS["network"], *[laws.make("q,p", **{
          "q^2": 1.,
          "p^2": 2.
      })] * others
  ]
  source = law_file.law_module(several)
  assert "law_1: network(q, p)" in source
  assert "call `found.laws[0](states)`" in source
  module = {}
  exec(compile(source, "law.py", "exec"), module)  # pylint: disable=exec-used
  states = laws.states_of(several[0], 4)
  wanted = np.zeros((4, 0)) if not others else several[1](states)[:, None]
  np.testing.assert_allclose(module["laws"](states), wanted)
  assert "law_1" not in module and ("law_2" in module) == bool(others)


@pytest.mark.parametrize(
    "name", ['a"""b', "a\nb", "a\\", "xp", "states", "_arrays", "for"])
def test_no_name_leaves_its_place_in_the_file(name):
  variables = tuple(
      dataclasses.replace(v, name=n)
      for v, n in zip(parse_columns("q,p"), (name, "p")))
  terms = rungs.quadratic(Subject(variables))
  form = Combination(terms, np.ones(5), np.zeros(5))
  law = Law(variables, form, laws.GOOD, "conserved")
  module = {}
  exec(law_file.law_module([law]), module)  # pylint: disable=exec-used
  states = np.random.default_rng(0).normal(size=(4, 2))
  np.testing.assert_allclose(module["laws"](states)[:, 0], law(states))


@pytest.mark.parametrize("name", test_structured.STRUCTURES)
def test_a_learned_network_is_written_with_its_weights(name):
  structure = test_structured.STRUCTURES[name]
  form = LearnedForm(structure, test_structured.made_params(structure))
  columns = parse_columns("a,b,c,d,e,f")
  learned = Law(columns, form, laws.GOOD, "conserved")
  formula = Law(
      columns,
      Combination(Subject(columns).terms("a", "b"), np.ones(2), np.zeros(2)),
      laws.GOOD, "conserved")
  source = law_file.law_module([learned, formula])
  assert "noether_jax" not in source and "left" not in source
  module = {}
  exec(compile(source, "law.py", "exec"), module)  # pylint: disable=exec-used
  states = test_structured.STATES.reshape(8, 5, 6)
  wanted = np.stack([learned(states), formula(states)], -1)
  np.testing.assert_allclose(module["laws"](states), wanted, rtol=1e-10)
  jitted = jax.jit(module["laws"])(jnp.asarray(states))
  np.testing.assert_allclose(jitted, wanted, rtol=1e-10)
  slope = jax.grad(module["law_1"])(jnp.asarray(states[0, 0]))
  np.testing.assert_allclose(slope, learned.gradient(states[0, 0]), rtol=1e-8)
