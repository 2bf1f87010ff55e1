"""Builders, loading and the program: round trips without TensorFlow."""

import dataclasses
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from datasets import hamiltonian
from datasets import hamiltonian_builder
from datasets import loading
from datasets import sources
from datasets.real_pendulum import real_pendulum_dataset_builder
from datasets.schmidt_lipson import files
from noether_jax.data import ephemeris
from tests import paths

DATA = paths.SHARED / "data"
SMALL = {"num_trajectories": 5, "num_samples": 6, "noise": 0.3, "seed": 3}


@pytest.fixture(name="real_file")
def _real_file(tmp_path, monkeypatch):
  """A synthetic file in the place of real_pend_h_1.txt; its table."""
  time = np.cumsum(np.where(np.arange(20) == 11, 0.5, 1 / 6))
  table = np.stack([0 * time, time, np.sin(time), np.cos(time)], axis=-1)
  manual = tmp_path / "manual"
  manual.mkdir()
  path = manual / "real_pend_h_1.txt"
  rows = "".join(" ".join(map(repr, row)) + "\n" for row in table.tolist())
  path.write_text("%o v\n" + rows)
  file = files.FILES["real_pend_h_1"]
  source = dataclasses.replace(file.source,
                               sha256=sources.sha256(path),
                               url="file:///nowhere/invar_datasets.zip")
  monkeypatch.setitem(files.FILES, "real_pend_h_1",
                      dataclasses.replace(file, source=source, rows=20))
  return path, table


@pytest.mark.parametrize("targets", hamiltonian.TARGETS)
@pytest.mark.parametrize("name", hamiltonian.SAMPLINGS)
def test_simulated_round_trip_is_exact(tmp_path, name, targets):
  config = SMALL | {"targets": targets}
  expected = hamiltonian.generate(hamiltonian.SAMPLINGS[name], **config)
  parts = [
      loading.load(name, split=split, data_dir=tmp_path, config=config)
      for split in ("train", "test")
  ]
  assert [len(part["states"]) for part in parts] == [2, 3]
  for field in ("states", "clean", "derivatives"):
    stored = np.concatenate([part[field] for part in parts])
    assert stored.dtype == np.float64
    np.testing.assert_array_equal(stored, getattr(expected, field))
  for part in parts:
    np.testing.assert_array_equal(part["time"][0], expected.times[0])
  numbers = np.concatenate([part["trajectory"] for part in parts])
  np.testing.assert_array_equal(numbers, np.arange(5))


def test_defaults_are_hnns(tmp_path):
  train = loading.load("pendulum", split="train", data_dir=tmp_path)
  assert train["states"].shape == (25, 45, 2)
  names = [entry.name for entry in (tmp_path / "pendulum").glob("d*")]
  assert names == ["derivative-noise0.1-seed0-n50-t45"]


def test_prepared_data_are_reused(tmp_path, monkeypatch):
  first = loading.load("spring", split="test", data_dir=tmp_path, config=SMALL)
  monkeypatch.setattr(hamiltonian, "generate", None)
  again = loading.load("spring", split="test", data_dir=tmp_path, config=SMALL)
  np.testing.assert_array_equal(first["states"], again["states"])


def test_interrupted_preparation_leaves_nothing(tmp_path, monkeypatch):

  def interrupt(*_, **__):
    raise KeyboardInterrupt

  with monkeypatch.context() as patch:
    patch.setattr(hamiltonian_builder.HamiltonianBuilder, "_generate_examples",
                  interrupt)
    with pytest.raises(KeyboardInterrupt):
      loading.prepare("spring", data_dir=tmp_path, config=SMALL)
  assert not list(tmp_path.rglob("dataset_info.json"))
  found = loading.load("spring", split="train", data_dir=tmp_path, config=SMALL)
  assert len(found["states"]) == 2


def test_other_values_other_folders():
  changes = dict(noise=0.1 + 1e-9,
                 seed=1,
                 targets="difference",
                 num_trajectories=51,
                 num_samples=46)
  values = [{}] + [{name: value} for name, value in changes.items()]
  names = {
      hamiltonian_builder.make_config(hamiltonian.PENDULUM, **value).name
      for value in values
  }
  assert len(names) == len(values)


@pytest.mark.parametrize("split, count", [("train[:1]", 1), ("test[1:]", 2)])
def test_parts_of_a_split(tmp_path, split, count):
  found = loading.load("spring", split=split, data_dir=tmp_path, config=SMALL)
  assert len(found["states"]) == count


def test_damaged_prepared_data(tmp_path):
  builder = loading.prepare("spring", data_dir=tmp_path, config=SMALL)
  path, = pathlib.Path(builder.data_dir).glob("*train.array_record*")
  content = path.read_bytes()
  path.write_bytes(content[:len(content) // 2])
  with pytest.raises(sources.DataError, match="cannot be read .* delete it"):
    loading.load("spring", split="train", data_dir=tmp_path, config=SMALL)


def test_real_pendulum_as_hnn_differences_it(tmp_path, real_file):
  """HNN: mean of both differences on x[1:], then 80 % of the file's rows."""
  path, table = real_file
  train, test = (loading.load("real_pendulum",
                              split=split,
                              data_dir=tmp_path,
                              manual_dir=path.parent)
                 for split in ("train", "test"))
  time, states = table[:, 1], table[:, 2:]
  slopes = (states[1:] - states[:-1]) / (time[1:] - time[:-1])[:, None]
  slopes[:-1] = (slopes[:-1] + slopes[1:]) / 2
  np.testing.assert_array_equal(train["states"][0], states[1:17])
  np.testing.assert_array_equal(test["states"][0], states[17:])
  np.testing.assert_array_equal(train["time"][0], time[1:17])
  np.testing.assert_array_equal(train["derivatives"][0], slopes[:16])
  np.testing.assert_array_equal(test["derivatives"][0], slopes[16:])


def test_real_pendulum_differences_are_eulers_slopes(tmp_path, real_file):
  path, table = real_file
  train, test = (loading.load("real_pendulum",
                              split=split,
                              data_dir=tmp_path,
                              manual_dir=path.parent,
                              config="difference")
                 for split in ("train", "test"))
  states, slopes = (np.concatenate([train[key][0], test[key][0]])
                    for key in ("states", "derivatives"))
  assert [len(part["time"][0]) for part in (train, test)] == [16, 3]
  steps = np.diff(table[:, 1])[:, None]
  np.testing.assert_allclose(states + steps * slopes, table[1:, 2:], atol=1e-14)


@pytest.mark.parametrize("how, message",
                         [("nan", "real_pend_h_1.txt:5: column 'v' is nan"),
                          ("cut", "19 rows instead of 20"),
                          ("edit", "checksum mismatch"),
                          ("gone", "is missing: .*--manual_dir.*failed")])
def test_bad_real_file_prepares_nothing(tmp_path, real_file, how, message):
  path, _ = real_file
  lines = path.read_text().splitlines()
  if how == "nan":
    lines[4] = lines[4].rsplit(" ", 1)[0] + " nan"
  elif how == "cut":
    lines.pop()
  elif how == "edit":
    lines[-1] = lines[-1] + "1"
  path.write_text("\n".join(lines) + "\n")
  if how == "gone":
    path.unlink()
  with pytest.raises(sources.DataError, match=message):
    loading.prepare("real_pendulum", data_dir=tmp_path, manual_dir=path.parent)
  assert not list(tmp_path.rglob("dataset_info.json"))


def test_schmidt_lipson_trial(tmp_path, real_file):
  path, table = real_file
  found = loading.load("schmidt_lipson",
                       split="train",
                       data_dir=tmp_path,
                       manual_dir=path.parent,
                       config={"file": "real_pend_h_1"})
  np.testing.assert_array_equal(found["states"][0], table[:, 2:])
  assert "derivatives" not in found


def test_planets(tmp_path):
  config = {"bodies": ("venus", "jupiter"), "stop": "2001-01-01"}
  found = loading.load("planets",
                       split="train",
                       data_dir=tmp_path,
                       config=config)
  expected = ephemeris.planet_states(**config)
  assert found["body"] == ["venus", "jupiter"]
  for field in ("positions", "velocities"):
    np.testing.assert_array_equal(found[field], getattr(expected, field))
  np.testing.assert_array_equal(found["julian_dates"][1], expected.julian_dates)


@pytest.mark.skipif(not DATA.is_dir(), reason="the measured files are not here")
@pytest.mark.parametrize("name, config, split, lengths",
                         [("real_pendulum", None, "train", [444]),
                          ("real_pendulum", None, "test", [111]),
                          ("multiarm_pendulum", None, "train", [9167] * 4),
                          ("multiarm_pendulum", None, "test", [9167, 9166]),
                          ("schmidt_lipson", None, "train", [819, 701])])
def test_published_files(tmp_path, name, config, split, lengths):
  found = loading.load(name,
                       split=split,
                       data_dir=tmp_path,
                       manual_dir=DATA,
                       config=config)
  assert [len(time) for time in found["time"]] == lengths
  assert [len(states) for states in found["states"]] == lengths
  assert isinstance(found["time"], list) == (len(set(lengths)) > 1)


def test_targets_of_the_real_pendulum_are_checked():
  with pytest.raises(ValueError, match="targets must be one of central"):
    real_pendulum_dataset_builder.estimate(np.arange(3.0), np.ones((3, 1)),
                                           "spline")


@pytest.mark.parametrize(
    "name, split, config, message",
    [("spring", "validation", SMALL, "split of spring .* train, test: got"),
     ("springs", "train", None, "dataset must be one of spring, .*'springs'"),
     ("spring", "train", {
         "noise": -1
     }, "noise must be a number >= 0"),
     ("spring", "train", {
         "nose": 1
     }, "config of spring: .*'nose'"),
     ("spring", "train", "mine", "config of spring must be one of deriv.*mine"),
     ("real_pendulum", "train", {
         "targets": "x"
     }, "targets must be .* 'x'"),
     ("schmidt_lipson", "train", {
         "file": "x"
     }, "file must be one of real_p"),
     ("multiarm_pendulum", "train", {
         "noise": 1
     }, "has no configurations"),
     ("planets", "train", {
         "bodies": ["x"]
     }, "bodies must be out of"),
     ("planets", "train", {
         "start": "x"
     }, "date must read YYYY-MM-DD"),
     ("planets", "train", {
         "step_days": 0
     }, "step_days must be positive")])
def test_errors(tmp_path, name, split, config, message):
  with pytest.raises(ValueError, match=message):
    loading.load(name, split=split, data_dir=tmp_path, config=config)


def test_unwritable_folder(tmp_path):
  (tmp_path / "file").write_text("")
  with pytest.raises(sources.DataError, match="spring cannot be prepared in"):
    loading.prepare("spring", data_dir=tmp_path / "file" / "x", config=SMALL)


def test_missing_tfds_names_the_extra(monkeypatch):
  loading._tfds.cache_clear()
  monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
  with pytest.raises(ImportError, match=r"noether-jax\[data\]"):
    loading.make_builder("spring")
  loading._tfds.cache_clear()


def test_two_processes_at_once_and_without_tensorflow(tmp_path):
  code = ("import sys\n"
          "from datasets import loading\n"
          "data = loading.load('spring', split='train', data_dir=sys.argv[1])\n"
          "assert 'tensorflow' not in sys.modules\n"
          "print(data['states'].sum())\n")
  root = paths.ROOT
  processes = [
      subprocess.Popen(
          [sys.executable, "-W", "error", "-c", code,
           str(tmp_path)],
          cwd=root,
          env=os.environ | {"PYTHONPATH": str(root)},
          stdout=subprocess.PIPE,
          text=True) for _ in range(2)
  ]
  printed = [process.communicate(timeout=100)[0] for process in processes]
  assert [process.returncode for process in processes] == [0, 0]
  assert printed[0] == printed[1] != ""
