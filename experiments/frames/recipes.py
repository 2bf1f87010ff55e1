"""The models of the rows, trained on demand, and where each one begins."""

from collections.abc import Callable, Iterator
import functools
import itertools
import pathlib
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.common.ahead import compiled_ahead
from experiments.common.stages import Stages
from experiments.frames import model as models
from experiments.frames import quotient
from experiments.frames.config import Config
from experiments.frames.data import Data
from experiments.frames.training import Trainer
from noether_jax.training.outer_loop import init_state
from noether_jax.types import MetaParams
from noether_jax.types import TrainState


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


# Models with a g: their names, and whether it learns.
_WITH_G = {
    "frozen": ("random frozen g", False),
    "noether": ("Noether network", True)
}


class Models:
  """The models of a seed, or those of several seeds, trained side by side.

  Several are one program, `jax.vmap` of the outer step over states, batches and
  keys of leaves `[M, ...]`: for an accelerator, which one small model leaves
  idle. M is S, for the two models with a g 2 S. Each model sees what it would
  have seen alone.

  Attributes:
    config: the settings.
    run: what is compiled.
    data: training and test sequences.
    seeds: S of them, of networks, batches and noise.
    stages: where times are kept, each model's as its share.
  """

  def __init__(self, config: Config, run: models.Compiled, data: Data,
               seeds: tuple[int, ...], stages: Stages, folder: pathlib.Path):
    self.config, self.run, self.data = config, run, data
    self.seeds, self.stages = seeds, stages
    self._stacked = len(seeds) > 1
    name = f"seed_{seeds[0]}"
    self._folder = folder / (f"{name}_to_{seeds[-1]}"
                             if self._stacked else name)

  def _each(self, make: Callable[[int], Any], copies: int = 1) -> Any:
    """What is made for each seed; leaves `[M, ...]` if there are several."""
    if not self._stacked:
      return make(self.seeds[0])
    return jax.tree.map(lambda *leaves: jnp.stack(leaves * copies),
                        *map(make, self.seeds))

  def of(self, name: str, seed: int) -> Trained:
    """One seed's model: "svg", "longer", "frozen" or "noether"."""
    trained = getattr(self, name)
    if not self._stacked:
      return trained
    i = self.seeds.index(seed)
    return trained._replace(state=jax.tree.map(lambda v: v[i], trained.state))

  def _batches(self, start: int, copies: int) -> Iterator[dict[str, Any]]:
    each = [self.data.batches(self.config, s, start) for s in self.seeds]
    if not self._stacked:
      return each[0]
    join = lambda *leaves: np.stack(leaves * copies)
    return (jax.tree.map(join, *batches) for batches in zip(*each))

  @functools.cached_property
  def _plain(self) -> Callable[..., Any]:
    step = self.run.plain
    return compiled_ahead(jax.vmap(step)) if self._stacked else step

  @functools.cached_property
  def _through(self) -> Callable[..., Any]:
    step = self.run.noether
    return compiled_ahead(jax.vmap(step)) if self._stacked else step

  def _trained(self, names: tuple[str, ...], step: Callable[..., Any],
               steps: int, first: Trained) -> Trained:
    made = list(itertools.product(names, self.seeds))
    key = self._each(lambda seed: models.stream(seed, "training"), len(names))
    trainer = Trainer(" and ".join(names),
                      step,
                      functools.partial(self._batches, copies=len(names)),
                      key=key,
                      folder=self._folder)
    state, metrics = trainer.run(first.state, steps)
    share = trainer.seconds / len(made)
    for i, (name, seed) in enumerate(made if metrics else ()):
      own = {metric: float(np.ravel(v)[i]) for metric, v in metrics.items()}
      self.stages.add(f"{name}, seed {seed}", share, {"steps": steps, **own})
    return Trained(state, steps, share + first.seconds)

  def _begun(self, params: MetaParams) -> Trained:
    outer = models.optimizer(self.config)
    begin = lambda params: init_state(params, outer)
    state = (jax.vmap(begin) if self._stacked else begin)(params)
    return Trained(state, 0, 0.0)

  def _first(self, name: str) -> Trained:
    """Where a model with a g begins."""
    params = self.start if _WITH_G[name][1] else self.untrained
    if not self.config.warm_start:
      return self._begun(params)
    # Goes on with the batches that the control sees.
    warm = self.svg.params._replace(conserved=params.conserved)
    state = self._begun(warm).state._replace(step=self.svg.state.step)
    return self.svg._replace(state=state)

  def _tailored(self, *names: str) -> Trained:
    """One model of each seed trained through the inner step, or several."""
    each = [self._first(name) for name in names]
    labels, learns = zip(*(_WITH_G[name] for name in names))
    first, wanted = each[0], learns[0]
    if self._stacked:
      join = lambda *leaves: jnp.concatenate(leaves)
      first = first._replace(state=jax.tree.map(join, *(t.state for t in each)))
      wanted = jnp.repeat(jnp.asarray(learns), len(self.seeds))
    step = lambda state, batch, key: self._through(state, batch, key, wanted)
    return self._trained(labels, step, first.steps + self.config.steps, first)

  @functools.cached_property
  def svg(self) -> Trained:
    """The plain video model."""
    return self._trained(("SVG",), self._plain, self.config.steps,
                         self._begun(self.untrained))

  @functools.cached_property
  def longer(self) -> Trained:
    """The plain video model, trained for about the Noether network's time."""
    return self._trained(("SVG, longer",), self._plain,
                         self.config.control_steps, self.svg)

  @functools.cached_property
  def frozen(self) -> Trained:
    """The video model trained through the inner step of a random g."""
    return self._both[0] if self._stacked else self._tailored("frozen")

  @functools.cached_property
  def untrained(self) -> MetaParams:
    """Where training begins."""
    return self._each(
        lambda seed: models.initial(self.config, seed, self.data.brightness))

  @functools.cached_property
  def start(self) -> MetaParams:
    """Untrained parameters; g is made conserved if the settings say so."""
    if not self.config.pretrain_steps:
      return self.untrained
    return self._each(self._pretrained)

  def _pretrained(self, seed: int) -> MetaParams:
    params = models.initial(self.config, seed, self.data.brightness)
    learned = lambda counts: quotient.conserved(
        self.run.model.net,
        params.conserved,
        quotient.windows(self.data.train["frames"], self.config.stacked),
        models.stream(seed, "quotient"),
        steps=self.config.pretrain_steps,
        counts=counts)
    phi = self.stages.kept(f"g on the quotient, seed {seed}", learned,
                           params.conserved)
    return params._replace(conserved=phi)

  @functools.cached_property
  def noether(self) -> Trained:
    """Video model and g, trained together through the inner step."""
    return self._both[1] if self._stacked else self._tailored("noether")

  @functools.cached_property
  def _both(self) -> list[Trained]:
    """These two of all seeds, trained as one program."""
    trained = self._tailored(*_WITH_G)
    own = lambda part: trained._replace(state=jax.tree.map(
        lambda leaf: leaf[part], trained.state))
    count = len(self.seeds)
    return [own(slice(count)), own(slice(count, None))]
