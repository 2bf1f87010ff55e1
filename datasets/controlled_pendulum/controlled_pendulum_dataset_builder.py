"""Frames of Gymnasium's pendulum under random torques; see `simulation`."""

from collections.abc import Iterator
import dataclasses
from typing import Any

import tensorflow_datasets as tfds

from datasets import features
from datasets.controlled_pendulum import simulation
from datasets.progress import ProgressLine

_CITATION = """\
@article{towers2024gymnasium,
  title={Gymnasium: A Standard Interface for Reinforcement Learning
    Environments},
  author={Towers, Mark and Kwiatkowski, Ariel and Terry, Jordan and others},
  journal={arXiv:2407.17032}, year={2024},
}"""


@dataclasses.dataclass(eq=False, kw_only=True)
class Config(tfds.core.BuilderConfig):
  """Arguments of `simulation`'s functions; made by `config`."""
  size: int
  length: int
  num_sequences: int
  test_sequences: int
  seed: int
  torque: float
  correlation: float
  friction: float
  speed: float


def config(*,
           size: int = 64,
           length: int = 28,
           num_sequences: int = 3000,
           test_sequences: int = 300,
           seed: int = 0,
           torque: float = 1.0,
           correlation: float = 0.5,
           friction: float = 0.0,
           speed: float = 4.0) -> Config:
  """A configuration whose name tells all its values.

  Args:
    size: height and width of the frames, at most 500; 32 and 64 are usual.
    length: T, frames of a sequence.
    num_sequences: how many to train on.
    test_sequences: how many to test on, besides.
    seed: of the random numbers; both splits have their own.
    torque: its scale, N m; see `simulation.generate`, as for the others.
    correlation: time of the torque, s.
    friction: N m s.
    speed: bound of the first angular velocity, rad/s.

  Returns:
    The builder's configuration.

  Raises:
    ValueError: if an argument is out of its range.

  Example:
    >>> config(size=32, torque=0).name
    's32-t28-n3000-300-seed0-torque0.0-correlation0.5-friction0.0-speed4.0'
  """
  simulation.check_whole("size", size, 1, simulation.MAX_SIZE)
  simulation.check_whole("num_sequences", num_sequences, 1, 2**31)
  simulation.check_whole("test_sequences", test_sequences, 1, 2**31)
  torque, correlation, friction, speed = (
      float(value) for value in (torque, correlation, friction, speed))
  simulation.check_arguments(length=length,
                             seed=seed,
                             torque=torque,
                             correlation=correlation,
                             friction=friction,
                             speed=speed)
  return Config(name=f"s{size}-t{length}-n{num_sequences}-{test_sequences}"
                f"-seed{seed}-torque{torque}-correlation{correlation}"
                f"-friction{friction}-speed{speed}",
                size=size,
                length=length,
                num_sequences=num_sequences,
                test_sequences=test_sequences,
                seed=seed,
                torque=torque,
                correlation=correlation,
                friction=friction,
                speed=speed)


class Builder(tfds.core.GeneratorBasedBuilder):
  """Sequences of frames of a pendulum under random torques, .05 s apart.

  Features of an example, which is a sequence: frames [T, S, S, 3] uint8, where
  the arrow shows the torque applied from that frame on (in the last frame, that
  of the last interval); states [T, 2] float64, theta in rad, zero is upright,
  growing counter-clockwise and not wrapped, and theta' in rad/s; energy [T]
  float64, the rod's total mechanical energy in J; actions [T-1, 1] float64, the
  torque in N m between frames t and t+1; sequence, its number in its split.
  """
  VERSION = tfds.core.Version("1.0.0")
  BUILDER_CONFIGS = [config()]

  def _info(self) -> tfds.core.DatasetInfo:
    length = self.builder_config.length
    return self.dataset_info_from_configs(
        description="Gymnasium's pendulum under random torques, integrated "
        "exactly and drawn by Gymnasium.",
        citation=_CITATION,
        license="Generated; Apache-2.0 as this project. Drawn by Gymnasium, "
        "whose licence is MIT.",
        homepage="https://gymnasium.farama.org/environments/classic_control/"
        "pendulum/",
        features=tfds.features.FeaturesDict({
            "frames":
                features.frames(length, self.builder_config.size,
                                "rod and arrow of the torque, RGB in 0..255"),
            "states":
                features.array(length, 2, doc="angle rad, velocity rad/s"),
            "energy":
                features.array(length, doc="mechanical energy, J"),
            "actions":
                features.array(length - 1, 1, doc="torque until the next, N m"),
            "sequence":
                features.index("number of the sequence in its split"),
        }),
        disable_shuffling=True)

  def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
    del dl_manager
    values = self.builder_config
    render = simulation.renderer(values.size)
    counts = {"train": values.num_sequences, "test": values.test_sequences}
    return {
        split: self._generate_examples(split, stream, count, render)
        for stream, (split, count) in enumerate(counts.items())
    }

  def _generate_examples(
      self, split: str, stream: int, count: int,
      render: simulation.Render) -> Iterator[tuple[int, Any]]:
    values = self.builder_config
    motions = simulation.generate(count,
                                  stream=stream,
                                  length=values.length,
                                  seed=values.seed,
                                  torque=values.torque,
                                  correlation=values.correlation,
                                  friction=values.friction,
                                  speed=values.speed)
    progress = ProgressLine(f"{self.name} {split}: sequence", count)
    for number in range(count):
      progress.step()
      states, actions = motions.states[number], motions.actions[number]
      yield number, {
          "frames": render(states, actions),
          "states": states,
          "energy": motions.energy[number],
          "actions": actions,
          "sequence": number,
      }
