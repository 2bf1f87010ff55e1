"""Layouts of text as other tools write them, and real samples."""

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pytest

from noether_jax.data import load
from noether_jax.data import values
from noether_jax.errors import InputError
from tests.data import tables
from tests.paths import SHARED

_FORMATS = SHARED / "data" / "formats"


def test_decimal_commas_semicolons_and_a_byte_order_mark(tmp_path):
  text = "\ufeff" + tables.text("Versuch;Zeit;Weg;Tempo_x",
                                delimiter=";").replace(".", ",")
  data = tables.load(tmp_path, text)
  tables.check(data, ("Weg", "Tempo_x"))
  tables.told(data, "';'", "decimal mark is a comma",
              "'Zeit' is taken for the clock",
              "'Versuch' is taken to tell trials apart")


def test_thousands_in_a_decimal_comma_table(tmp_path):
  rows = [(str(k), f"{1000 + k}", f"1.{200 + k * k % 50},5", f"-{k % 7},25")
          for k in range(40)]
  data = tables.load(tmp_path, tables.text("i;t;x;v", rows, ";"))
  np.testing.assert_allclose(data.states[0][0], [1200.5, -.25])


@pytest.mark.parametrize("delimiter,told", [("\t", "tabs"), (" ", "blanks"),
                                            ("   ", "blanks"), ("|", "'|'"),
                                            (", ", None)])
def test_delimiters(tmp_path, delimiter, told):
  data = tables.load(
      tmp_path,
      tables.text(delimiter.join(["trial", "t", "x", "v"]),
                  delimiter=delimiter))
  tables.check(data)
  if told:
    tables.told(data, f"separated by {told}")


def test_header_behind_a_comment_mark(tmp_path):
  for head in ("# trial t x v", "% trial t x v", "# made by me\n# trial t x v"):
    tables.check(
        tables.load(tmp_path, tables.text(head, delimiter=" "), "a.dat"))
  tables.check(tables.load(tmp_path, tables.text("# trial,t,x,v")))
  tables.check(
      tables.load(
          tmp_path,
          tables.text("# trial,t,x,v\n1e9,0,0,0\n# note", None)[:0] or
          tables.text("# trial,t,x,v")))


def test_a_title_above_the_header_and_tex_names(tmp_path):
  rows = [(t, x, v if k else None)
          for k, (_, t, x, v) in enumerate(tables.orbits()[:tables.ROWS])]
  data = tables.load(tmp_path, tables.text("mass_A\nt\tx\tv_{x}", rows, "\t"),
                     "a.txt")
  assert [v.name for v in data.variables] == ["x", "v_x"]
  assert len(
      data.states[0]) == tables.ROWS - 1 and data.times[0][0] == tables.STEP
  tables.told(
      data, "'mass_A'", "renamed v_{x} to v_x",
      f"1 of {tables.ROWS} rows left out: blank or NaN in v_x, first in data "
      "row 1")
  again = load(tmp_path / "a.txt", columns="v_{x}:m/s,x:m")
  assert [str(v.unit) for v in again.variables] == ["m/s", "m"]


@pytest.mark.parametrize("head", [
    "trial,t,x,v\n,s,m,m/s", "trial,t (s),x (m),v (m/s)",
    "trial,t [s],x [m],v [m s^-1]", "trial,t / s,x / m,v / m/s",
    "trial,t,x,v\n,(s),(m),(m/s)", "trial,t in s,x in m,v in m/s"
])
def test_units_of_the_header(tmp_path, head):
  data = tables.load(tmp_path, tables.text(head))
  tables.check(data, unit=("m", "m/s"))
  assert data.time_unit == "s"
  tables.told(data, "units taken from the header: t in s, x in m, v in m")


def test_units_at_the_end_of_a_name(tmp_path):
  data = tables.load(tmp_path, tables.text("trial,t,q_deg,w_deg_per_s"))
  assert [str(v.unit) for v in data.variables] == ["rad", "1/s"]
  scale = np.pi / 180
  np.testing.assert_allclose(data.states[0][0] / scale, tables.orbits()[0][2:])


def test_a_form_of_times_in_the_row_of_units(tmp_path):
  rows = [(f"0:{t:06.3f}", x, v) for _, t, x, v in tables.orbits()[:20]]
  head = "Elapsed time,x,v\nhh:mm:ss.mmm,mV,mV"
  data = tables.load(tmp_path, tables.text(head, rows))
  assert [str(v.unit) for v in data.variables] == ["mV", "mV"]
  np.testing.assert_allclose(data.times[0], np.arange(20) * tables.STEP)


def test_what_is_no_unit_stays_in_the_name(tmp_path):
  data = tables.load(tmp_path, tables.text("trial,t,x (smoothed),v(t)"))
  tables.check(data, ("x (smoothed)", "v(t)"))


def test_a_unit_that_is_given_wins(tmp_path):
  data = tables.load(tmp_path,
                     tables.text("trial,t,x (m),v"),
                     columns={
                         "x": "px",
                         "v": "px/s"
                     })
  assert [str(v.unit) for v in data.variables] == ["px", "px/s"]


@pytest.mark.parametrize("name,pack", [("a.csv.gz", gzip.compress),
                                       ("a.csv.bz2", bz2.compress),
                                       ("a.csv.xz", lzma.compress)])
def test_compressed(tmp_path, name, pack):
  whole = pack(tables.text("trial,t,x,v").encode())
  tables.check(tables.load(tmp_path, whole, name))
  with pytest.raises(InputError, match=f"{name}: a damaged compressed file"):
    tables.load(tmp_path, whole[:len(whole) // 2], name)


def test_zip(tmp_path):
  path = tmp_path / "a.csv.zip"
  with zipfile.ZipFile(path, "w") as archive:
    archive.writestr("a.csv", tables.text("trial,t,x,v"))
  tables.check(load(path))
  with zipfile.ZipFile(path, "a") as archive:
    archive.writestr("b.csv", "")
  with pytest.raises(InputError, match="holds 2 files"):
    load(path)
  path.write_bytes(b"PK\3\4nothing")
  with pytest.raises(InputError, match="not a readable zip"):
    load(path)


def test_windows_1252(tmp_path):
  text = tables.text("Versuch,Zeit,Länge,v").encode("cp1252")
  data = tables.load(tmp_path, text)
  tables.check(data, ("Länge", "v"))
  tables.told(data, "Windows-1252")


def test_a_broken_character_far_down(tmp_path):
  text = tables.text("trial,t,x,v", tables.orbits() * 30).encode() + b"\xe9\n"
  assert len(text) > 2**16
  with pytest.raises(InputError, match="not a text file in UTF-8 throughout"):
    tables.load(tmp_path, text)


@pytest.mark.parametrize("cell,kept", [(" -- ", False), ("N/A", False),
                                       ("#DIV/0!", False), ("1e-3", True),
                                       ("5", True)])
def test_blanks(cell, kept):
  assert values.is_blank(cell) != kept


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
  text = tables.text("trial,t,x,v").replace("\n", ",\n")
  tables.check(tables.load(tmp_path, text))
  tables.check(tables.load(tmp_path, text.replace("v,", "v", 1)))


def test_labels_of_rows_without_a_name(tmp_path):
  rows = [(str(k + 1), *r) for k, r in enumerate(tables.orbits())]
  tables.check(
      tables.load(tmp_path, tables.text("trial t x v", rows, " "), "a.txt"))


def test_a_header_of_several_rows(tmp_path):
  head = "scorer,net,net,net\nbodyparts,,nose,tail\ncoords,t,x,x"
  data = tables.load(tmp_path, tables.text(head))
  tables.check(data, ("nose x", "tail x"))


def test_numbers_as_fortran_writes_them(tmp_path):
  text = tables.text("trial t x v", delimiter=" ",
                     form="%.9e").replace("e", "D")
  tables.check(tables.load(tmp_path, text, "a.dat"))


def test_what_excel_writes_for_other_programs(tmp_path):
  text = "sep=;\n" + tables.text("trial;t;x;v", delimiter=";")
  tables.check(tables.load(tmp_path, text))


@pytest.mark.parametrize("head,rows", [
    ("t,,x,x\n", ((0, 1, 2, 3), (1, 2, 3, 4))),
])
def test_names_that_stand_twice(tmp_path, head, rows):
  with pytest.raises(InputError, match="must name every column once"):
    tables.load(tmp_path, tables.text(head.strip(), rows))
