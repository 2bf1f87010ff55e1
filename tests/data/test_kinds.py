"""Kinds of files that programs for measuring and simulating write."""

import json

import numpy as np
import pytest

from noether_jax.data import cells
from noether_jax.data import load
from noether_jax.errors import InputError
from tests.data import tables

_ONE = tables.orbits()[:tables.ROWS]


def test_seconds_within_cells(tmp_path):
  rows = [(f"{t:.3f} sec", x, v) for _, t, x, v in _ONE]
  tables.check_first(tables.load(tmp_path, tables.text("Time,x,v", rows)))


def test_units_within_cells(tmp_path):
  rows = [(f"{t:.3f} s", f"{x:.7f} m", f"{v:.7f} m/s") for _, t, x, v in _ONE]
  data = tables.load(tmp_path, tables.text("t,x,v", rows))
  tables.check_first(data, unit=("m", "m/s"))
  assert data.time_unit == "s"
  tables.told(data, "x: cells in m")


def test_cells_of_several_units_are_told(tmp_path):
  rows = [(t, f"{x:.5f} {'cm' if x < 0 else 'm'}", v) for _, t, x, v in _ONE]
  data = tables.load(tmp_path, tables.text("t,x,v", rows))
  assert [v.name for v in data.variables] == ["v"]
  tables.told(data, "x: left out, its cells have several units (cm, m)")


def test_percent(tmp_path):
  rows = [(t, f"{100 * x:.5f}%", v) for _, t, x, v in _ONE]
  tables.check_first(tables.load(tmp_path, tables.text("t,x,v", rows)))


@pytest.mark.parametrize("mark,decimal", [(",", "."), ("'", "."), (" ", "."),
                                          ("\u202f", ","), (".", ",")])
def test_thousands(tmp_path, mark, decimal):
  wanted = [3000 + 1500 * x for _, _, x, _ in _ONE]
  swap = str.maketrans({",": mark, ".": decimal})
  rows = [(f"{t:.3f}".translate(swap), f"{y:,.2f}".translate(swap),
           f"{v:.4f}".translate(swap)) for y, (_, t, _, v) in zip(wanted, _ONE)]
  data = tables.load(tmp_path, tables.text("t;y;v", rows, ";"))
  np.testing.assert_allclose(data.states[0][:, 0], wanted, atol=.01)


def test_a_comma_that_may_be_either_is_told(tmp_path):
  rows = [(t, f'"{k % 9 + 1},{100 + 7 * k}"', v)
          for k, (_, t, _, v) in enumerate(_ONE)]
  data = tables.load(tmp_path, tables.text("t,y,v", rows))
  tables.told(data, "may be a decimal number or thousands")


@pytest.mark.parametrize("mark", ["-999", "-9999.0", "999.9", "1e30"])
def test_marks_of_missing_values(tmp_path, mark):
  rows = [
      (t, mark if k in (3, 9) else x, v) for k, (_, t, x, v) in enumerate(_ONE)
  ]
  data = tables.load(tmp_path, tables.text("t,x,v", rows))
  assert len(data.states[0]) == tables.ROWS - 2
  tables.told(data, "in 2 rows means no value: left out")


def test_999_among_its_like_is_a_value():
  values = np.linspace(0, 999, 40)
  assert cells.without_marks("x", values, []) is values


def test_grace(tmp_path):
  head = ('# made by gmx energy\n@ title "Energies"\n@ xaxis label "Time (s)"\n'
          '@TYPE xy\n@ s0 legend "x"\n@ s1 legend "v"')
  rows = [r[1:] for r in _ONE]
  data = tables.load(tmp_path, tables.text(head, rows, "   "), "a.xvg")
  tables.check_first(data)
  assert data.time_unit == "s"


def _log(rows):
  return tables.text("Step E x", [(str(int(k)), e, x) for k, e, x in rows], " ")


def test_a_log_with_text_between_its_blocks(tmp_path):
  rows = [(10 * k, k * k % 7, x) for k, (_, _, x, _) in enumerate(_ONE)]
  text = ("LAMMPS (29 Oct 2020)\nunits lj\nCreated 4000 atoms\n" +
          _log(rows[:15]) + "Loop time of 0.5 on 1 procs\nPair | 1 | 2 |\n\n" +
          _log(rows[14:]) + "Total wall time 0:00:01 h\n")
  data = tables.load(tmp_path, text, "log.lammps")
  assert [v.name for v in data.variables] == ["E", "x"]
  np.testing.assert_array_equal(data.times[0], np.arange(tables.ROWS) * 10.)
  tables.told(data, "lines of text between or below the rows left out",
              "1 rows repeat the row above")


def test_a_footer(tmp_path):
  text = "*****\nTarget Mars\n" + tables.text(
      "t, x, v,\n*****\n$$SOE", [(*r[1:], None) for r in _ONE], ", ")
  data = tables.load(tmp_path, text + "$$EOE\n*****\nTIME\n  Dynamical Time\n")
  tables.check_first(data)
  tables.told(data, "4 lines of text")


@pytest.mark.parametrize("scale,word", [(1, "seconds"), (10**3, "milliseconds"),
                                        (10**9, "nanoseconds")])
def test_times_since_1970(tmp_path, scale, word):
  step = max(1, scale // 20)
  rows = [(str(1587123456 * scale + k * step), x, v)
          for k, (_, _, x, v) in enumerate(_ONE)]
  data = tables.load(tmp_path, tables.text("%time,x,v", rows))
  np.testing.assert_array_equal(data.times[0],
                                np.arange(tables.ROWS) * step / scale)
  tables.told(data, f": {word} since 1970 became seconds")


@pytest.mark.parametrize("head", ["t_ms,x (m),v (m/s)", "t [ms],x [m],v [m/s]"])
def test_milliseconds_beside_metres_per_second(tmp_path, head):
  rows = [(1000 * t, x, v) for _, t, x, v in _ONE]
  data = tables.load(tmp_path, tables.text(head, rows))
  tables.check_first(data, unit=("m", "m/s"))
  assert data.time_unit == "s"
  tables.told(data, "times converted from ms to s")


def test_runs_beside_each_other_by_a_number_at_the_end(tmp_path):
  head = ",".join(
      f"{q} Run #{n}" for n in (1, 2) for q in ("Time (s)", "x (m)", "v (m/s)"))
  rows = [(t, x, v, t, 2 * x, 2 * v) for _, t, x, v in _ONE]
  data = tables.load(tmp_path, tables.text(head, rows))
  tables.check_first(data, unit=("m", "m/s"))
  np.testing.assert_allclose(data.states[1], 2 * data.states[0])


def test_likelihoods_are_no_states(tmp_path):
  rows = [(*r[1:], .9 + r[2] / 50) for r in _ONE]
  tables.check_first(
      tables.load(tmp_path, tables.text("t,x,v,nose likelihood", rows)))


@pytest.mark.parametrize(
    "head",
    ["Time [s]   Pos x [m]   Vel x [m/s]", "time (s) Pos-x (m) Vel-x (m/s)"])
def test_names_with_blanks_in_a_table_of_blanks(tmp_path, head):
  data = tables.load(tmp_path, tables.text(head, [r[1:] for r in _ONE], "  "))
  assert [str(v.unit) for v in data.variables] == ["m", "m/s"]
  assert data.time_unit == "s"


_RECORDS = [dict(zip("txv", r[1:])) for r in _ONE]
_COLUMNS = {n: [r[n] for r in _RECORDS] for n in "txv"}


@pytest.mark.parametrize("content", [
    json.dumps(_RECORDS), "\n".join(map(json.dumps, _RECORDS)),
    json.dumps(_COLUMNS),
    json.dumps([_COLUMNS, _COLUMNS]),
    json.dumps({
        "note": "run",
        "data": _RECORDS
    })
])
@pytest.mark.parametrize("name", ["a.json", "a.txt"])
def test_json(tmp_path, content, name):
  tables.check_first(tables.load(tmp_path, content, name))


@pytest.mark.parametrize("content,message", [
    ('{"a": [1,', "a.json: not readable as JSON"),
    ('{"a": 1}', "a.json: no table in this JSON file"),
    ("[1, 2]", "a.json: no table in this JSON file"),
])
def test_json_that_is_no_table(tmp_path, content, message):
  with pytest.raises(InputError, match=message):
    tables.load(tmp_path, content, "a.json")


def test_pickles_are_refused(tmp_path):
  with pytest.raises(InputError, match="a.pkl: a pickle can run any code"):
    tables.load(tmp_path, b"", "a.pkl")


def test_npy(tmp_path):
  np.save(tmp_path / "a.npy", np.array(_ONE)[:, 1:])
  tables.check_first(load(tmp_path / "a.npy", columns="t,x,v"))
  np.save(tmp_path / "a.npy", np.zeros(3))
  with pytest.raises(InputError, match="one array of rows and columns"):
    load(tmp_path / "a.npy")


@pytest.mark.parametrize("times,message", [
    (lambda k: -k, "It decreases throughout: sort the rows"),
    (lambda k: k - (k == 7), "Rows of the same time: keep one"),
])
def test_times_that_do_not_increase(tmp_path, times, message):
  rows = [(times(k), *r[2:]) for k, r in enumerate(_ONE)]
  with pytest.raises(InputError, match=message):
    tables.load(tmp_path, tables.text("t,x,v", rows))


@pytest.mark.parametrize("head",
                         ["# fps: 20", "Frame rate: 20 Hz", "FREQUENCY;20"])
def test_frames_of_a_rate_that_is_told(tmp_path, head):
  rows = [(str(k), *r[2:]) for k, r in enumerate(_ONE)]
  data = tables.load(tmp_path, tables.text(head + "\nframe,x,v", rows))
  tables.check_first(data)
  assert data.time_unit == "s"
  tables.told(data, "'frame' became seconds: the header gives")


def test_degrees_that_the_header_tells_of(tmp_path):
  head = "Coordinates\nnRows=30\ninDegrees=yes\n\nendheader\ntime\tx\tv"
  data = tables.load(tmp_path, tables.text(head, [r[1:] for r in _ONE], "\t"),
                     "a.mot")
  tables.check_first(data)
  tables.told(data, "inDegrees=yes: give the angles' units")


def test_dates_that_cannot_be_read_are_told(tmp_path):
  rows = [(f"01/{k % 28 + 1:02d}/20 10h", *r[2:]) for k, r in enumerate(_ONE)]
  data = tables.load(tmp_path, tables.text("Date,x,v", rows))
  assert not data.timed
  tables.told(data, "no time that can be read: write it like 2020-01-31")


def test_runs_as_columns_are_told(tmp_path):
  rows = [(t, x, v, x + v) for _, t, x, v in _ONE]
  data = tables.load(tmp_path, tables.text("Time,Run 1,Run 2,Run 3", rows))
  tables.told(data, "Run 1, Run 2, Run 3 are named like runs")
