"""What is read off a traced function, as several versions of jax word it."""

import types

import jax
import jax.numpy as jnp
import pytest

from noether_jax.tailoring.low_rank import kernel_uses


def scanned(kernel, held, start, xs):

  def body(carry, x):
    a, b = carry
    return (a + kernel @ x + held, b * 2), a

  return jax.lax.scan(body, start, xs)


def params_of_a_scan():
  start = jnp.zeros(2), jnp.ones(())
  closed = jax.make_jaxpr(scanned)(jnp.ones((2, 3)), jnp.ones(2), start,
                                   jnp.ones((4, 3)))
  eqn, = (e for e in closed.jaxpr.eqns if e.primitive.name == "scan")
  return eqn.params


@pytest.mark.parametrize("params", [
    params_of_a_scan(),
    {
        "num_consts": 2,
        "num_carry": 2
    },
    {
        "ft_in":
            types.SimpleNamespace(
                unpack=lambda: ([None] * 2, [None] * 2, [None]))
    },
],
                         ids=["here", "until 0.10", "since 0.11"])
def test_constants_and_carries_of_a_scan_are_counted(params):
  eqn = types.SimpleNamespace(params=params)
  assert kernel_uses.scan_split(eqn) == (2, 2)
