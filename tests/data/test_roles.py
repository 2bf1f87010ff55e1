"""Which column is the clock, which tells trials apart, which is a state."""

import numpy as np
import pytest

from noether_jax.data import load
from noether_jax.errors import InputError
from tests.data import tables


def test_trials_of_other_lengths_and_rates(tmp_path):
  rows = [r for r in tables.orbits() if r[0] == 0]
  rows += [(1, r[1], r[2], r[3]) for r in tables.orbits(2 * tables.STEP)[:17]]
  data = tables.load(tmp_path, tables.text("trial,t,x,v", rows))
  assert [len(t) for t in data.times] == [tables.ROWS, 17]
  np.testing.assert_allclose(np.diff(data.times[1]), 2 * tables.STEP)


def test_interleaved_objects(tmp_path):
  rows = sorted(
      ((x, v, round(t / tables.STEP), n) for n, t, x, v in tables.orbits()),
      key=lambda r: r[2])
  text = tables.text("xBody\tyBody\timageNumber\tid", rows, "\t")
  for data in (tables.load(tmp_path,
                           text,
                           "tracking.txt",
                           trial="id",
                           time="imageNumber:frame"),
               tables.load(tmp_path, text)):
    assert data.labels == ("0", "1", "2")
    np.testing.assert_array_equal(data.times[0], np.arange(tables.ROWS))
    np.testing.assert_allclose(data.states[2][0],
                               tables.orbits()[60][2:],
                               rtol=1e-8)


def _run_files(folder):
  folder.mkdir()
  for n in range(tables.TRIALS):
    rows = [r[1:] for r in tables.orbits() if r[0] == n]
    (folder / f"run{8 + n}.csv").write_text(tables.text("t,x,v", rows))
  (folder / "README.txt").write_text("about the runs")
  return folder


def test_several_files_and_a_folder(tmp_path):
  folder = _run_files(tmp_path / "runs")
  every = [folder / f"run{n}.csv" for n in (8, 9, 10)]
  for path in (folder, str(folder / "*.csv"), every):
    data = load(path)
    tables.check(data)
    assert data.labels == ("run8", "run9", "run10")
    tables.told(data, "3 files: each is a trial")


def test_files_that_hold_trials(tmp_path):
  for name in ("a", "b"):
    (tmp_path / f"{name}.csv").write_text(tables.text("trial,t,x,v"))
  data = load([tmp_path / "a.csv", tmp_path / "b.csv"])
  assert data.labels == ("a/0", "a/1", "a/2", "b/0", "b/1", "b/2")
  tables.told(data, "trials told apart by file and 'trial'")


def test_files_of_other_columns(tmp_path):
  (tmp_path / "a.csv").write_text("t,x,v\n0,1,2\n1,2,2\n")
  (tmp_path / "b.csv").write_text("t,x,w\n0,1,2\n1,2,2\n")
  with pytest.raises(InputError,
                     match="b.csv: other columns than a.csv: only "
                     "one of them has v, w"):
    load(tmp_path)
  with pytest.raises(InputError, match="No file was given"):
    load([])
  with pytest.raises(InputError, match="no such file"):
    load(tmp_path / "*.tsv")


@pytest.mark.parametrize("head",
                         ["trial,i,t,x,v", "trial,frame,t,x,v", "trial,,t,x,v"])
def test_counts_of_rows_are_no_state(tmp_path, head):
  rows = [(r[0], k % tables.ROWS, *r[1:]) for k, r in enumerate(tables.orbits())
         ]
  if ",," in head:
    head, rows = ",trial,t,x,v", [(k, *r) for k, r in enumerate(tables.orbits())
                                 ]
  data = tables.load(tmp_path, tables.text(head, rows))
  tables.check(data)
  tables.told(data, "counts rows, so it is no state by default")
  assert len(data.others) == 1


def test_an_index_written_along_with_parquet(tmp_path):
  pandas = pytest.importorskip("pandas")
  pytest.importorskip("pyarrow")
  frame = pandas.DataFrame(tables.orbits(), columns=["trial", "t", "x", "v"])
  frame.assign(__index_level_0__=range(len(frame))).to_parquet(tmp_path /
                                                               "a.parquet")
  tables.check(load(tmp_path / "a.parquet"))
  frame.set_index(["trial", "t"]).to_parquet(tmp_path / "b.parquet")
  tables.check(load(tmp_path / "b.parquet"))


@pytest.mark.parametrize("head", [
    "trial,time,T,V", "run,Time (s),T,V", "trial,Run 1: Time (s),T,V",
    "trial,timestamp,T,V", "trial,seconds,T,V", "trial,Tid,T,V", "trial,ur,T,V",
    "exp,t_s,T,V"
])
def test_the_clock_beside_a_temperature(tmp_path, head):
  rows = [(n, t, t + x, v) for n, t, x, v in tables.orbits()]
  data = tables.load(tmp_path, tables.text(head, rows))
  assert [v.name for v in data.variables] == ["T", "V"]
  np.testing.assert_allclose(data.times[1],
                             np.arange(tables.ROWS) * tables.STEP)


def test_a_capital_t_alone_is_the_clock_if_it_rises(tmp_path):
  tables.check(tables.load(tmp_path, tables.text("trial,T,x,v")))
  rows = [(n, x, v) for n, _, x, v in tables.orbits()]
  data = tables.load(tmp_path, tables.text("trial,T,v", rows))
  assert [v.name for v in data.variables] == ["T", "v"] and not data.timed


def test_a_second_time_is_no_state(tmp_path):
  rows = [(n, t, 1234 * t + 5, x, v) for n, t, x, v in tables.orbits()]
  data = tables.load(tmp_path, tables.text("trial,t,ms,x,v", rows))
  tables.check(data)
  tables.told(data, "'ms' is a linear function of the clock")


def test_constants_of_a_trial_are_columns(tmp_path):
  rows = [(n, t, x, v, 2.5 * n) for n, t, x, v in tables.orbits()]
  data = tables.load(tmp_path, tables.text("trial,t,x,v,mass", rows))
  assert [v.name for v in data.variables] == ["x", "v", "mass"]
  assert data.states[2][0, 2] == 5.


@pytest.mark.parametrize("name,value", [("mass", lambda n: 2.5),
                                        ("run_id", lambda n: 2.5 * n)])
def test_one_constant_and_labels_are_kept_beside_the_states(
    tmp_path, name, value):
  rows = [(n, t, x, v, value(n)) for n, t, x, v in tables.orbits()]
  data = tables.load(tmp_path, tables.text(f"trial,t,x,v,{name}", rows))
  tables.check(data)
  assert name in data.others
  tables.told(data, f"'{name}' never changes within a trial")


def test_columns_that_are_not_named_are_kept_beside_the_states(tmp_path):
  rows = [(n, t, x, v, None if t == 0 else v * v + 4 * x * x)
          for n, t, x, v in tables.orbits()]
  data = tables.load(tmp_path,
                     tables.text("trial,t,x,v,log", rows),
                     columns="x,v")
  tables.check(data)
  np.testing.assert_allclose(data.others["log"][1][1:], 16, rtol=1e-6)
  assert np.isnan(data.others["log"][1][0])


def test_merged_cells_are_filled_down(tmp_path):
  rows = [(f"day {r[0]}" if k % tables.ROWS == 0 else None, *r[1:])
          for k, r in enumerate(tables.orbits())]
  data = tables.load(tmp_path, tables.text("trial,t,x,v", rows))
  tables.check(data)
  assert data.labels == ("day 0", "day 1", "day 2")
  tables.told(data, "is blank in 87 rows: filled with the label above")


def test_names_with_colons_and_commas(tmp_path):
  head = 'trial,Run 1: Time (s),"Run 1: Angle, raw (rad)",Run 1: Velocity'
  tables.load(tmp_path, tables.text(head))
  path = tmp_path / "data.csv"
  wanted = ["Run 1: Angle, raw", "Run 1: Velocity"]
  for columns in (
      "Run 1: Angle, raw (rad),Run 1: Velocity:1/s",
      "'Run 1: Angle, raw':rad,\"Run 1: Velocity\":1/s",
      ["Run 1: Angle, raw", "Run 1: Velocity:1/s"],
      {
          "Run 1: Angle, raw (rad)": "rad",
          "Run 1: Velocity": "1/s"
      },
  ):
    data = load(path, columns=columns, time="Run 1: Time (s):s")
    tables.check(data, wanted, ("rad", "1/s"))
    assert data.time_unit == "s"


def test_a_clock_that_starts_anew(tmp_path):
  rows = [r[1:] for r in tables.orbits()]
  data = tables.load(tmp_path, tables.text("t,x,v", rows))
  tables.check(data)
  tables.told(data, "the clock starts anew 2 times: each time a trial")


def test_runs_beside_each_other(tmp_path):
  head = ",".join(f"Run {n + 1}: {q}" for n in range(tables.TRIALS)
                  for q in ("Time (s)", "Position (m)", "Velocity (m/s)"))
  orbits = np.array(tables.orbits()).reshape(tables.TRIALS, tables.ROWS, 4)[...,
                                                                            1:]
  rows = [[*orbits[:, k].ravel()] for k in range(tables.ROWS)]
  path = tmp_path / "data.csv"
  path.write_text(tables.text(head, rows))
  data = load(path)
  tables.check(data, ("Position", "Velocity"), ("m", "m/s"))
  assert data.labels == ("Run 1", "Run 2", "Run 3") and data.time_unit == "s"
  tables.told(data, "3 runs stood beside each other")
  one = load(path,
             columns="Run 2: Position,Run 2: Velocity",
             time="Run 2: Time")
  np.testing.assert_allclose(one.states[0], orbits[1, :, 1:], rtol=1e-6)
  for row in rows[20:]:  # A shorter run has blank cells at its end.
    row[6:] = [None] * 3
  path.write_text(tables.text(head, rows))
  assert [len(s) for s in load(path).states] == [tables.ROWS, tables.ROWS, 20]
