"""One seed's models, trained on demand, and what is measured of them."""

from collections.abc import Callable, Iterator, Sequence
import functools
import pathlib
from typing import Any, NamedTuple

import numpy as np

from experiments.common.stages import Stages
from experiments.frames import evaluation
from experiments.frames import model as models
from experiments.frames import probe
from experiments.frames import quotient
from experiments.frames.config import Config
from experiments.frames.data import Data
from experiments.frames.training import Trainer
from noether_jax.meta import init_state
from noether_jax.types import MetaParams
from noether_jax.types import TrainState

_PROBED = 200
_EVERY = 3


class Trained(NamedTuple):
  """A model after its training.

  Attributes:
    state: a `TrainState` whose params are those of f and g.
    steps: outer steps made.
    seconds: they took.
  """
  state: TrainState
  steps: int
  seconds: float

  @property
  def params(self) -> MetaParams:
    """Parameters of f and g."""
    return self.state.params


class Study:
  """What one seed's rows share.

  Attributes:
    config: the settings.
    run: what is compiled.
    data: training and test sequences.
    seed: of networks, batches and noise.
    stages: where times are kept.
  """

  def __init__(self, config: Config, run: models.Compiled, data: Data,
               seed: int, stages: Stages, folder: pathlib.Path):
    self.config, self.run, self.data, self.seed = config, run, data, seed
    self.stages, self._folder = stages, folder / f"seed_{seed}"

  def _trained(self, name: str, step: Callable[..., Any], steps: int,
               first: Trained) -> Trained:
    trainer = Trainer(
        name,
        step,
        lambda start: self.data.batches(self.config, self.seed, start),
        key=models.stream(self.seed, "training"),
        folder=self._folder)
    state, metrics = trainer.run(first.state, steps)
    if metrics:
      self.stages.add(f"{name}, seed {self.seed}", trainer.seconds, {
          "steps": steps,
          **metrics
      })
    return Trained(state, steps, trainer.seconds + first.seconds)

  def _begun(self, params: MetaParams) -> Trained:
    return Trained(init_state(params, models.optimizer(self.config)), 0, 0.0)

  def _through_tailoring(self, name: str, params: MetaParams,
                         learns: bool) -> Trained:
    first = self._begun(params)
    if self.config.warm_start:
      # Goes on with the batches that the control sees.
      warm = self.svg.params._replace(conserved=params.conserved)
      state = self._begun(warm).state._replace(step=self.svg.state.step)
      first = self.svg._replace(state=state)
    step = functools.partial(self.run.noether, learns=learns)
    return self._trained(name, step, first.steps + self.config.steps, first)

  @functools.cached_property
  def svg(self) -> Trained:
    """The plain video model."""
    return self._trained("SVG", self.run.plain, self.config.steps,
                         self._begun(self.untrained))

  @functools.cached_property
  def longer(self) -> Trained:
    """The same, trained further: in all for the Noether network's time."""
    return self._trained("SVG, longer", self.run.plain,
                         self.config.control_steps, self.svg)

  @functools.cached_property
  def frozen(self) -> Trained:
    """The video model trained through the inner step of a random g."""
    return self._through_tailoring("random frozen g", self.untrained, False)

  @functools.cached_property
  def untrained(self) -> MetaParams:
    """Where training begins."""
    return models.initial(self.config, self.seed, self.data.brightness)

  @functools.cached_property
  def start(self) -> MetaParams:
    """Untrained, but for a g that is made conserved if that is asked for."""
    params = self.untrained
    if not self.config.pretrain_steps:
      return params
    learned = lambda counts: quotient.conserved(
        self.run.model.net,
        params.conserved,
        quotient.windows(self.data.train["frames"], self.config.stacked),
        models.stream(self.seed, "quotient"),
        steps=self.config.pretrain_steps,
        counts=counts)
    phi = self.stages.kept(f"g on the quotient, seed {self.seed}", learned,
                           params.conserved)
    return params._replace(conserved=phi)

  @functools.cached_property
  def noether(self) -> Trained:
    """Video model and g, trained together through the inner step."""
    return self._through_tailoring("Noether network", self.start, True)

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
