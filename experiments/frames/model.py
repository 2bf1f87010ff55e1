"""The video model and g, as functions of their parameters; made once a run.

What is compiled is shared by all seeds and rows: only parameters differ.
"""

from collections.abc import Callable
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from experiments.common.ahead import compiled_ahead
from experiments.frames.config import Config
from noether_jax import video
from noether_jax.tailoring.adaptation import by_path
from noether_jax.tailoring.query import tailored_params
from noether_jax.training.gradients import microbatched_gradient
from noether_jax.training.outer_loop import apply_gradient
from noether_jax.training.outer_loop import meta_loss
from noether_jax.training.outer_loop import update
from noether_jax.types import MetaParams
from noether_jax.types import Prediction
from noether_jax.types import TrainState

Array = jax.Array
Query = dict[str, Array]
USES = ("initial", "training", "test", "quotient", "choice")
Loss = Callable[[MetaParams, Query, Array], tuple[Array, dict[str, Array]]]


class Model(NamedTuple):
  """Functions of one sequence `{"frames": [T, H, W, C], "actions": ...}`.

  Attributes:
    forced: `(theta, x, key) -> Video`, teacher-forced.
    free: `(theta, x, key) -> Video`, from the given frames alone.
    net: g; its own parameters are not used.
  """
  forced: Callable[..., video.Video]
  free: Callable[..., video.Video]
  net: video.FrameNet


def stream(seed: int, use: str) -> Array:
  """A key of a seed for one of USES."""
  return jax.random.fold_in(jax.random.key(seed), USES.index(use))


def _networks(config: Config, key: Array) -> tuple[Any, video.FrameNet]:
  first, second = jax.random.split(key)
  net = video.frame_embedding(second,
                              config.size,
                              stacked=config.stacked,
                              filters=config.filters,
                              num_quantities=config.num_quantities)
  return video.svg(first, config.svg), net


def initial(config: Config, seed: int, brightness: Array) -> MetaParams:
  """Untrained parameters of f and g.

  Args:
    config: the settings.
    seed: of the random numbers.
    brightness: `[C]` in (0, 1), where predictions begin if `start_at_mean`.

  Returns:
    `MetaParams`.
  """
  svg, net = _networks(config, stream(seed, "initial"))
  factor = jnp.zeros((), jnp.float32) if config.learn_inner_rate else None
  if config.start_at_mean:
    last = svg.params["weights"]["decoder"]["last"]
    last["bias"] = jax.scipy.special.logit(brightness).astype(jnp.float32)
    last["kernel"] = last["kernel"] / 10
  return MetaParams(svg.params, net.params, factor)


def make(config: Config) -> Model:
  """The functions of a run.

  Args:
    config: the settings.

  Returns:
    A `Model`.
  """
  svg, net = _networks(config, jax.random.key(0))
  noise = lambda key: video.draw_noise(key, config.length, config.latent_size)

  def forced(theta: Any, x: Query, key: Array) -> video.Video:
    return svg.teacher_forced(theta,
                              x["frames"],
                              noise(key),
                              num_past=config.past,
                              actions=x.get("actions"))

  def free(theta: Any, x: Query, key: Array) -> video.Video:
    return svg.generated(theta,
                         x["frames"][:config.past],
                         noise(key),
                         num_past=config.past,
                         actions=x.get("actions"),
                         unroll=jax.default_backend() == "cpu")

  return Model(forced, free, net)


def tailored(config: Config, model: Model,
             predict: Callable[..., video.Video]) -> Callable[..., Prediction]:
  """One of the model's predictions after an inner step on the modulation.

  Args:
    config: the settings.
    model: the model.
    predict: `model.forced` or `model.free`.

  Returns:
    `(params, x, key) -> Prediction`.
  """
  return functools.partial(video.tailored_video,
                           predict_fn=predict,
                           conserved_fn=model.net.apply,
                           optimizer=optax.sgd(config.inner_rate),
                           adapt=by_path(config.adapt))


def _task(config: Config) -> Callable[[video.Video, Array], Array]:
  return functools.partial(video.svg_loss, kl_weight=config.kl_weight)


def plain_loss(config: Config, model: Model) -> Loss:
  """SVG's own training loss of a batch; g does not take part."""
  task = _task(config)

  def loss(params: MetaParams, batch: Query,
           key: Array) -> tuple[Array, dict[str, Array]]:
    keys = jax.random.split(key, len(batch["frames"]))
    # No outer step changes the modulation, as in the Noether network.
    theta = video.restarted(params.predictor)
    one = lambda x, key: task(model.forced(theta, x, key), x["frames"])
    value = jnp.mean(jax.vmap(one)(batch, keys))
    return value, {"loss": value}

  return loss


def noether_loss(config: Config, model: Model) -> Callable[..., Any]:
  """The same loss after tailoring each sequence.

  Args:
    config: the settings.
    model: the model.

  Returns:
    `(params, batch, key, learns) -> (loss, metrics)`; `learns` is False for a g
    that stays as it is, a control for capacity: a value, so that both recipes
    are one compiled program.
  """
  function = tailored(config, model, model.forced)

  def loss(params: MetaParams, batch: Query, key: Array,
           learns: Array) -> tuple[Array, dict[str, Array]]:
    conserved = jax.tree.map(
        lambda leaf: jnp.where(learns, leaf, jax.lax.stop_gradient(leaf)),
        params.conserved)
    return meta_loss(params._replace(conserved=conserved),
                     (batch, batch["frames"]),
                     key,
                     tailored_fn=function,
                     task_loss_fn=_task(config))

  return loss


def optimizer(config: Config) -> optax.GradientTransformation:
  """Adam; the gradient of g is clipped."""
  clipped = optax.chain(optax.clip_by_global_norm(config.clip),
                        optax.adam(config.learning_rate))
  return optax.multi_transform(
      {
          "f": optax.adam(config.learning_rate),
          "g": clipped
      }, MetaParams("f", "g", "f" if config.learn_inner_rate else None))


class Advanced(NamedTuple):
  """A free prediction, and the modulation after one more inner step.

  Attributes:
    frames: `[T - P, H, W, C]`, with the modulation as it was.
    loss: `[]`, the inner loss at it.
    modulation: after the step; as it was if that was not finite.
    finite: bool `[]`, whether it was.
  """
  frames: Array
  loss: Array
  modulation: Any
  finite: Array


class Compiled(NamedTuple):
  """What a run compiles, once for all seeds and rows.

  Attributes:
    model: the functions.
    plain: `(state, batch, key) -> (state, metrics)`, an outer step of SVG.
    noether: `(state, batch, key, learns) -> (state, metrics)`, the same through
      the inner step; `learns` says whether g is trained.
    advance: `(params, modulations [B, ...], x [B, ...], keys [B]) ->
      Advanced`, leaves `[B, ...]`.
    values: `(phi, frames [B, T, H, W, C]) -> [B, N, K]`, of g.
  """
  model: Model
  plain: Callable[..., Any]
  noether: Callable[..., Any]
  advance: Callable[..., Any]
  values: Callable[..., Array]


def compiled(config: Config) -> Compiled:
  """The functions of a run, compiled when they are first called.

  Args:
    config: the settings.

  Returns:
    `Compiled`.
  """
  model = make(config)
  outer = optimizer(config)
  function = tailored(config, model, model.free)
  plain, noether = plain_loss(config, model), noether_loss(config, model)

  def plain_step(state: TrainState, batch: Query, key: Array) -> Any:
    return update(state, batch, key, loss_fn=plain, optimizer=outer)

  gradient = compiled_ahead(jax.grad(noether, has_aux=True))
  apply = jax.jit(functools.partial(apply_gradient, optimizer=outer))

  def noether_step(state: TrainState, batch: Query, key: Array,
                   learns: Array) -> Any:
    return apply(
        state,
        *microbatched_gradient(lambda p, b, k: gradient(p, b, k, learns),
                               state.params,
                               batch,
                               key,
                               size=config.part_size))

  def advance(params: MetaParams, modulation: Any, x: Query,
              key: Array) -> Advanced:
    predictor = {**params.predictor, "modulation": modulation}
    out = function(params._replace(predictor=predictor), x, key)
    after = tailored_params(predictor, out.adapted)["modulation"]
    return Advanced(out.initial.frames[config.past:], out.losses[0], after,
                    out.finite)

  each = jax.vmap(model.net.apply, in_axes=(None, 0))
  return Compiled(model, compiled_ahead(plain_step), noether_step,
                  compiled_ahead(jax.vmap(advance, in_axes=(None, 0, 0, 0))),
                  jax.jit(each))
