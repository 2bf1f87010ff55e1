"""Spreadsheets, MATLAB, HDF5, NetCDF, NPZ and Parquet."""

import builtins
import datetime

import numpy as np
import pandas
import pytest
import scipy.io

from noether_jax.data import load
from noether_jax.errors import InputError
from tests.paths import SHARED

_T = np.arange(30) * .1
_ORBITS = [np.stack([a * np.cos(_T), -a * np.sin(_T)], 1) for a in (1., 2., 3.)]
_FRAME = pandas.DataFrame({
    "trial": np.repeat([0, 1, 2], 30),
    "t": np.tile(_T, 3),
    "x": np.concatenate(_ORBITS)[:, 0],
    "v": np.concatenate(_ORBITS)[:, 1]
})


def _check(data, names="x,v", rows=(30, 30, 30)):
  assert ",".join(v.name for v in data.variables) == names
  assert tuple(len(s) for s in data.states) == rows
  for t, s, wanted in zip(data.times, data.states, _ORBITS):
    np.testing.assert_allclose(s, wanted[-len(s):], atol=1e-12)
    np.testing.assert_allclose(t, _T[-len(s):], atol=1e-12)


def test_spreadsheet(tmp_path):
  openpyxl = pytest.importorskip("openpyxl")
  book = openpyxl.Workbook()
  sheet = book.active
  sheet.append(["Measured on Monday"])
  sheet.append(["trial", "t", "x", "v"])
  sheet.append([None, "s", "m", "m/s"])
  for k, row in enumerate(_FRAME.itertuples(index=False)):
    cells = list(row)
    cells[0] = f"run {row.trial}" if k % 30 == 0 else None  # Merged cells.
    cells[3] = None if k == 0 else row.v
    sheet.append(cells)
  book.save(tmp_path / "a.xlsx")
  data = load(tmp_path / "a.xlsx")
  _check(data, rows=(29, 30, 30))
  assert data.labels == ("run 0", "run 1", "run 2") and data.time_unit == "s"
  assert [str(v.unit) for v in data.variables] == ["m", "m/s"]
  assert any("1 of 90 rows left out" in m for m in data.messages)


def test_an_empty_spreadsheet(tmp_path):
  openpyxl = pytest.importorskip("openpyxl")
  openpyxl.Workbook().save(tmp_path / "a.xlsx")
  with pytest.raises(InputError, match="a.xlsx: the file is empty"):
    load(tmp_path / "a.xlsx")


def test_sheets_of_one_header_are_trials(tmp_path):
  pytest.importorskip("openpyxl")
  start = datetime.datetime(2024, 5, 1)
  with pandas.ExcelWriter(tmp_path / "a.xlsx") as book:
    for n, part in _FRAME.groupby("trial"):
      part = part.drop(columns="trial").assign(
          t=[start + datetime.timedelta(seconds=s) for s in part.t])
      part.to_excel(book, sheet_name=f"run {n}", index=False)
    pandas.DataFrame({"note": ["none"]}).to_excel(book, sheet_name="notes")
  data = load(tmp_path / "a.xlsx")
  _check(data)
  assert data.labels == ("run 0", "run 1", "run 2")
  assert any("each of 3 sheets is a trial" in m for m in data.messages)
  assert any("left out: notes" in m for m in data.messages)


def _cells(parts):
  cells = np.empty((len(parts), 1), object)
  cells[:, 0] = parts
  return cells


@pytest.mark.parametrize("content,names", [
    ({
        "t": _T,
        "x": np.stack([o[:, 0] for o in _ORBITS]),
        "v": np.stack([o[:, 1] for o in _ORBITS])
    }, "x,v"),
    ({
        "Time": _cells([_T[:, None]] * 3),
        "Y": _cells([o.T for o in _ORBITS]),
        "dt": .1
    }, "Y_1,Y_2"),
    ({
        "run": {
            "t": np.tile(_T, 3),
            "x": _FRAME["x"].to_numpy(),
            "v": _FRAME["v"].to_numpy(),
            "trial": _FRAME["trial"].to_numpy()
        }
    }, "x,v"),
],
                         ids=["matrices", "cells", "struct"])
def test_matlab(tmp_path, content, names):
  scipy.io.savemat(tmp_path / "a.mat", content)
  _check(load(tmp_path / "a.mat"), names)


def test_matlab_7_3(tmp_path):
  h5py = pytest.importorskip("h5py")
  path = tmp_path / "a.mat"
  with h5py.File(path, "w", userblock_size=512) as file:
    group = file.create_group("#refs#")
    for name, parts in (("t", [_T[:, None]] * 3), ("y", _ORBITS)):
      for n, part in enumerate(parts):
        group.create_dataset(f"{name}{n}", data=part.T)
      file.create_dataset(name,
                          data=[[group[f"{name}{n}"].ref for n in range(3)]],
                          dtype=h5py.ref_dtype)
  with open(path, "r+b") as raw:  # As MATLAB marks this version.
    raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
  _check(load(path), "y_1,y_2")


def test_hdf5(tmp_path):
  h5py = pytest.importorskip("h5py")
  with h5py.File(tmp_path / "flat.h5", "w") as file:
    for name, values in _FRAME.rename(columns={"v": "y"}).items():
      file[name] = values.to_numpy()
  _check(load(tmp_path / "flat.h5"), "x,y")
  with h5py.File(tmp_path / "groups.h5", "w") as file:
    for n, orbit in enumerate(_ORBITS):
      file[f"run{n}/t"] = _T
      file[f"run{n}/x"], file[f"run{n}/y"] = orbit.T
  _check(load(tmp_path / "groups.h5"), "x,y")
  with h5py.File(tmp_path / "records.hdf5", "w") as file:
    file["table"] = _FRAME.to_records(index=False)
  _check(load(tmp_path / "records.hdf5"))
  with h5py.File(tmp_path / "empty.h5", "w"):
    pass
  with pytest.raises(InputError, match="empty.h5: holds no data set"):
    load(tmp_path / "empty.h5")


@pytest.mark.parametrize("engine,package", [("h5netcdf", "h5netcdf"),
                                            ("scipy", "scipy")])
def test_netcdf(tmp_path, engine, package):
  xarray = pytest.importorskip("xarray")
  pytest.importorskip(package)
  dataset = xarray.Dataset(
      {
          "x": (("trial", "time"), np.stack([o[:, 0] for o in _ORBITS])),
          "v": (("trial", "time"), np.stack([o[:, 1] for o in _ORBITS]))
      }, {"time": _T})
  dataset.to_netcdf(tmp_path / "a.nc", engine=engine)
  _check(load(tmp_path / "a.nc"))


def test_npz_of_many_trials(tmp_path):
  np.savez(tmp_path / "a.npz", t=_T, state=np.stack(_ORBITS))
  _check(load(tmp_path / "a.npz"), "state_1,state_2")


@pytest.mark.parametrize("ending,kind", [("npz", "NPZ"), ("parquet", "Parquet"),
                                         ("xlsx", "Excel"), ("mat", "MATLAB"),
                                         ("h5", "HDF5"), ("nc", "NetCDF")])
def test_damaged(tmp_path, ending, kind):
  path = tmp_path / f"a.{ending}"
  path.write_bytes(b"nonsense" * 40)
  with pytest.raises(InputError,
                     match=f"a.{ending}: not a readable {kind} "
                     "file: ") as caught:
    load(path)
  assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ending,package,extra",
                         [("parquet", "pyarrow", "parquet"),
                          ("xlsx", "openpyxl", "excel"), ("h5", "h5py", "hdf5"),
                          ("nc", "xarray", "netcdf")])
def test_an_extra_that_is_not_installed(tmp_path, monkeypatch, ending, package,
                                        extra):
  path = tmp_path / f"a.{ending}"
  path.write_bytes(b"nonsense")
  real = builtins.__import__

  def fail(name, *rest):
    if name.split(".")[0] == package:
      raise ImportError(name)
    return real(name, *rest)

  monkeypatch.setattr(builtins, "__import__", fail)
  with pytest.raises(InputError,
                     match=f"need the extra '{extra}': pip install "
                     rf"'noether_jax\[{extra}\]'"):
    load(path)


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="needs the data")
@pytest.mark.parametrize("name,trials,width", [("SinglePendulum", 4, 2),
                                               ("TriplePendulum", 22, 6)])
def test_measured_pendulums(name, trials, width):
  data = load(SHARED / "data" / "multiarm_pendulum" /
              f"{name}DataForParameterEstimation.mat")
  assert len(data.states) == trials and len(data.variables) == width
  assert data.timed and any("left out: Time_vad" in m for m in data.messages)
