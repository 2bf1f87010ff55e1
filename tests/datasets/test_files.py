"""Measured files: their form, checksums, where they come from."""

import dataclasses
import zipfile

import numpy as np
import pytest
import scipy.io

from datasets import sources
from datasets.multiarm_pendulum import reading
from datasets.schmidt_lipson import files
from tests import paths

DATA = paths.SHARED / "data"
MEASURED = pytest.mark.skipif(not DATA.is_dir(),
                              reason="the measured files are not here")

_GOOD = ("% o v\r\n"
         "0 0.0 1.0e+000 0.50 \r\n"
         "0 0.1 1.1 -0.4\r\n"
         "1 0.0 2.0 0.3\r\n"
         "1 0.2 2.1 0.2\r\n")


@pytest.fixture(name="file")
def _file(tmp_path):
  """A small file of the format, and its path."""
  path = tmp_path / "small.txt"
  path.write_text(_GOOD)
  source = sources.Source("small.txt", sources.sha256(path),
                          "file:///nowhere/small.zip", "the archive", True)
  return path, files.File(source, ("o", "v"), ("rad", "rad/s"), 4, False, "")


def test_trials_are_separated(file):
  path, form = file
  first, second = files.parse(path, form)
  assert (first.number, second.number) == (0, 1)
  np.testing.assert_array_equal(first.states, [[1.0, 0.5], [1.1, -0.4]])
  np.testing.assert_array_equal(second.time, [0.0, 0.2])
  assert first.derivatives is None


def test_derivative_columns(file):
  path, form = file
  path.write_text("%x\n0 0 1 2\n0 1 3 4\n")
  form = dataclasses.replace(form, variables=("x",), rows=2, derivatives=True)
  trial, = files.parse(path, form)
  np.testing.assert_array_equal(trial.states, [[1], [3]])
  np.testing.assert_array_equal(trial.derivatives, [[2], [4]])


@pytest.mark.parametrize(
    "old, new, message",
    [("0 0.1 1.1 -0.4", "0 0.1 1.1", r"small.txt:3: 3 columns instead of 4"),
     ("0 0.1 1.1 -0.4", "0 0.1 1.1 1 2", r":3: 5 columns instead of 4"),
     ("-0.4", "nan", r":3: column 'v' is nan"),
     ("1 0.2", "1 inf", r":5: column 'time' is inf"),
     ("2.1", "two", r":5: column 'o' is not a number: 'two'"),
     ("2.1", "2,1", r":5: column 'o' is not a number: '2,1'"),
     ("1 0.2 2.1 0.2\r\n", "", r":4: truncated or extended: 3 rows .* of 4"),
     ("1 0.2 2.1 0.2", "1 0.2 2.", r":5: 3 columns instead of 4"),
     ("% o v", "% o w", r":1: expected the header '% o v', got '% o w'"),
     ("% o v\r\n", "", r":1: expected the header '% o v', got '0 0.0"),
     ("1 0.2", "1 0.0", r":5: time does not increase"),
     ("0 0.1", "0 -1", r":3: time does not increase"),
     ("2.1", "2.1\u00b0", r"not a text file: byte \d+ is not ASCII")])
def test_malformed_lines(file, old, new, message):
  path, form = file
  text = path.read_text()
  assert _GOOD.replace("\r", "") == text
  changed = text.replace(old.replace("\r", ""), new, 1)
  assert changed != text
  path.write_text(changed, encoding="utf-8")
  with pytest.raises(sources.DataError, match=message) as error:
    files.parse(path, form)
  assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\n", bytes(range(256))],
                         ids=["empty", "blank", "binary"])
def test_no_text_at_all(file, content):
  path, form = file
  path.write_bytes(content)
  with pytest.raises(sources.DataError, match="small.txt"):
    files.parse(path, form)


def test_checksum_mismatch(file, monkeypatch):
  path, form = file
  monkeypatch.setitem(files.FILES, "small", form)
  assert len(files.load("small", path)) == 2
  path.write_text(_GOOD.replace("2.1", "2.2"))
  with pytest.raises(sources.DataError, match="checksum mismatch.*archive"):
    files.load("small", path)


@pytest.mark.parametrize("load", [
    lambda path: files.load("circle_1", path), reading.load, reading.parse,
    lambda path: sources.verify(reading.SOURCE, path)
])
def test_unreadable_file(load, tmp_path):
  with pytest.raises(sources.DataError, match="cannot be read: No such file"):
    load(tmp_path / "gone.mat")


def _zipped(path, form, tmp_path, name):
  archive = tmp_path / "archive.zip"
  with zipfile.ZipFile(archive, "w") as file:
    file.write(path, name)
  return dataclasses.replace(form.source, url=archive.as_uri())


@pytest.mark.parametrize("folder", ["", "inside"])
def test_manual_folder_comes_first(file, tmp_path, folder):
  path, form = file
  manual = tmp_path / "manual" / folder
  manual.mkdir(parents=True)
  path.rename(manual / path.name)
  found = sources.locate(form.source,
                         manual_dir=tmp_path / "manual",
                         cache_dir=tmp_path / "cache",
                         subfolder="inside")
  assert found == manual / path.name


def test_download_is_kept_and_reused(file, tmp_path):
  path, form = file
  source = _zipped(path, form, tmp_path, "invar_datasets/small.txt")
  cache = tmp_path / "cache"
  for _ in range(2):
    found = sources.locate(source, manual_dir=None, cache_dir=cache)
    assert found.read_bytes() == path.read_bytes()
    # The second time there is nothing to download from.
    (tmp_path / "archive.zip").unlink(missing_ok=True)
  assert [entry.name for entry in cache.iterdir()] == ["small.txt"]


def test_failed_download_says_what_to_do(file, tmp_path):
  _, form = file
  with pytest.raises(sources.DataError) as error:
    sources.locate(form.source, manual_dir="/gone", cache_dir=tmp_path / "c")
  message = str(error.value)
  for part in ("small.txt is missing", "--manual_dir=/gone",
               "file:///nowhere/small.zip failed", "get it from the archive"):
    assert part in message
  assert "\n" not in message
  assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("content, message",
                         [(b"<html>gone</html>", "not a zip file"),
                          (None, "does not hold small.txt"),
                          ("changed", "SHA-256 is")],
                         ids=["html", "other member", "other content"])
def test_bad_download_is_not_kept(file, tmp_path, content, message):
  path, form = file
  if content == "changed":
    path.write_text("% o v\n")
  name = "other.txt" if content is None else "small.txt"
  source = _zipped(path, form, tmp_path, name)
  if isinstance(content, bytes):
    (tmp_path / "archive.zip").write_bytes(content)
  with pytest.raises(sources.DataError, match=message):
    sources.locate(source, manual_dir=None, cache_dir=tmp_path / "cache")
  assert not (tmp_path / "cache").exists()


def _cells(*arrays):
  cells = np.empty((len(arrays), 1), dtype=object)
  for index, array in enumerate(arrays):
    cells[index, 0] = array
  return cells


def _recordings():
  """Contents of a small MATLAB file: two cells to train, one to test."""
  time = np.arange(5.0)[:, None]
  values = np.stack([np.cos(time[:, 0]), np.sin(time[:, 0])])
  return {
      "Time_id": _cells(time, time[:4] + 5),
      "Y_id": _cells(values, values[:, :4].copy()),
      "Time_vad": _cells(time + 9),
      "Y_vad": _cells(2 * values),
  }


def test_matlab_cells(tmp_path):
  path = tmp_path / "small.mat"
  scipy.io.savemat(path, _recordings())
  found = reading.parse(path)
  assert [part.states.shape for part in found["train"]] == [(5, 2), (4, 2)]
  np.testing.assert_array_equal(found["test"][0].time, np.arange(5) + 9)
  np.testing.assert_array_equal(found["test"][0].states[:, 1],
                                2 * np.sin(np.arange(5)))


def _break(content, how):
  if how == "missing":
    del content["Y_vad"]
  elif how == "numbers":
    content["Y_vad"] = np.ones((2, 5))
  elif how == "count":
    content["Y_id"] = content["Y_id"][:1]
  elif how == "shape":
    content["Y_vad"][0, 0] = np.ones((3, 5))
  elif how == "length":
    content["Time_vad"][0, 0] = np.arange(4.0)[:, None]
  elif how == "nan":
    content["Y_id"][1, 0][1, 2] = np.nan
  elif how == "time":
    content["Time_id"][0, 0][3] = 0
  elif how == "text":
    content["Y_vad"][0, 0] = np.array([["ab"], ["cd"]])
  return content


@pytest.mark.parametrize(
    "how, message",
    [("missing", "the variable Y_vad is missing"),
     ("numbers", "Y_vad is not a filled cell array"),
     ("count", "Time_id has 2 cells, Y_id 1"),
     ("shape", r"Y_vad\{1\} has shape \(3, 5\) instead of \(2, 5\)"),
     ("length", r"Y_vad\{1\} has shape \(2, 5\) instead of \(2, 4\)"),
     ("nan", r"Y_id\{2\} is not finite at row 2, column 3"),
     ("time", r"the time of Y_id\{1\} does not increase"),
     ("text", r"Y_vad\{1\}")])
def test_malformed_matlab_contents(tmp_path, how, message):
  path = tmp_path / "small.mat"
  scipy.io.savemat(path, _break(_recordings(), how))
  with pytest.raises(sources.DataError, match=message) as error:
    reading.parse(path)
  assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("content", [
    b"", b"text, not MATLAB\n" * 20, b"MATLAB 5.0 MAT-file".ljust(124) + b"\0"
],
                         ids=["empty", "text", "header"])
def test_no_matlab_file(tmp_path, content):
  path = tmp_path / "small.mat"
  path.write_bytes(content)
  with pytest.raises(sources.DataError, match="not a readable MATLAB 5 file"):
    reading.parse(path)


def test_damaged_matlab_files_are_not_parsed(tmp_path, monkeypatch):
  path = tmp_path / "small.mat"
  scipy.io.savemat(path, _recordings())
  content = path.read_bytes()
  source = dataclasses.replace(reading.SOURCE, sha256=sources.sha256(path))
  monkeypatch.setattr(reading, "SOURCE", source)
  assert len(reading.load(path)["train"]) == 2
  for damaged in (content[:-9], content + b"x", b"W" + content[1:], b""):
    path.write_bytes(damaged)
    with pytest.raises(sources.DataError, match="checksum mismatch"):
      reading.load(path)


@MEASURED
@pytest.mark.parametrize("name, trials", [("real_pend_h_1", 1),
                                          ("real_linear_h_1", 1),
                                          ("real_double_pend_h_1", 2),
                                          ("pendulum_h_1", 1),
                                          ("double_pend_h_1", 2),
                                          ("circle_1", 1)])
def test_published_files(name, trials):
  found = files.load(name, DATA / "schmidt_lipson" / f"{name}.txt")
  assert len(found) == trials
  file = files.FILES[name]
  assert sum(len(trial.time) for trial in found) == file.rows


@MEASURED
def test_published_circle_and_energies():
  folder = DATA / "schmidt_lipson"
  circle, = files.load("circle_1", folder / "circle_1.txt")
  np.testing.assert_allclose(np.linalg.norm(circle.states, axis=1), 4)
  for trial in files.load("double_pend_h_1", folder / "double_pend_h_1.txt"):
    o1, o2, w1, w2 = trial.states.T
    energy = (w1**2 + w2**2 / 2 + w1 * w2 * np.cos(o1 - o2) -
              19.6 * np.cos(o1) - 9.8 * np.cos(o2))
    assert np.ptp(energy) < 1e-2 * np.ptp(19.6 * np.cos(o1))


@MEASURED
def test_published_recordings():
  found = reading.load(DATA / "multiarm_pendulum" / reading.SOURCE.filename)
  assert [len(found[split]) for split in ("train", "test")] == [4, 2]
  for recording in found["train"] + found["test"]:
    slope = np.gradient(recording.states[:, 0], recording.time)
    assert np.corrcoef(slope, recording.states[:, 1])[0, 1] > 0.999
