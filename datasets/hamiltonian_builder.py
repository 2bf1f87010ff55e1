"""The TFDS side of `hamiltonian`: shared by spring and pendulum."""

from collections.abc import Iterator
import dataclasses
from typing import Any

import tensorflow_datasets as tfds

from datasets import features
from datasets import hamiltonian
from datasets.systems.system import Sampling
from noether_jax.data.trajectories import Trajectories

_CITATION = """\
@inproceedings{greydanus2019hamiltonian,
  title={Hamiltonian Neural Networks},
  author={Greydanus, Sam and Dzamba, Misko and Yosinski, Jason},
  booktitle={Advances in Neural Information Processing Systems}, year={2019},
}"""


@dataclasses.dataclass(eq=False, kw_only=True)
class Config(tfds.core.BuilderConfig):
  """Arguments of `hamiltonian.generate`; made by `make_config`."""
  noise: float
  targets: str
  seed: int
  num_trajectories: int
  num_samples: int


def make_config(sampling: Sampling,
                *,
                noise: float = 0.1,
                targets: str = "derivative",
                seed: int = 0,
                num_trajectories: int = 50,
                num_samples: int | None = None) -> Config:
  """A configuration whose name tells all its values.

  Args:
    sampling: SPRING or PENDULUM.
    noise: see `hamiltonian.generate`, as are the others.
    targets: "derivative" or "difference".
    seed: of the random numbers.
    num_trajectories: N, train and test together.
    num_samples: T.

  Returns:
    The builder's configuration.

  Raises:
    ValueError: if an argument is out of its range.

  Example:
    >>> make_config(hamiltonian.PENDULUM, noise=0.05).name
    'derivative-noise0.05-seed0-n50-t45'
  """
  if num_samples is None:
    num_samples = sampling.num_samples
  noise = float(noise)
  hamiltonian.check_arguments(noise, targets, seed, num_trajectories,
                              num_samples)
  return Config(name=f"{targets}-noise{noise}-seed{seed}-n{num_trajectories}"
                f"-t{num_samples}",
                noise=noise,
                targets=targets,
                seed=seed,
                num_trajectories=num_trajectories,
                num_samples=num_samples)


class HamiltonianBuilder(tfds.core.GeneratorBasedBuilder,
                         skip_registration=True):
  """Simulated trajectories; the first half is train, the second test.

  Features of an example, which is a trajectory (dimensionless, float64): time
  [T]; states [T, 2], (q, p) as observed; clean [T, 2], without noise;
  derivatives [T, 2], targets for d(q, p)/dt; trajectory, its number.
  """
  SAMPLING: Sampling
  VERSION = tfds.core.Version("1.0.0")

  def _info(self) -> tfds.core.DatasetInfo:
    length = self.builder_config.num_samples
    name = self.SAMPLING.system.name
    return self.dataset_info_from_configs(
        description=f"Trajectories of the ideal {name}, generated as for "
        "Hamiltonian Neural Networks.",
        citation=_CITATION,
        license="Generated; Apache-2.0 as this project.",
        homepage="https://github.com/greydanus/hamiltonian-nn",
        features=tfds.features.FeaturesDict({
            "time": features.array(length, doc="time, dimensionless"),
            "states": features.array(length, 2, doc="(q, p) with noise"),
            "clean": features.array(length, 2, doc="(q, p) without noise"),
            "derivatives": features.array(length, 2, doc="targets, per time"),
            "trajectory": features.index("number of the trajectory"),
        }),
        disable_shuffling=True)

  def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
    del dl_manager
    config = self.builder_config
    data = hamiltonian.generate(self.SAMPLING,
                                noise=config.noise,
                                targets=config.targets,
                                seed=config.seed,
                                num_trajectories=config.num_trajectories,
                                num_samples=config.num_samples)
    half = config.num_trajectories // 2
    return {
        "train":
            self._generate_examples(data, range(half)),
        "test":
            self._generate_examples(data, range(half, config.num_trajectories)),
    }

  def _generate_examples(self, data: Trajectories,
                         numbers: range) -> Iterator[tuple[int, Any]]:
    for number in numbers:
      yield number, {
          "time": data.times[number],
          "states": data.states[number],
          "clean": data.clean[number],
          "derivatives": data.derivatives[number],
          "trajectory": number,
      }
