"""How the parameters of all seeds are trained, timed and kept."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from experiments.common.stages import Stages
from experiments.common.train import fit
from experiments.neural.config import Config
from experiments.neural.data import Data
from noether_jax.training.outer_loop import mse

Array = jax.Array


class TrainingStages:
  """Training in stages, which leave their results in a folder.

  Attributes:
    config: the settings.
    data: of all seeds.
    stages: times and counts.
    suffix: of the stages' names, for a study without some trajectories.
  """

  def __init__(self, config: Config, data: Data, stages: Stages, suffix: str):
    self.config, self.data = config, data
    self.stages, self.suffix = stages, suffix

  def cosine(self, steps: int, share: float = 1.0) -> Any:
    """Adam with cosine schedules of f's, g's and the shifts' learning rates."""
    adam = lambda learning_rate: optax.adam(
        optax.cosine_decay_schedule(share * learning_rate, steps))
    both = optax.multi_transform(
        {
            "f": adam(self.config.learning_rate),
            "g": adam(self.config.conserved_learning_rate),
            "shift": adam(self.config.shift_learning_rate)
        }, lambda tree: {
            k: jax.tree.map(lambda _, k=k: k, v) for k, v in tree.items()
        })
    return optax.chain(optax.clip_by_global_norm(1.0), both)

  def train(self, name: str, loss: Callable[..., Array], start: Any, data: Any,
            steps: int, optimizer: Any) -> Any:
    """Trains in a stage of this name, or finds what it left."""

    def run(counts: dict[str, Any]) -> Any:
      new, losses = fit(loss,
                        start,
                        data,
                        steps=steps,
                        optimizer=optimizer,
                        name=name)
      counts.update(steps=steps, final_loss=float(f"{jnp.mean(losses):.4g}"))
      return new

    return self.kept(name, run, start)

  def kept(self, name: str, make: Callable[[dict[str, Any]], Any],
           like: Any) -> Any:
    """`Stages.kept` for this study's stages."""
    return self.stages.kept(name + self.suffix, make, like)

  def pairs(self, states: Array) -> tuple[Array, Array]:
    """States and derivatives `[S, N T, D]` to train f on."""
    flat = lambda v: v.reshape(v.shape[0], -1, v.shape[-1])
    return flat(states), flat(self.data.derivatives)

  def fine_tuned(self, name: str, field: Callable[..., Array], start: Any,
                 data: tuple[Array, ...]) -> Any:
    """`{"f": ..., "g": ...}` trained on the derivatives for `fine_steps`."""

    def loss(params: Any, data: Any) -> Array:
      x, y, *rest = data
      return mse(jax.vmap(lambda s: field(params, s, *rest))(x), y)

    steps = self.config.fine_steps
    return self.train(name, loss, start, data, steps, self.cosine(steps))
