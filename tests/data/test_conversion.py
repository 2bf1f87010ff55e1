"""Whatever a user has at hand becomes trajectories, or one clear line."""

import dataclasses
import pathlib
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pandas
import pytest

from noether_jax.data import as_trajectories
from noether_jax.data import load
from noether_jax.data.columns import parse_columns
from noether_jax.errors import InputError

_T = np.arange(30) * .1
_STATES = np.stack(
    [np.stack([a * np.cos(_T), -a * np.sin(_T)], 1) for a in (1., 2., 3.)])


def _frame(**more):
  columns = {
      "trial": np.repeat([5, 6, 7], 30),
      "t": np.tile(_T, 3),
      "q": _STATES[..., 0].ravel(),
      "p": _STATES[..., 1].ravel()
  }
  return pandas.DataFrame(columns | more)


def _check(data, names=("q", "p"), timed=True, atol=1e-12):
  assert tuple(v.name for v in data.variables) == names
  assert len(data.states) == 3 and data.timed == timed
  for t, s, wanted in zip(data.times, data.states, _STATES):
    assert t.dtype == s.dtype == np.float64
    np.testing.assert_allclose(s, wanted, atol=atol)
    np.testing.assert_allclose(t, _T if timed else np.arange(30), atol=1e-12)


@pytest.mark.parametrize(
    "data", [
        _STATES,
        list(_STATES),
        tuple(_STATES),
        _STATES.tolist(),
        jnp.asarray(_STATES),
        [jnp.asarray(s) for s in _STATES],
    ],
    ids=["array", "list", "tuple", "nested lists", "JAX array", "JAX arrays"])
@pytest.mark.parametrize(
    "times",
    [_T, [_T] * 3, _T.tolist(), jnp.asarray(_T)],
    ids=["shared", "own", "list", "JAX"])
def test_arrays(data, times):
  _check(as_trajectories(data, times, columns="q,p"), atol=1e-6)


def test_float32_and_half_precision():
  for dtype, atol in ((np.float32, 1e-6), (np.float16, 1e-2), (jnp.bfloat16,
                                                               5e-2)):
    _check(as_trajectories(jnp.asarray(_STATES, dtype), _T, columns="q,p"),
           atol=atol)


def test_one_trajectory_and_names_by_default():
  for data in (_STATES[0], _STATES[0].tolist()):
    got = as_trajectories(data)
    assert [v.name for v in got.variables] == ["x0", "x1"]
    assert len(got.states) == 1 and not got.timed
    np.testing.assert_array_equal(got.states[0], _STATES[0])


@pytest.mark.parametrize("columns", [
    "q:m,p:m/s", ["q:m", "p:m/s"], {
        "q": "m",
        "p": "m/s"
    },
    parse_columns("q:m,p:m/s"), ("'q':m", '"p":m/s')
])
def test_ways_to_write_columns(columns):
  for data in (as_trajectories(_STATES, _T, columns=columns),
               as_trajectories(_frame(), columns=columns)):
    _check(data)
    assert [str(v.unit) for v in data.variables] == ["m", "m/s"]


def test_gaps_in_arrays_are_left_out_and_told():
  states = _STATES.copy()
  states[1, 4, 0] = np.nan
  data = as_trajectories(states, _T)
  assert [len(s) for s in data.states] == [30, 29, 30]
  np.testing.assert_array_equal(data.times[1], np.delete(_T, 4))
  assert data.messages == ("1 of 90 rows left out: NaN",)


def test_angles_in_arrays_are_unwrapped_and_degrees_converted():
  turning = np.linspace(0, 900, 60)
  wrapped = np.stack([(turning + 180) % 360 - 180, np.cos(turning)], 1)
  data = as_trajectories(wrapped, columns="angle:deg,y")
  np.testing.assert_allclose(data.states[0][:, 0], np.radians(turning))
  assert len(data.messages) == 2
  np.testing.assert_array_equal(wrapped[:, 0], (turning + 180) % 360 - 180)


def test_data_frames():
  _check(as_trajectories(_frame()))
  _check(as_trajectories(_frame().set_index(["trial", "t"])))
  _check(as_trajectories(_frame().rename(columns={"trial": "bob"}),
                         trial="bob"))
  _check(
      as_trajectories(_frame().rename(columns={
          "trial": "Versuch",
          "t": "my clock"
      }),
                      time="my clock:s"))
  _check(
      as_trajectories(
          [g.drop(columns="trial") for _, g in _frame().groupby("trial")]))
  assert as_trajectories(_frame()).labels == ("5", "6", "7")


def test_nullable_columns():
  frame = _frame().convert_dtypes()
  frame.loc[40, "p"] = pandas.NA
  data = as_trajectories(frame)
  assert [len(s) for s in data.states] == [30, 29, 30]
  assert data.states[1].dtype == np.float64


def test_a_time_index():
  frame = _frame().query("trial == 5").drop(columns=["trial", "t"])
  frame.index = pandas.Timestamp("2024-05-01") + pandas.to_timedelta(_T, "s")
  data = as_trajectories(frame)
  np.testing.assert_allclose(data.times[0], _T, atol=1e-9)
  assert data.time_unit == "s" and len(data.variables) == 2


def test_xarray():
  xarray = pytest.importorskip("xarray")
  coordinates = {"trial": [5, 6, 7], "time": _T}
  dims = ("trial", "time")
  dataset = xarray.Dataset(
      {
          "q": (dims, _STATES[..., 0], {
              "units": "m"
          }),
          "p": (dims, _STATES[..., 1])
      }, coordinates)
  for data in (dataset, dataset.transpose("time", "trial"),
               dataset.rename(trial="run",
                              time="t"), dataset.rename(trial="member")):
    _check(as_trajectories(data))
  assert str(as_trajectories(dataset).variables[0].unit) == "m"
  array = xarray.DataArray(_STATES, {
      **coordinates, "component": ["a", "b"]
  }, (*dims, "component"),
                           name="x")
  _check(as_trajectories(array), ("x_a", "x_b"))
  one = as_trajectories(dataset.isel(trial=0, drop=True))
  np.testing.assert_array_equal(one.states[0], _STATES[0])
  with pytest.raises(InputError, match="no dimension of times"):
    as_trajectories(xarray.Dataset({"q": 1.}))


def test_mappings_of_arrays():
  both = {"q": _STATES[..., 0], "p": _STATES[..., 1]}
  _check(as_trajectories({"t": _T, **both}))
  _check(as_trajectories({"t": np.tile(_T, (3, 1)), **both}))
  _check(as_trajectories({"t": _T, "x": _STATES}), ("x_1", "x_2"))
  _check(as_trajectories({
      "t": [_T] * 3,
      "x": [s.T for s in _STATES]
  }), ("x_1", "x_2"))
  odd = as_trajectories({"t": _T, **both, "masses": np.ones(7)})
  assert "arrays of another length left out: masses [7]" in odd.messages


def test_files(tmp_path):
  path = tmp_path / "data.csv"
  _frame().to_csv(path, index=False)
  for data in (path, str(path), [path], pathlib.Path(tmp_path)):
    _check(as_trajectories(data))
  _check(load(path, columns={"q": "m", "p": "m/s"}))


def test_trajectories_pass_and_columns_are_chosen():
  data = as_trajectories(_frame(energy=7.5), columns="q,p")
  assert as_trajectories(data) is data
  chosen = as_trajectories(data, columns="p:m/s,energy")
  assert [v.name for v in chosen.variables] == ["p", "energy"]
  assert str(chosen.variables[0].unit) == "m/s"
  np.testing.assert_array_equal(chosen.states[1][:, 0], _STATES[1, :, 1])
  np.testing.assert_array_equal(chosen.states[1][:, 1], 7.5)
  np.testing.assert_array_equal(chosen.others["q"][2], _STATES[2, :, 0])
  clean = dataclasses.replace(data, clean=data.states)
  assert as_trajectories(clean, columns="p").clean[0].shape == (30, 1)


@pytest.mark.parametrize("data,arguments,message", [
    (_STATES + 0j, {}, "complex numbers"),
    ([["a", "b"]], {}, "no array of numbers"),
    (object(), {}, "no array of numbers: got object; trajectories are"),
    ([], {}, "trajectories are a list of arrays"),
    (np.zeros(5), {}, r"got shapes \[\(5,\)\]"),
    (np.zeros((0, 2)), {}, "got shapes"),
    ([np.zeros((5, 2)), np.zeros((5, 3))], {}, "the same columns: got 2 and 3"),
    (_STATES, {
        "times": _T[:9]
    }, "one time for each state"),
    (_STATES, {
        "times": _T[::-1]
    }, "time does not increase at data row 2 of trial '0'"),
    (_STATES, {
        "columns": "q"
    }, "names 1 columns: the states have 2"),
    (_STATES, {
        "columns": "q,q"
    }, "names 'q' twice"),
    (_STATES, {
        "columns": "q:m^,p"
    }, "Cannot read the unit"),
    (_STATES, {
        "columns": "q a,q_a"
    }, "as a Python name it equals"),
    (_STATES, {
        "trial": "run"
    }, "name columns of a table or file"),
    (np.full((3, 30, 2), np.inf), {}, "trajectory 0, row 0: not finite"),
    (np.full((3, 30, 2), np.nan), {}, "trajectory 0: every row holds NaN"),
    (_frame(), {
        "times": _T
    }, "name the column of times by `time`"),
    (_frame(), {
        "trial": "run"
    }, "`trial`: no column 'run'; columns are trial, t, q, p"),
    (_frame().iloc[:0], {}, "the table: no rows below the header"),
    (_frame(t=[*["12:00:00"] * 80, *["noon"] * 10]), {},
     "column 't' holds times of more than one kind"),
    ([_frame(), _frame(z=1.)], {}, "DataFrames must have the same columns"),
    (_frame().set_axis(["trial", "t", "q", "q"], axis=1), {}, "column once"),
    (_frame(q="x"), {
        "columns": "q,p"
    }, "column 'q', data row 1 holds 'x', not a number"),
    (_frame(q=1j), {
        "columns": "q,p"
    }, "complex numbers"),
    (as_trajectories(_STATES), {
        "time": "t"
    }, "Trajectories have their own"),
    (as_trajectories(_STATES), {
        "columns": "z"
    }, "no column 'z'; columns are x0, x1"),
    ({
        "name": "x"
    }, {}, "needs arrays of numbers"),
])
def test_mistakes(data, arguments, message):
  with pytest.raises(InputError, match=message) as caught:
    as_trajectories(data, **arguments)
  assert "\n" not in str(caught.value)


def test_arrays_need_neither_pandas_nor_pint():
  program = ("import sys; from noether_jax.data import as_trajectories; "
             "as_trajectories([[1., 2.]] * 30, columns='q,p'); "
             "print(*sys.modules)")
  out = subprocess.run([sys.executable, "-c", program],
                       capture_output=True,
                       check=True,
                       text=True)
  assert not set(out.stdout.split()) & {"pandas", "pint", "xarray"}
