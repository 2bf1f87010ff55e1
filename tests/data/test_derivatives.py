"""Measured derivatives beside the states."""

import numpy as np
import pytest

from noether_jax.data import as_trajectories
from noether_jax.data.derivatives import with_array_derivatives
from noether_jax.data.derivatives import with_named_derivatives
from noether_jax.errors import InputError

_TABLE = np.random.default_rng(0).normal(size=(30, 4))


def _data(columns="x:m,v:m/s,dx,dv"):
  return as_trajectories(_TABLE, columns=columns)


@pytest.mark.parametrize("told", ["dx,dv", "dv:v,dx:x", ["dx", "dv"]])
def test_names_and_pairs(told):
  found = with_named_derivatives(_data(), told)
  assert [v.name for v in found.variables] == ["x", "v"]
  np.testing.assert_array_equal(found.derivatives[0], _TABLE[:, 2:])


def test_columns_that_are_no_states():
  data = as_trajectories(_data(), columns="x,v")
  found = with_named_derivatives(data, "dx,dv")
  np.testing.assert_array_equal(found.derivatives[0], _TABLE[:, 2:])


def test_a_constant_of_each_trial_needs_none():
  trials = [np.c_[_TABLE[:, :3], np.full(30, k)] for k in (1., 2.)]
  data = as_trajectories(trials, columns="x,dx,y,m")
  data = as_trajectories(data, columns="x,dx,m")
  found = with_named_derivatives(data, "dx:x")
  assert [v.name for v in found.variables] == ["x", "m"]
  assert not np.any(found.derivatives[1][:, 1])


@pytest.mark.parametrize("told, message", [
    ("dx,dw", "no column 'dw'"),
    ("dx", "names 1 columns for the 3"),
    ("dx:x", "none for 'v'"),
    ("dx:x,dv:w", "'w' is no column of the state"),
    ("dx:x,dv", "one pair for each column"),
    ("x,v,dx,dv", "no column of the state is left"),
])
def test_names_that_do_not_fit(told, message):
  with pytest.raises(InputError, match=message):
    with_named_derivatives(_data(), told)


def test_a_derivative_without_unit_of_a_column_in_degrees_is_refused():
  with pytest.raises(InputError, match="'x' was converted .* 'dx' was not"):
    with_named_derivatives(_data("x:deg,v,dx,dv"), "dx,dv")


@pytest.mark.parametrize("unit, factor", [("deg/s", np.pi / 180),
                                          ("rad/s", 1.)])
def test_a_column_and_its_derivative_each_have_a_unit(unit, factor):
  found = with_named_derivatives(_data(f"x:deg,v,dx:{unit},dv"), "dx,dv")
  np.testing.assert_allclose(found.states[0][:, 0], _TABLE[:, 0] * np.pi / 180)
  np.testing.assert_allclose(found.derivatives[0][:, 0], factor * _TABLE[:, 2])
  np.testing.assert_array_equal(found.derivatives[0][:, 1], _TABLE[:, 3])


def test_arrays_have_the_units_of_their_columns():
  found = with_array_derivatives(_TABLE[:, :2], None, _TABLE[:, 2:], "x:deg,v")
  np.testing.assert_allclose(found.derivatives[0],
                             _TABLE[:, 2:] * [np.pi / 180, 1.])


def test_rows_without_derivatives_are_left_out():
  rates = _TABLE[:, 2:].copy()
  rates[3, 1] = np.nan
  found = with_array_derivatives(_TABLE[:, :2], None, rates, "x,v")
  assert len(found.states[0]) == len(found.derivatives[0]) == 29
  with pytest.raises(InputError, match="NaN"):
    with_array_derivatives(_TABLE[:, :2], None, rates * np.nan, "x,v")


@pytest.mark.parametrize("rates, message", [
    (_TABLE, "the shapes of the states"),
    ("dx", "arrays go with arrays"),
])
def test_arrays_that_do_not_fit(rates, message):
  with pytest.raises(InputError, match=message):
    with_array_derivatives(_TABLE[:, :2], None, rates, "x,v")


def test_names_of_another_number():
  with pytest.raises(InputError, match="the states have 2"):
    with_array_derivatives(_TABLE[:, :2], None, _TABLE[:, 2:], "x,v,w")
