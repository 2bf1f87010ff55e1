"""One seed's models, and what is measured of them."""

from collections.abc import Iterator, Sequence
import functools
from typing import Any

import numpy as np

from experiments.frames import evaluation
from experiments.frames import model as models
from experiments.frames import probe
from experiments.frames.recipes import Models
from experiments.frames.recipes import Trained
from noether_jax.types import MetaParams

_PROBED = 200
_EVERY = 3


class Study:
  """What one seed's rows share.

  Attributes:
    training: where its models come from; for the others see there.
    seed: of networks, batches and noise.
  """

  def __init__(self, training: Models, seed: int):
    self.training, self.seed = training, seed
    self.config, self.run = training.config, training.run
    self.data, self.stages = training.data, training.stages

  def trained(self, name: str) -> Trained:
    """This seed's model of a recipe; see `Models.of`."""
    return self.training.of(name, self.seed)

  @functools.cached_property
  def truth(self) -> np.ndarray:
    """`[N, T, H, W, C]` in [0, 1], the test sequences."""
    return self.data.test["frames"].astype(np.float32) / 255

  @functools.cached_property
  def reader(self) -> probe.Probe | None:
    """The linear probe, or None where no true state is known."""
    if self.data.shown.places is None:
      return None
    train = {name: values[:_PROBED] for name, values in self.data.train.items()}
    return probe.fit(train["frames"][:, ::_EVERY].astype(np.float32) / 255,
                     self.data.shown.places(train)[:, ::_EVERY])

  @functools.cached_property
  def places(self) -> np.ndarray | None:
    """`[N, T, P]`, what the probe should read off the test sequences."""
    shown = self.data.shown
    return None if shown.places is None else shown.places(self.data.test)

  def predict(self,
              params: MetaParams,
              steps: Sequence[int],
              count: int | None = None,
              train: bool = False) -> Iterator[evaluation.Predicted]:
    """Free predictions of test sequences, or of training ones.

    Args:
      params: trained parameters.
      steps: numbers of inner steps after which to predict.
      count: of sequences, the first ones; None for all.
      train: whether they are training sequences.

    Returns:
      What `evaluation.predictions` yields.
    """
    data = self.data.train if train else self.data.test
    data = {name: data[name][:count] for name in self.data.names}
    use = "choice" if train else "test"
    return evaluation.predictions(self.run, params, data, steps,
                                  models.stream(self.seed, use),
                                  self.config.past)

  def measured(self, predicted: evaluation.Predicted) -> dict[str, Any]:
    """Measures of predicted frames; see `evaluation.measures`."""
    count, past = len(predicted.frames), self.config.past
    places = None if self.places is None else self.places[:count, past:]
    return evaluation.measures(predicted, self.truth[:count, past:],
                               self.reader, places)

  def labels(self) -> dict[str, np.ndarray]:
    """True quantities by name, `[N, T]` each."""
    out = {"brightness": self.truth.mean(axis=(2, 3, 4))}
    if self.data.shown.energy is not None:
      out["energy"] = self.data.shown.energy(self.data.test)
    if self.places is not None:
      columns = np.moveaxis(self.places, -1, 0)
      out |= {f"place {i}": column for i, column in enumerate(columns)}
    return out

  def known(self, params: MetaParams, frames: np.ndarray) -> dict[str, Any]:
    """What g is on the test sequences; see `evaluation.quantity`."""
    whole = np.concatenate([self.truth[:, :self.config.past], frames], axis=1)
    return evaluation.quantity(self.run, params, self.truth, whole,
                               self.labels())
