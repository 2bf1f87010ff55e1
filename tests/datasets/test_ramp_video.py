"""ramp_video: its labels, pictures and builder."""

import dataclasses
import hashlib
import math
import subprocess
import sys

import numpy as np
import pytest

from datasets import loading
from datasets import progress
from datasets.ramp_video import drawing
from datasets.ramp_video import objects
from datasets.ramp_video import ramp_video_dataset_builder
from datasets.ramp_video import simulation
from tests import paths

pytest.importorskip("pymunk")
pytest.importorskip("PIL")

SETTINGS = simulation.Settings()
TINY = simulation.Settings(size=16, length=3)
CONFIG = {
    "size": 16,
    "length": 3,
    "num_sequences": 3,
    "test_sequences": 2,
    "split": "objects"
}


def _thing(shape):
  return objects.make_object(0, list(objects.SHAPES).index(shape))


def test_same_arguments_same_bytes_in_another_process():
  code = ("import hashlib\n"
          "from datasets.ramp_video import drawing, simulation\n"
          "found = drawing.make_sequence(\n"
          "    simulation.Settings(size=16, length=3), 'train', 3)\n"
          "print(hashlib.sha256(b''.join(value.tobytes()\n"
          "                     for value in found.values())).hexdigest())\n")
  run = subprocess.run([sys.executable, "-W", "error", "-c", code],
                       cwd=paths.ROOT,
                       stdout=subprocess.PIPE,
                       check=True,
                       text=True)
  found = drawing.make_sequence(TINY, "train", 3)
  joined = b"".join(value.tobytes() for value in found.values())
  assert run.stdout.strip() == hashlib.sha256(joined).hexdigest()


def test_sequences_do_not_depend_on_their_number():
  few, many = (drawing.make_sequence(
      dataclasses.replace(TINY, num_sequences=count, test_sequences=count),
      "test", 1) for count in (2, 500))
  for key, value in few.items():
    np.testing.assert_array_equal(value, many[key])


def _agreement(frame, place, color):
  """Cosine between the chromaticities of a pixel and of an object."""
  size = len(frame)
  pixel = frame[int(place[1] * size), int(place[0] * size)].astype(np.float64)
  pixel, color = pixel - pixel.mean(), np.array(color) - np.mean(color)
  norm = np.linalg.norm(pixel) * np.linalg.norm(color)
  return float(pixel @ color / max(norm, 1e-9))


@pytest.mark.parametrize("size", [64, 128])
def test_labels_fall_on_the_objects(size):
  settings = simulation.Settings(size=size)
  on, beside = [], []
  for index in range(6):
    found = drawing.make_sequence(settings, "train", index)
    for frame, places in zip(found["frames"][::5], found["pixels"][::5]):
      for number, place in zip(found["objects"], places):
        if np.all((place > 0.02) & (place < 0.98)):
          color = objects.make_object(0, int(number)).color
          on.append(_agreement(frame, place, color))
          beside.append(_agreement(frame, place * [1, 0.5], color))
  assert len(on) > 40
  assert np.min(on) > 0.9
  assert np.mean(np.array(beside) > 0.9) < 0.4


def test_slider_is_in_the_first_frame():
  for index in range(200):
    scene = simulation.make_scene(SETTINGS, "train", index)
    places = drawing.make_view(SETTINGS, "train",
                               index).project(scene.poses[:, :2])
    assert np.all((places > 0.02) & (places < 0.98))


def test_projection():
  view = drawing.View(x=0.1, y=0.2, width=0.5)
  np.testing.assert_allclose(view.project(np.array([[0.1, 0.2], [0.35, 0.45]])),
                             [[0.5, 0.5], [1.0, 0.0]])


@pytest.mark.parametrize("shape", objects.SHAPES)
def test_rotation_is_seen(shape):
  scene = simulation.Scene(slider=_thing(shape), target=_thing("square"))
  painter = drawing.Painter(scene, drawing.View(), 64)
  turned = scene.poses + [[0, 0, math.pi], [0, 0, 0]]
  first, second = (
      painter.frame(poses).astype(int) for poses in (scene.poses, turned))
  changed = np.abs(first - second).max(-1) > 30
  assert 8 <= changed.sum() < 200


def test_light_and_camera_change_the_picture():
  scene = simulation.Scene(slider=_thing("disc"), target=_thing("square"))

  def mean(**changes):
    view = drawing.View(**changes)
    frame = drawing.Painter(scene, view, 32).frame(scene.poses)
    return frame.mean((0, 1))

  plain = mean()
  np.testing.assert_allclose(mean(brightness=0.5), plain / 2, rtol=0.01)
  warm, cold = mean(temperature=1.0), mean(temperature=-1.0)
  assert warm[0] > plain[0] > cold[0] and warm[2] < plain[2] < cold[2]
  assert mean(shadow=0.0).sum() > plain.sum()
  assert not np.allclose(mean(x=0.1), plain)


@pytest.mark.parametrize("module", ["pymunk", "PIL.Image"])
def test_missing_extra_is_named(monkeypatch, module):
  monkeypatch.setitem(sys.modules, module, None)
  with pytest.raises(ImportError, match=r"noether-jax\[video\]"):
    drawing.make_sequence(TINY, "train", 0)


def test_round_trip(tmp_path, capsys, monkeypatch):
  monkeypatch.setattr(progress, "SECONDS", -1.0)
  settings = simulation.Settings(size=16, length=3, split="objects")
  for part, count in (("train", 3), ("test", 2)):
    found = loading.load("ramp_video",
                         split=part,
                         data_dir=tmp_path,
                         config=CONFIG)
    assert found["frames"].dtype == np.uint8
    assert found["sequence"].tolist() == list(range(count))
    for index in range(count):
      expected = drawing.make_sequence(settings, part, index)
      assert expected.keys() == found.keys()
      for key, value in expected.items():
        assert found[key][index].dtype == value.dtype
        np.testing.assert_array_equal(found[key][index], value)
  printed = capsys.readouterr()
  assert "ramp_video train: sequence 2/3" in printed.err
  assert not printed.out


def test_other_values_other_names():
  changes = {
      "size": 64,
      "length": 21,
      "rate": 15.5,
      "num_sequences": 310,
      "test_sequences": 77,
      "num_objects": 41,
      "seed": 1,
      "split": "objects"
  }
  values = [{}] + [{name: value} for name, value in changes.items()]
  names = {ramp_video_dataset_builder.config(**value).name for value in values}
  assert len(names) == len(values)


@pytest.mark.parametrize(
    "arguments, message",
    [({
        "size": 15
    }, "size must be at least 16: got 15"),
     ({
         "size": 64.0
     }, "size must be a whole number: got 64.0"),
     ({
         "length": 1
     }, "length must be at least 2"),
     ({
         "rate": 0.5
     }, "rate must lie in 1 to 240 .* got 0.5"),
     ({
         "rate": float("nan")
     }, "rate must lie .* got nan"),
     ({
         "num_sequences": 0
     }, "num_sequences must be at least 1"),
     ({
         "test_sequences": True
     }, "test_sequences must be a whole number: got True"),
     ({
         "num_objects": 9
     }, "num_objects must be at least 10: got 9"),
     ({
         "seed": -1
     }, "seed must be at least 0"), ({
         "seed": 2**32
     }, "seed must lie in"),
     ({
         "split": "object"
     }, "split must be one of random, objects: got 'object'"),
     ({
         "sizes": 1
     }, "config of ramp_video: .*'sizes'")])
def test_errors(tmp_path, arguments, message):
  with pytest.raises(ValueError, match=message):
    loading.load("ramp_video",
                 split="train",
                 data_dir=tmp_path,
                 config=CONFIG | arguments)
