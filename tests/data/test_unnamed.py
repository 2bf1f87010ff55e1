"""Files whose header names no columns, or too few."""

import numpy as np
import pytest

from noether_jax.data import load
from noether_jax.discovery import discover
from noether_jax.errors import InputError
from tests.data import tables
from tests.paths import SHARED

_LIPSON = SHARED / "data" / "schmidt_lipson"


def _bare(rows=None, delimiter=" "):
  return tables.text("", rows, delimiter).lstrip("\n")


@pytest.mark.parametrize("arguments", [
    dict(columns="trial,t,x,v"),
    dict(columns="x,v", trial="trial", time="t"),
    dict(columns={n: "" for n in ("trial", "t", "x", "v")}),
    dict(columns="run,clock,x,v", trial="run", time="clock"),
])
@pytest.mark.parametrize("delimiter", [" ", ",", "\t"])
def test_the_user_names_all_columns(tmp_path, arguments, delimiter):
  data = tables.load(tmp_path, _bare(delimiter=delimiter), **arguments)
  tables.check(data)
  tables.told(data, "c2 is")


def test_units_that_are_given_with_the_names(tmp_path):
  data = tables.load(tmp_path, _bare(), columns="trial,t:s,x:m,v:m/s")
  tables.check(data, unit=("m", "m/s"))
  assert data.time_unit == "s"


def test_names_are_made_up_and_told(tmp_path):
  data = tables.load(tmp_path, _bare())
  tables.check(data, ("c3", "c4"))
  tables.told(
      data, "names no columns: they are called c1, c2, c3, c4; c1 is "
      "the trial, c2 is the clock; name all 4 by columns='trial,t,x,v'")
  again = load(tmp_path / "data.csv", columns="c4:m/s")
  assert [str(v.unit) for v in again.variables] == ["m/s"]


def test_no_clock_is_guessed_from_uneven_numbers(tmp_path):
  rows = [r[2:] for r in tables.orbits()]
  data = tables.load(tmp_path, _bare(rows))
  assert [v.name for v in data.variables] == ["c1", "c2"] and not data.timed


@pytest.mark.parametrize("columns,message", [
    ("a,b", r"data.csv: names none of its 4 columns.*all 4.*got a, b\."),
    ("trial,t,run,time", None),
])
def test_wrong_names(tmp_path, columns, message):
  if message is None:
    assert len(tables.load(tmp_path, _bare(), columns=columns).variables) == 2
    return
  with pytest.raises(InputError, match=message):
    tables.load(tmp_path, _bare(), columns=columns)


def test_only_a_clock_is_named(tmp_path):
  with pytest.raises(InputError, match="names a time or a trial only"):
    tables.load(tmp_path, "1\n2\n3\n", columns="t")


@pytest.mark.parametrize("head", ["% x v", "%x v", "# x v"])
def test_a_header_of_the_states_only(tmp_path, head):
  data = tables.load(tmp_path, tables.text(head, delimiter=" "))
  tables.check(data)
  tables.told(data,
              "names 2 of 4 columns: the first 2 are taken as trial and t")


def test_columns_at_the_end_without_a_name_are_no_states(tmp_path):
  rows = [(*r, 2 * r[2]) for r in tables.orbits()]
  data = tables.load(tmp_path, tables.text("% x v", rows, " "))
  tables.check(data)
  tables.told(data, "without a name, and so no states: c5")
  assert set(data.others) == {"c5"}


def test_a_short_header_that_repeats_a_name(tmp_path):
  rows = [r[1:] for r in tables.orbits()[:tables.ROWS]]
  with pytest.raises(InputError, match="data.csv: the header names 2 columns"):
    tables.load(tmp_path, tables.text("% x x", rows, " "))


def test_a_short_header_over_no_clock(tmp_path):
  rows = [(r[2], *r[2:]) for r in tables.orbits()]
  with pytest.raises(InputError,
                     match="data.csv: the header names 2 columns .*"
                     "such as columns='c1,x,v'"):
    tables.load(tmp_path, tables.text("% x v", rows, " "))


@pytest.mark.skipif(not _LIPSON.is_dir(), reason="needs the sample files")
@pytest.mark.parametrize("name,trials,states", [
    ("real_double_pend_h_1.txt", 2, ["o1", "o2", "w1", "w2"]),
    ("real_linear_h_1.txt", 1, ["x", "v"]),
    ("pendulum_h_1.txt", 1, ["o", "v"]),
])
def test_measured_samples(name, trials, states):
  data = load(_LIPSON / name)
  assert len(data.states) == trials
  assert [v.name for v in data.variables] == states


def test_errors_of_discovery_name_the_file(tmp_path):
  path = tmp_path / "one.csv"
  t = np.arange(9) * .1
  np.savetxt(path,
             np.c_[t, np.cos(t)],
             header="t,x",
             comments="",
             delimiter=",")
  with pytest.raises(InputError,
                     match="^one.csv: Trajectory 1 of 1 has 9 rows"):
    discover(path)
