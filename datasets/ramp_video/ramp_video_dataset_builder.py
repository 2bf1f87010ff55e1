"""Videos of an object that slides down a ramp and hits another one.

Simulated in the manner of Physics 101's ramp scenario (Wu et al. 2016), of
which nothing is used: see `simulation` for the physics, `drawing` for the
pictures. SI units.
"""

from collections.abc import Iterator
import dataclasses
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from datasets import features
from datasets.progress import ProgressLine
from datasets.ramp_video import drawing
from datasets.ramp_video import objects
from datasets.ramp_video import simulation

_CITATION = """\
@inproceedings{wu2016physics101,
  title={Physics 101: Learning Physical Object Properties from Unlabeled
    Videos},
  author={Wu, Jiajun and Lim, Joseph J. and Zhang, Hongyi and
          Tenenbaum, Joshua B. and Freeman, William T.},
  booktitle={British Machine Vision Conference}, year={2016},
}"""


@dataclasses.dataclass(eq=False, kw_only=True)
class Config(tfds.core.BuilderConfig):
  """What the data set consists of; made by `config`."""
  settings: simulation.Settings


def config(*,
           size: int = 128,
           length: int = 22,
           rate: float = 15.0,
           num_sequences: int = 311,
           test_sequences: int = 78,
           num_objects: int = 40,
           seed: int = 0,
           split: str = "random") -> Config:
  """A configuration whose name tells all its values.

  Args:
    size: S, height and width of the frames, at least 16 pixels.
    length: T, frames of a sequence, at least 2.
    rate: frames per second, 1 to 240.
    num_sequences: of the training split.
    test_sequences: of the test split.
    num_objects: in the catalogue, at least 10.
    seed: of objects and sequences, in [0, 2^32).
    split: "random": all sequences draw from all objects; "objects": test
      sequences have only the objects 4, 9, 14, ..., and training sequences only
      the others.

  Returns:
    The builder's configuration.

  Raises:
    ValueError: if an argument is out of its range.

  Example:
    >>> config(size=64, split="objects").name
    'objects-size64-t22-rate15.0-n311-test78-objects40-seed0'
  """
  settings = simulation.Settings(size=size,
                                 length=length,
                                 rate=float(rate),
                                 num_sequences=num_sequences,
                                 test_sequences=test_sequences,
                                 num_objects=num_objects,
                                 seed=seed,
                                 split=split)
  return Config(name=f"{split}-size{size}-t{length}-rate{settings.rate}"
                f"-n{num_sequences}-test{test_sequences}-objects{num_objects}"
                f"-seed{seed}",
                settings=settings)


class Builder(tfds.core.GeneratorBasedBuilder):
  """Sequences of T frames; the first of two objects is the slider.

  Features of an example: frames [T, S, S, 3] uint8; states [T, 2, 6], (x, y,
  angle, vx, vy, angular velocity) in m, rad and s, x away from the ramp's foot,
  y up from the table, angles counter-clockwise; energies [T, 2] J, kinetic and
  potential, of heights above the table; pixels [T, 2, 2], the centres' places
  in units of the frame's width, right of its left border and below its upper
  one, beyond [0, 1] if out of sight; objects [2], numbers in the catalogue;
  properties [2, 6], (mass kg, friction, size m, shape as a place in
  `objects.SHAPES`, restitution, moment of inertia kg m^2); sequence, its
  number in the split. Both splits have their own random streams.
  """
  VERSION = tfds.core.Version("1.0.0")
  BUILDER_CONFIGS = [config()]

  def _info(self) -> tfds.core.DatasetInfo:
    settings = self.builder_config.settings
    length = settings.length
    return self.dataset_info_from_configs(
        description="Simulated videos of an object that slides down a ramp of "
        "20 degrees and hits a second one.",
        citation=_CITATION,
        license="Generated; Apache-2.0 as this project.",
        homepage="http://phys101.csail.mit.edu",
        features=tfds.features.FeaturesDict({
            "frames":
                features.frames(length, settings.size),
            "states":
                features.array(length, 2, 6, doc="x, y, angle and their rates"),
            "energies":
                features.array(length, 2, doc="mechanical energy, J"),
            "pixels":
                features.array(length, 2, 2, doc="centres, in frame widths"),
            "objects":
                tfds.features.Tensor(shape=(2,),
                                     dtype=np.int64,
                                     doc="slider and target in the catalogue"),
            "properties":
                features.array(2,
                               len(objects.PROPERTIES),
                               doc=", ".join(objects.PROPERTIES)),
            "sequence":
                features.index("number of the sequence in its split"),
        }),
        disable_shuffling=True)

  def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
    del dl_manager
    settings = self.builder_config.settings
    return {
        "train": self._generate_examples("train", settings.num_sequences),
        "test": self._generate_examples("test", settings.test_sequences),
    }

  def _generate_examples(self, part: str,
                         count: int) -> Iterator[tuple[int, Any]]:
    progress = ProgressLine(f"ramp_video {part}: sequence", count)
    for index in range(count):
      progress.step()
      yield index, drawing.make_sequence(self.builder_config.settings, part,
                                         index)
