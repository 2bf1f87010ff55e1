"""Files as the tools of the trade write them, made here, and real samples."""

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pytest

from noether_jax.data import load
from noether_jax.data import text_tables
from noether_jax.errors import InputError
from tests.paths import SHARED

_FORMATS = SHARED / "data" / "formats"
_TRIALS, _ROWS, _STEP = 3, 30, .05


def _orbits(step=_STEP):
  """Rows (trial, t, x, v) with v^2 + 4 x^2 conserved."""
  t = np.arange(_ROWS) * step
  return [(n, t[k], (1 + n) * np.cos(2 * t[k] + n),
           -2 * (1 + n) * np.sin(2 * t[k] + n))
          for n in range(_TRIALS)
          for k in range(_ROWS)]


def _text(head, rows=None, delimiter=",", form="%.9g"):
  """A table of text; None is a blank cell."""
  rows = _orbits() if rows is None else rows
  lines = [
      delimiter.join("" if c is None else c if isinstance(c, str) else form % c
                     for c in row)
      for row in rows
  ]
  return "\n".join([head, *lines]) + "\n"


def _load(tmp_path, text, name="data.csv", **arguments):
  path = tmp_path / name
  path.write_bytes(text if isinstance(text, bytes) else text.encode())
  return load(path, **arguments)


def _check(data, names=("x", "v"), unit=("1", "1")):
  """The orbits came back."""
  assert [v.name for v in data.variables] == list(names)
  assert [str(v.unit) for v in data.variables] == list(unit)
  assert len(data.states) == _TRIALS
  rows = np.array(_orbits())
  for n, (t, s) in enumerate(zip(data.times, data.states)):
    mine = rows[rows[:, 0] == n]
    np.testing.assert_allclose(t, mine[:, 1], atol=1e-6)
    np.testing.assert_allclose(s, mine[:, 2:], atol=1e-6)


def _told(data, *parts):
  """One line says each."""
  assert all(isinstance(m, str) and "\n" not in m for m in data.messages)
  for part in parts:
    assert sum(part in m for m in data.messages) == 1, (part, data.messages)


def test_decimal_commas_semicolons_and_a_byte_order_mark(tmp_path):
  text = "\ufeff" + _text("Versuch;Zeit;Weg;Tempo_x", delimiter=";").replace(
      ".", ",")
  data = _load(tmp_path, text)
  _check(data, ("Weg", "Tempo_x"))
  _told(data, "';'", "decimal mark is a comma", "'Zeit' is taken for the clock",
        "'Versuch' is taken to tell trials apart")


def test_thousands_in_a_decimal_comma_table(tmp_path):
  rows = [(str(k), f"{1000 + k}", f"1.{200 + k * k % 50},5", f"-{k % 7},25")
          for k in range(40)]
  data = _load(tmp_path, _text("i;t;x;v", rows, ";"))
  np.testing.assert_allclose(data.states[0][0], [1200.5, -.25])


@pytest.mark.parametrize("delimiter,told", [("\t", "tabs"), (" ", "blanks"),
                                            ("   ", "blanks"), ("|", "'|'"),
                                            (", ", None)])
def test_delimiters(tmp_path, delimiter, told):
  data = _load(
      tmp_path,
      _text(delimiter.join(["trial", "t", "x", "v"]), delimiter=delimiter))
  _check(data)
  if told:
    _told(data, f"separated by {told}")


def test_header_behind_a_comment_mark(tmp_path):
  for head in ("# trial t x v", "% trial t x v", "# made by me\n# trial t x v"):
    _check(_load(tmp_path, _text(head, delimiter=" "), "a.dat"))
  _check(_load(tmp_path, _text("# trial,t,x,v")))
  _check(
      _load(
          tmp_path,
          _text("# trial,t,x,v\n1e9,0,0,0\n# note", None)[:0] or
          _text("# trial,t,x,v")))


def test_a_title_above_the_header_and_tex_names(tmp_path):
  rows = [(t, x, v if k else None)
          for k, (_, t, x, v) in enumerate(_orbits()[:_ROWS])]
  data = _load(tmp_path, _text("mass_A\nt\tx\tv_{x}", rows, "\t"), "a.txt")
  assert [v.name for v in data.variables] == ["x", "v_x"]
  assert len(data.states[0]) == _ROWS - 1 and data.times[0][0] == _STEP
  _told(
      data, "'mass_A'", "renamed v_{x} to v_x",
      f"1 of {_ROWS} rows left out: blank or NaN in v_x, first in data row 1")
  again = load(tmp_path / "a.txt", columns="v_{x}:m/s,x:m")
  assert [str(v.unit) for v in again.variables] == ["m/s", "m"]


@pytest.mark.parametrize("head", [
    "trial,t,x,v\n,s,m,m/s", "trial,t (s),x (m),v (m/s)",
    "trial,t [s],x [m],v [m s^-1]", "trial,t / s,x / m,v / m/s",
    "trial,t,x,v\n,(s),(m),(m/s)"
])
def test_units_of_the_header(tmp_path, head):
  data = _load(tmp_path, _text(head))
  _check(data, unit=("m", "m/s"))
  assert data.time_unit == "s"
  _told(data, "units taken from the header: t in s, x in m, v in m")


def test_what_is_no_unit_stays_in_the_name(tmp_path):
  data = _load(tmp_path, _text("trial,t,x (smoothed),v(t)"))
  _check(data, ("x (smoothed)", "v(t)"))


def test_a_unit_that_is_given_wins(tmp_path):
  data = _load(tmp_path,
               _text("trial,t,x (m),v"),
               columns={
                   "x": "px",
                   "v": "px/s"
               })
  assert [str(v.unit) for v in data.variables] == ["px", "px/s"]


@pytest.mark.parametrize("stamp", [
    "2024-05-01T12:00:{:09.6f}", "2024-05-01 12:00:{:09.6f}",
    "2024-05-01T12:00:{:09.6f}Z", "12:00:{:09.6f}", "01.05.2024 12:00:{:09.6f}"
])
def test_time_stamps(tmp_path, stamp):
  rows = [(n, stamp.format(t), x, v) for n, t, x, v in _orbits()]
  data = _load(tmp_path, _text("trial,when,x,v", rows))
  _check(data)
  assert data.time_unit == "s"
  _told(data, "seconds since the first")


def _pendulum(period, shift):
  """An angle that turns over, wrapped; rate^2 - 39.24 cos(angle) is kept."""
  rows = []
  for n in range(3):
    angle, rate = .3, 5. + 3 * n
    for k in range(400):
      turn = angle * period / (2 * np.pi)
      rows.append((n, k * .01, (turn - shift) % period + shift,
                   rate * period / (2 * np.pi)))
      for _ in range(50):
        rate -= 1e-4 * 19.62 * np.sin(angle)
        angle += 2e-4 * rate
        rate -= 1e-4 * 19.62 * np.sin(angle)
  return rows


@pytest.mark.parametrize("period,shift", [(360., -180.), (360., 0.),
                                          (2 * np.pi, -np.pi), (2 * np.pi, 0.)])
@pytest.mark.parametrize("head", ["trial,time,angle,rate"])
def test_wrapped_angles(tmp_path, period, shift, head):
  data = _load(tmp_path, _text(head, _pendulum(period, shift)))
  assert data.variables[0].unit.is_angle
  assert max(np.abs(np.diff(s[:, 0])).max() for s in data.states) < .2
  energy = [s[:, 1]**2 - 39.24 * np.cos(s[:, 0]) for s in data.states]
  assert max(np.ptp(e) for e in energy) < 1e-2
  _told(data, "angle jumps by")
  if period == 360:
    _told(data, "rate is the rate of angle in degrees")


def test_degrees_that_are_told(tmp_path):
  data = _load(
      tmp_path, _text("trial,time,angle (deg),rate (deg/s)",
                      _pendulum(360., 0.)))
  energy = [s[:, 1]**2 - 39.24 * np.cos(s[:, 0]) for s in data.states]
  assert max(np.ptp(e) for e in energy) < 1e-2
  _told(data, "angle converted to rad", "rate converted to 1/s",
        "angle unwrapped")
  again = load(tmp_path / "data.csv", columns="angle:deg,rate:deg/s")
  np.testing.assert_allclose(again.states, data.states)


def test_noise_at_the_jump(tmp_path):
  random = np.random.default_rng(0)
  turn = np.linspace(0., 20., 400) + .1 * random.normal(size=400)
  rows = np.stack([
      np.arange(400), (turn + np.pi) % (2 * np.pi) - np.pi,
      random.normal(size=400)
  ], 1)
  data = _load(tmp_path, _text("t,q,p", rows))
  np.testing.assert_allclose(data.states[0][:, 0], turn, atol=1e-6)
  assert not data.variables[1].unit.is_angle


@pytest.mark.parametrize("seed", range(5))
def test_jumps_that_are_no_turns_stay(tmp_path, seed):
  random = np.random.default_rng(seed)
  rows = [(k * .1, *random.uniform(-np.pi, np.pi, 2)) for k in range(60)]
  data = _load(tmp_path, _text("t,x,y", rows))
  assert not any(v.unit.is_angle for v in data.variables)
  np.testing.assert_allclose(data.states[0], np.array(rows)[:, 1:], rtol=1e-6)


def test_gaps_are_left_out(tmp_path):
  rows = [(n, t, "NaN" if k % 11 == 5 else x, None if k % 13 == 7 else v)
          for k, (n, t, x, v) in enumerate(_orbits())]
  bad = sum(r[2] == "NaN" or r[3] is None for r in rows)
  data = _load(tmp_path, _text("trial,time,x,v", rows))
  assert sum(map(len, data.states)) == len(rows) - bad
  _told(
      data, f"{bad} of {len(rows)} rows left out: blank or NaN in x, v, first "
      "in data row 6")
  for t, s in zip(data.times, data.states):
    assert len(t) == len(s) and np.all(np.diff(t) > 0)


@pytest.mark.parametrize("name,pack", [("a.csv.gz", gzip.compress),
                                       ("a.csv.bz2", bz2.compress),
                                       ("a.csv.xz", lzma.compress)])
def test_compressed(tmp_path, name, pack):
  whole = pack(_text("trial,t,x,v").encode())
  _check(_load(tmp_path, whole, name))
  with pytest.raises(InputError, match=f"{name}: a damaged compressed file"):
    _load(tmp_path, whole[:len(whole) // 2], name)


def test_zip(tmp_path):
  path = tmp_path / "a.csv.zip"
  with zipfile.ZipFile(path, "w") as archive:
    archive.writestr("a.csv", _text("trial,t,x,v"))
  _check(load(path))
  with zipfile.ZipFile(path, "a") as archive:
    archive.writestr("b.csv", "")
  with pytest.raises(InputError, match="holds 2 files"):
    load(path)
  path.write_bytes(b"PK\3\4nothing")
  with pytest.raises(InputError, match="not a readable zip"):
    load(path)


def test_trials_of_other_lengths_and_rates(tmp_path):
  rows = [r for r in _orbits() if r[0] == 0]
  rows += [(1, r[1], r[2], r[3]) for r in _orbits(2 * _STEP)[:17]]
  data = _load(tmp_path, _text("trial,t,x,v", rows))
  assert [len(t) for t in data.times] == [_ROWS, 17]
  np.testing.assert_allclose(np.diff(data.times[1]), 2 * _STEP)


def test_interleaved_objects(tmp_path):
  rows = sorted(((x, v, round(t / _STEP), n) for n, t, x, v in _orbits()),
                key=lambda r: r[2])
  text = _text("xBody\tyBody\timageNumber\tid", rows, "\t")
  for data in (_load(tmp_path,
                     text,
                     "tracking.txt",
                     trial="id",
                     time="imageNumber:frame"), _load(tmp_path, text)):
    assert data.labels == ("0", "1", "2")
    np.testing.assert_array_equal(data.times[0], np.arange(_ROWS))
    np.testing.assert_allclose(data.states[2][0], _orbits()[60][2:], rtol=1e-8)


def _run_files(folder):
  folder.mkdir()
  for n in range(_TRIALS):
    rows = [r[1:] for r in _orbits() if r[0] == n]
    (folder / f"run{8 + n}.csv").write_text(_text("t,x,v", rows))
  (folder / "README.txt").write_text("about the runs")
  return folder


def test_several_files_and_a_folder(tmp_path):
  folder = _run_files(tmp_path / "runs")
  every = [folder / f"run{n}.csv" for n in (8, 9, 10)]
  for path in (folder, str(folder / "*.csv"), every):
    data = load(path)
    _check(data)
    assert data.labels == ("run8", "run9", "run10")
    _told(data, "3 files: each is a trial")


def test_files_that_hold_trials(tmp_path):
  for name in ("a", "b"):
    (tmp_path / f"{name}.csv").write_text(_text("trial,t,x,v"))
  data = load([tmp_path / "a.csv", tmp_path / "b.csv"])
  assert data.labels == ("a/0", "a/1", "a/2", "b/0", "b/1", "b/2")
  _told(data, "trials told apart by file and 'trial'")


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


def test_rounded_stamps(tmp_path):
  rows = [(n, f"{k / 120:.3f}", k % 5, v)
          for n in range(2)
          for k, (_, _, _, v) in enumerate(_orbits() + _orbits())]
  data = _load(tmp_path, _text("trial,t,x,v", rows))
  steps = np.concatenate([np.diff(t) for t in data.times])
  np.testing.assert_allclose(steps, 1 / 120, rtol=1e-4)
  _told(data, "rounded to 0.001: taken as equal steps of 0.00833")


def test_jitter_is_no_rounding(tmp_path):
  random = np.random.default_rng(0)
  t = np.cumsum(random.uniform(.8, 1.2, 60))
  rows = [(float(f"{a:.4f}"), np.cos(a), np.sin(a)) for a in t]
  data = _load(tmp_path, _text("t,x,y", rows))
  np.testing.assert_allclose(data.times[0], t, atol=1e-4)
  assert not any("rounded" in m for m in data.messages)


@pytest.mark.parametrize("head",
                         ["trial,i,t,x,v", "trial,frame,t,x,v", "trial,,t,x,v"])
def test_counts_of_rows_are_no_state(tmp_path, head):
  rows = [(r[0], k % _ROWS, *r[1:]) for k, r in enumerate(_orbits())]
  if ",," in head:
    head, rows = ",trial,t,x,v", [(k, *r) for k, r in enumerate(_orbits())]
  data = _load(tmp_path, _text(head, rows))
  _check(data)
  _told(data, "counts rows, so it is no state by default")
  assert len(data.others) == 1


def test_an_index_written_along_with_parquet(tmp_path):
  pandas = pytest.importorskip("pandas")
  pytest.importorskip("pyarrow")
  frame = pandas.DataFrame(_orbits(), columns=["trial", "t", "x", "v"])
  frame.assign(__index_level_0__=range(len(frame))).to_parquet(tmp_path /
                                                               "a.parquet")
  _check(load(tmp_path / "a.parquet"))
  frame.set_index(["trial", "t"]).to_parquet(tmp_path / "b.parquet")
  _check(load(tmp_path / "b.parquet"))


@pytest.mark.parametrize("head", [
    "trial,time,T,V", "run,Time (s),T,V", "trial,Run 1: Time (s),T,V",
    "trial,timestamp,T,V", "trial,seconds,T,V", "trial,Tid,T,V", "trial,ur,T,V",
    "exp,t_s,T,V"
])
def test_the_clock_beside_a_temperature(tmp_path, head):
  rows = [(n, t, t + x, v) for n, t, x, v in _orbits()]
  data = _load(tmp_path, _text(head, rows))
  assert [v.name for v in data.variables] == ["T", "V"]
  np.testing.assert_allclose(data.times[1], np.arange(_ROWS) * _STEP)


def test_a_capital_t_alone_is_the_clock_if_it_rises(tmp_path):
  _check(_load(tmp_path, _text("trial,T,x,v")))
  rows = [(n, x, v) for n, _, x, v in _orbits()]
  data = _load(tmp_path, _text("trial,T,v", rows))
  assert [v.name for v in data.variables] == ["T", "v"] and not data.timed


def test_a_second_time_is_no_state(tmp_path):
  rows = [(n, t, 1234 * t + 5, x, v) for n, t, x, v in _orbits()]
  data = _load(tmp_path, _text("trial,t,ms,x,v", rows))
  _check(data)
  _told(data, "'ms' is a linear function of the clock")


def test_constants_of_a_trial_are_kept_beside_the_states(tmp_path):
  rows = [(n, t, x, v, 2.5 * n) for n, t, x, v in _orbits()]
  data = _load(tmp_path, _text("trial,t,x,v,mass", rows))
  _check(data)
  assert data.others["mass"][2][0] == 5.
  _told(data, "'mass' never changes within a trial")


def test_columns_that_are_not_named_are_kept_beside_the_states(tmp_path):
  rows = [(n, t, x, v, None if t == 0 else v * v + 4 * x * x)
          for n, t, x, v in _orbits()]
  data = _load(tmp_path, _text("trial,t,x,v,log", rows), columns="x,v")
  _check(data)
  np.testing.assert_allclose(data.others["log"][1][1:], 16, rtol=1e-6)
  assert np.isnan(data.others["log"][1][0])


def test_merged_cells_are_filled_down(tmp_path):
  rows = [(f"day {r[0]}" if k % _ROWS == 0 else None, *r[1:])
          for k, r in enumerate(_orbits())]
  data = _load(tmp_path, _text("trial,t,x,v", rows))
  _check(data)
  assert data.labels == ("day 0", "day 1", "day 2")
  _told(data, "is blank in 87 rows: filled with the label above")


def test_names_with_colons_and_commas(tmp_path):
  head = 'trial,Run 1: Time (s),"Run 1: Angle, raw (rad)",Run 1: Velocity'
  _load(tmp_path, _text(head))
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
    _check(data, wanted, ("rad", "1/s"))
    assert data.time_unit == "s"


def test_windows_1252(tmp_path):
  text = _text("Versuch,Zeit,Länge,v").encode("cp1252")
  data = _load(tmp_path, text)
  _check(data, ("Länge", "v"))
  _told(data, "Windows-1252")


def test_a_broken_character_far_down(tmp_path):
  text = _text("trial,t,x,v", _orbits() * 30).encode() + b"\xe9\n"
  assert len(text) > 2**16
  with pytest.raises(InputError, match="not a text file in UTF-8 throughout"):
    _load(tmp_path, text)


@pytest.mark.parametrize("cell,kept", [(" -- ", False), ("N/A", False),
                                       ("#DIV/0!", False), ("1e-3", True),
                                       ("5", True)])
def test_blanks(cell, kept):
  assert text_tables.is_blank(cell) != kept


# What each sample must give: trials, rows, columns with units, what is told.
_SAMPLES = {
    "tracker.txt": (1, 179, "x:1,v_x:1", "2 of 181 rows left out"),
    "thermo.dat": (1, 181, "KinEng:1,PotEng:1", "'Steps' is taken for"),
    "german.csv": (8, 1448, "Auslenkung:1,Geschwindigkeit:1", "comma"),
    "units_row.csv": (8, 1448, "x:m,v:m/s", "units taken from the header"),
    "units_head.csv": (8, 1448, "x:m,v:m/s", "units taken from the header"),
    "iso.csv": (8, 1448, "x:1,v:1", "seconds since the first"),
    "degrees.csv": (8, 3200, "angle:rad,rate:1", "in degrees, unwrapped"),
    "wrapped.csv": (8, 3200, "angle:rad,rate:1", "jumps by 2 pi"),
    "dropped.csv": (8, 1418, "x:1,v:1", "30 of 1448 rows left out"),
    "rates.csv.gz": (8, 677, "x:1,v:1", ""),
    "fasttrack.txt": (8, 1448, "xBody:1,yBody:1", "tabs"),
    "runs": (5, 905, "x:1,v:1", "5 files: each is a trial"),
    "savetxt.csv": (8, 960, "q:1,p:1", ""),
    "time_in_seconds.csv": (8, 320, "y:m,vy:m/s", "Time in s"),
    "rounded_stamps.csv": (8, 2880, "q:1,p:1", "rounded to 0.001"),
    "blank_first_velocity.csv": (8, 952, "theta:1,omega:1", "8 of 960 rows"),
    "pandas_index.parquet": (8, 960, "q:1,p:1", "counts rows"),
    "temperature.csv": (8, 960, "T:1,V:1", ""),
    "merged_cells.csv": (8, 960, "q:1,p:1", "filled with the label above"),
    "colon_names.csv":
        (8, 960, "Run 1: Angle:rad,Run 1: Velocity:1/s", "units taken"),
    "two_steps.csv": (8, 720, "q:1,p:1", ""),
}


@pytest.mark.skipif(not _FORMATS.is_dir(), reason="needs the sample files")
@pytest.mark.parametrize("name", _SAMPLES)
def test_samples(name):
  if name.endswith("parquet"):
    pytest.importorskip("pyarrow")
  trials, rows, columns, told = _SAMPLES[name]
  data = load(_FORMATS / name)
  assert len(data.states) == trials and sum(map(len, data.states)) == rows
  assert ",".join(f"{v.name}:{v.unit}" for v in data.variables) == columns
  assert data.timed and any(told in m for m in [*data.messages, ""])


def test_a_delimiter_at_the_end_of_each_row(tmp_path):
  text = _text("trial,t,x,v").replace("\n", ",\n")
  _check(_load(tmp_path, text))
  _check(_load(tmp_path, text.replace("v,", "v", 1)))


def test_labels_of_rows_without_a_name(tmp_path):
  rows = [(str(k + 1), *r) for k, r in enumerate(_orbits())]
  _check(_load(tmp_path, _text("trial t x v", rows, " "), "a.txt"))


def test_a_header_of_several_rows(tmp_path):
  head = "scorer,net,net,net\nbodyparts,,nose,nose\ncoords,t,x,y"
  data = _load(tmp_path, _text(head))
  _check(data, ("nose x", "nose y"))


def test_numbers_as_fortran_writes_them(tmp_path):
  text = _text("trial t x v", delimiter=" ", form="%.9e").replace("e", "D")
  _check(_load(tmp_path, text, "a.dat"))


def test_a_clock_that_starts_anew(tmp_path):
  rows = [r[1:] for r in _orbits()]
  data = _load(tmp_path, _text("t,x,v", rows))
  _check(data)
  _told(data, "the clock starts anew 2 times: each time a trial")


def test_what_excel_writes_for_other_programs(tmp_path):
  text = "sep=;\n" + _text("trial;t;x;v", delimiter=";")
  _check(_load(tmp_path, text))


@pytest.mark.parametrize("head,rows", [
    ("t,,x,x\n", ((0, 1, 2, 3), (1, 2, 3, 4))),
])
def test_names_that_stand_twice(tmp_path, head, rows):
  with pytest.raises(InputError, match="must name every column once"):
    _load(tmp_path, _text(head.strip(), rows))
