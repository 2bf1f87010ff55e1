"""Files become trajectories, or one clear line."""

import numpy as np
import pytest

from noether_jax.data import reading
from noether_jax.data import tables
from noether_jax.errors import InputError

_GOOD = "trial,t,q,p\n0,0,1,2\n0,1,2,3\n1,0,5,6\n1,1,6,7\n"


def _load(tmp_path, text, name="data.csv", **kwargs):
  path = tmp_path / name
  path.write_bytes(text if isinstance(text, bytes) else text.encode())
  return reading.load(path, **kwargs)


@pytest.mark.parametrize("text", [
    _GOOD,
    _GOOD.replace(",", ";"),
    _GOOD.replace(",", "\t"),
    _GOOD.replace("\n", "\r\n"),
    "\ufeff" + _GOOD,
    _GOOD.encode("utf-16"),
    "trial,t,q,p\n0,0,1,2\n1,0,5,6\n0,1,2,3\n1,1,6,7\n\n",
    _GOOD.replace("0,0,1", '"0","0","1"'),
],
                         ids=[
                             "comma", "semicolon", "tab", "crlf", "bom",
                             "utf-16", "interleaved", "quoted"
                         ])
def test_csv(tmp_path, text):
  got = _load(tmp_path, text, columns="q:rad,p:1/s")
  assert got.labels == ("0", "1")
  np.testing.assert_array_equal(got.states,
                                [[[1, 2], [2, 3]], [[5, 6], [6, 7]]])
  np.testing.assert_array_equal(got.times, [[0, 1], [0, 1]])
  assert got.variables[0].unit.is_angle and len(got.messages) < 2


def test_defaults_are_told(tmp_path):
  got = _load(tmp_path, "a,b,name\n1,2,x\n3,4,y\n")
  assert [v.name for v in got.variables] == ["a", "b"]
  assert len(got.messages) == 3
  np.testing.assert_array_equal(got.times[0], [0, 1])


def test_npz_and_parquet_equal_csv(tmp_path):
  columns = {"t": np.arange(3.), "q": np.array([3., 1., 4.])}
  np.savez(tmp_path / "a.npz", **columns)
  pyarrow = pytest.importorskip("pyarrow")
  parquet = pytest.importorskip("pyarrow.parquet")
  parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
  for name in ("a.npz", "a.parquet"):
    got = reading.load(tmp_path / name, time="t:s")
    np.testing.assert_array_equal(got.states[0][:, 0], columns["q"])
    assert got.time_unit == "s"


@pytest.mark.parametrize("text,message", [
    ("", "empty"),
    ("trial,t,q,p\n", "no rows"),
    (_GOOD.replace("2,3", "2,x"), "data row 2 holds 'x', not a number"),
    (_GOOD.replace("2,3", "2,inf"), "column 'p', data row 2 is not finite"),
    (_GOOD.replace("0,1,2", "0,0,2"), "time does not increase at data row 2"),
    (_GOOD.replace("2,3", "2,3,4"), "line 3: 5 cells where the header has 4"),
    (_GOOD.replace("q", "p"), "name every column once"),
    (_GOOD.split("\n", 1)[1], r"names none of its 4 columns.*got q, p\."),
    (_GOOD.replace("2,3", '"2,3'), "not readable as CSV"),
    (_GOOD + "\0", "binary"),
    ("trial,t,q,p\n,0,1,2\n0,1,2,3\n", "blank in data row 1"),
    ("trial,t,q,p\n0,0,,2\n0,1,,3\n", "column 'q' is blank in every row"),
    ("trial,t,q,p\n0,0,,2\n0,1,1,\n", "each row has a blank among q, p"),
    ("x" * 70_000 + _GOOD, "no line ends within"),
    ("# t q\n0 1 2\n1 2 3\n", "header names 2 columns .t, q., the rows have 3"),
])
def test_bad_csv(tmp_path, text, message):
  with pytest.raises(InputError, match=message):
    _load(tmp_path, text, columns="q,p")


@pytest.mark.parametrize("name,content,message", [
    ("a.npz", b"nonsense", "not a readable NPZ"),
    ("a.parquet", b"nonsense", "not a readable Parquet"),
])
def test_bad_binaries(tmp_path, name, content, message):
  with pytest.raises(InputError, match=message):
    _load(tmp_path, content, name)


@pytest.mark.parametrize("arrays,message", [
    ({
        "q": np.zeros((2, 2))
    }, "no column of numbers that may be a state among q_1, q_2"),
    ({
        "q": np.zeros(1)
    }, "needs arrays of equal length"),
    ({
        "q": np.zeros(9, complex)
    }, "needs arrays of numbers"),
    ({}, "needs arrays of numbers"),
])
def test_bad_npz(tmp_path, arrays, message):
  np.savez(tmp_path / "a.npz", **arrays)
  with pytest.raises(InputError, match=message):
    reading.load(tmp_path / "a.npz")


@pytest.mark.parametrize("arguments,message", [
    ({
        "columns": "q,z"
    }, "no column 'z'; columns are trial, t, q, p"),
    ({
        "columns": "q,q"
    }, "twice"),
    ({
        "columns": "q,,p"
    }, "a name is empty"),
    ({
        "columns": "q:m^"
    }, "`columns`, q: Cannot read the unit 'm\\^'"),
    ({
        "columns": "t,q"
    }, "is the time or trial column"),
    ({
        "trial": "run"
    }, "`trial`: no column 'run'"),
    ({
        "time": "clock"
    }, "`time`: no column 'clock'"),
])
def test_bad_arguments(tmp_path, arguments, message):
  with pytest.raises(InputError, match=message):
    _load(tmp_path, _GOOD, **arguments)


def test_names_that_break_code_are_refused(tmp_path):
  text = _GOOD.replace("q", '"q"""x"')
  with pytest.raises(InputError,
                     match="data.csv: rename column 'q\"x\"'; quotes"):
    _load(tmp_path, text)
  with pytest.raises(InputError, match="equals 'q a'"):
    _load(tmp_path, "q a,q_a\n1,2\n")


@pytest.mark.parametrize("name", ["a.csv", "a.npz"])
def test_a_disk_that_fails(tmp_path, monkeypatch, name):

  def fail(path):
    raise OSError(5, "Input/output error", str(path))

  monkeypatch.setattr(tables, "_open", fail)
  with pytest.raises(InputError, match=f"{name}: Input/output error"):
    _load(tmp_path, _GOOD, name)


def test_an_error_of_a_reader_without_a_number(tmp_path, monkeypatch):

  def fail(path):
    raise OSError("no such signature")

  monkeypatch.setattr(tables, "_open", fail)
  with pytest.raises(InputError,
                     match="a.npz: not a readable NPZ file: no such signature"):
    _load(tmp_path, _GOOD, "a.npz")


@pytest.mark.parametrize("name,hint", [("a.xls", "save it as .xlsx"),
                                       ("a.C3D", "export it as .trc or .csv"),
                                       ("a.bag", "rostopic echo -p"),
                                       ("a.tdms", "export it as .lvm or .csv"),
                                       ("a.xyz", "with a row for each time")])
def test_files_of_other_programs_are_refused_with_a_way_out(
    tmp_path, name, hint):
  with pytest.raises(InputError, match=f"{name}: .*{hint}"):
    _load(tmp_path, _GOOD, name)


def test_a_folder_without_data(tmp_path):
  (tmp_path / "README.md").write_text("nothing")
  with pytest.raises(InputError, match="no file of data in this folder"):
    reading.load(tmp_path)
