"""Physics 101: the builder, on videos that the test encodes."""

import shutil

import numpy as np
import pytest

from datasets import loading
from datasets import sources
from datasets.physics101 import decoding
from datasets.physics101 import download
from datasets.physics101 import splits
from tests import tiny_videos

SMALL = {"size": 64, "length": 5}
OBJECTS = SMALL | {"split": "objects"}


@pytest.fixture(scope="module", name="original")
def _original(tmp_path_factory):
  folder = tmp_path_factory.mktemp("original")
  tiny_videos.make(folder)
  return folder


@pytest.fixture(name="manual")
def _manual(original, tmp_path):
  """A copy that a test may change."""
  folder = tmp_path / "manual"
  shutil.copytree(original, folder)
  return folder


@pytest.fixture(name="two_authors")
def _two_authors(monkeypatch):
  split = {
      "train":
          tuple(
              map(tiny_videos.PATH.format,
                  ["rubber_03/20_01/03", "dough_01/20_01/01"])),
      "test": (tiny_videos.PATH.format("foam_02/20_01/02"),)
  }
  monkeypatch.setattr(splits, "authors", lambda: split)
  return split


def _load(tmp_path, manual, config, split="train"):
  return loading.load("physics101",
                      split=split,
                      data_dir=tmp_path / "data",
                      manual_dir=manual,
                      config=config)


def test_round_trip(tmp_path, manual, two_authors, capsys):
  found = {name: _load(tmp_path, manual, SMALL, name) for name in two_authors}
  for split, videos in two_authors.items():
    assert tuple(found[split]["video"]) == videos
    np.testing.assert_array_equal(found[split]["sequence"], range(len(videos)))
    for images, video in zip(found[split]["frames"], videos):
      path = manual / video
      expected = decoding.read(path, decoding.survey(path), size=64, length=5)
      np.testing.assert_array_equal(images, expected)
  assert found["train"]["object"] == ["rubber_03", "dough_01"]
  assert found["train"]["frames"].shape == (2, 5, 64, 64, 3)
  assert found["train"]["frames"].dtype == np.uint8
  assert capsys.readouterr() == ("", "")


def test_the_same_out_of_a_zip_file_and_again(tmp_path, original):
  (tmp_path / "manual").mkdir()
  tiny_videos.pack(original, tmp_path / "manual" / "phys101.zip", "phys101/")
  folders = {"zip": tmp_path / "manual", "folder": original, "again": original}
  found = {
      name: _load(tmp_path / name, manual, OBJECTS)
      for name, manual in folders.items()
  }
  for name in ("folder", "again"):
    assert found["zip"]["video"] == found[name]["video"]
    np.testing.assert_array_equal(found["zip"]["frames"], found[name]["frames"])


def test_short_videos_are_left_out_visibly(tmp_path, manual, capsys):
  videos = [
      video for split in ("train", "test")
      for video in _load(tmp_path, manual, OBJECTS, split)["video"]
  ]
  assert sorted(videos) == sorted(
      tiny_videos.PATH.format(trial)
      for trial, count in tiny_videos.TRIALS.items()
      if count >= 9)
  assert capsys.readouterr().err == (
      "physics101: left out 1 of 5 videos, shorter than 5 frames at 15/s: "
      f"{tiny_videos.PATH.format('foam_02/20_02/01')}\n")


def _break(manual, trial, how):
  path = manual / tiny_videos.PATH.format(trial)
  if how == "missing":
    path.unlink()
  elif how == "no video":
    path.write_bytes(b"text")
  else:
    content = path.read_bytes()
    path.write_bytes(content[:len(content) // 2])


@pytest.mark.parametrize("split", ["authors", "objects"])
@pytest.mark.parametrize("how, message",
                         [("missing", "dough_01/20_01/01/.* is missing"),
                          ("no video", "01/20_01/01/.*: cannot be decoded: I"),
                          ("truncated", "01/20_01/01/.*: cannot be decoded")])
@pytest.mark.usefixtures("two_authors")
def test_bad_videos(tmp_path, manual, capsys, split, how, message):
  _break(manual, "dough_01/20_01/01", how)
  config = SMALL | {"split": split}
  with pytest.raises(sources.DataError, match=message) as caught:
    _load(tmp_path, manual, config)
  assert "\n" not in str(caught.value)
  assert not list(tmp_path.rglob("dataset_info.json"))
  capsys.readouterr()
  found = _load(tmp_path, manual, config | {"skip_damaged": True})
  bad = tiny_videos.PATH.format("dough_01/20_01/01")
  assert bad not in found["video"]
  word = "missing" if how == "missing" else "damaged"
  assert f" videos, {word}: {bad}\n" in capsys.readouterr().err


def test_damage_that_only_decoding_shows(tmp_path, manual, two_authors,
                                         monkeypatch, capsys):
  bad = two_authors["train"][0]
  read = decoding.read

  def failing(*args, name, **kwargs):
    if name == bad:
      raise sources.DataError(f"{name}: is damaged")
    return read(*args, name=name, **kwargs)

  monkeypatch.setattr(decoding, "read", failing)
  with pytest.raises(sources.DataError, match=f"{bad}: is damaged"):
    _load(tmp_path, manual, SMALL)
  found = _load(tmp_path, manual, SMALL | {"skip_damaged": True})
  assert found["video"] == [two_authors["train"][1]]
  assert found["sequence"].tolist() == [0]
  assert f"left out 1 of 2 videos, damaged: {bad}" in capsys.readouterr().err


@pytest.mark.parametrize("what, message",
                         [("empty", "manual does not exist or is empty; scen"),
                          ("absent", "manual does not exist or is empty; scen"),
                          ("other", "manual: holds neither scenarios/ramp/OBJ"),
                          ("a file", "--manual_dir=.*manual is not a folder")])
def test_folders_without_videos(tmp_path, what, message):
  folder = tmp_path / "manual"
  if what == "a file":
    folder.write_bytes(b"")
  elif what != "absent":
    folder.mkdir()
  if what == "other":
    tiny_videos.encode(folder / tiny_videos.PATH.format("a/10_01/01"), 3)
  with pytest.raises(sources.DataError, match=message) as caught:
    _load(tmp_path, folder, SMALL)
  assert "\n" not in str(caught.value)


def test_authors_split_needs_their_videos(tmp_path, manual):
  with pytest.raises(sources.DataError, match="is missing, as are 388 more"):
    _load(tmp_path, manual, SMALL)
  with pytest.raises(sources.DataError,
                     match="no video for split 'train'.*obj"):
    _load(tmp_path, manual, SMALL | {"skip_damaged": True})


def test_failing_download(tmp_path, monkeypatch):
  monkeypatch.setattr(download, "URLS", ("file:///nowhere/p.zip",))
  with pytest.raises(sources.DataError,
                     match="no --manual_dir was given and downloading file:.* "
                     "failed; get it from http://phys101.csail.mit.edu/ and"):
    _load(tmp_path, None, SMALL)


@pytest.mark.parametrize("config, message",
                         [({
                             "size": 48
                         }, r"size must be one of \(32, 64, 128\): got 48"),
                          ({
                              "length": 1
                          }, "length must be an integer in .2, 2.32.: got 1"),
                          ({
                              "seed": -1
                          }, "seed must be"), ({
                              "seed": 0.5
                          }, "seed must be"),
                          ({
                              "split": "mine"
                          }, "split must be one of authors, objects: got 'm"),
                          ({
                              "skip_damaged": 1
                          }, "skip_damaged must be True or False: got 1"),
                          ({
                              "shift": 1
                          }, "config of physics101: .*'shift'")])
def test_bad_configurations(tmp_path, config, message):
  with pytest.raises(ValueError, match=message):
    _load(tmp_path, None, config)


def test_other_values_other_folders():
  changes = dict(size=64, length=21, split="objects", seed=1, skip_damaged=True)
  values = [{}] + [{name: value} for name, value in changes.items()]
  names = {
      loading.make_builder("physics101", config=value).builder_config.name
      for value in values
  }
  assert len(names) == len(values)
