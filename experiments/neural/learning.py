"""How g is learned, with f or before it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from experiments.neural import quantities
from experiments.neural.study import Study
from noether_jax.learned import pretraining
from noether_jax.learned import quotients
from noether_jax.learned.augmentation import symmetric_copies

Array = jax.Array


def quotient(e: Study) -> Any:
  """g trained by Adam on the variance quotient of the states as observed.

  For K > 1 this quotient alone would accept g and g^2, so the alignment
  quotient is added.
  """

  def rank(phi: Any, states: Array, derivatives: Array) -> Array:
    spread = jnp.std(states.reshape(-1, states.shape[-1]), axis=0)
    return quotients.alignment_quotient(e.conserved_fn,
                                        phi,
                                        states,
                                        derivatives,
                                        scale=spread,
                                        slow=0.05)

  def loss(params: Any, data: Any) -> Array:
    value = quotients.variance_quotient(e.conserved_fn, params["g"], data[0])
    return value if e.num_quantities == 1 else value + rank(params["g"], *data)

  return e.train("quotient g", loss, {"g": e.untrained},
                 (e.data.states, e.data.derivatives), e.config.quotient_steps,
                 optax.adam(e.config.conserved_learning_rate))["g"]


def joint(e: Study,
          name: str,
          phi: Any,
          *,
          conserved_fn: Callable[..., Array] | None = None,
          sgd: float | None = None) -> Any:
  """f and g trained together through the inner step, from the vanilla f.

  Args:
    e: the study.
    name: of the stage.
    phi: where g begins.
    conserved_fn: g, if it is not the study's.
    sgd: see `Study.tailored`.

  Returns:
    `{"f": ..., "g": ...}`, leaves `[S, ...]`.
  """
  function = e.conserved_fn if conserved_fn is None else conserved_fn
  field = e.tailored(function, sgd)
  both = lambda params, s: field((params["f"], params["g"], 1.0), s)
  return e.fine_tuned(name, both, {
      "f": e.vanilla,
      "g": phi
  }, e.pairs(e.data.states))


def through_frozen(e: Study, name: str, phi: Any) -> Any:
  """f trained through the Gauss-Newton step of a g that stays as it is."""
  field = e.tailored(e.conserved_fn)
  one = lambda params, s, phi: field((params["f"], phi, 1.0), s)
  return e.fine_tuned(name, one, {"f": e.vanilla},
                      (*e.pairs(e.data.states), phi))["f"]


def precise(e: Study) -> Any:
  """g by `pretraining.pretrain` on the denoised states.

  Returns:
    Parameters in float32, leaves `[S, ...]`.
  """
  several = int(e.num_quantities > 1)
  steps = e.config.fit_steps[several]

  symmetry = None
  if e.mechanical:
    symmetry = quantities.SYMMETRIES.get(e.system.name)

  def one(arguments: Any) -> Any:
    starts, states, derivatives, seed = arguments
    if symmetry is not None:
      key = jax.random.fold_in(jax.random.key(seed), 1 + e.config.starts)
      states, derivatives = symmetric_copies(key, states, derivatives, symmetry,
                                             e.config.copies)
    learned = pretraining.pretrain(e.net,
                                   states,
                                   derivatives,
                                   num_steps=steps,
                                   starts=starts,
                                   keep=e.config.keep[several],
                                   trial_steps=e.config.trial_steps[several],
                                   gradient_penalty=e.config.gradient_penalty)
    return learned.params, learned.alignment_quotient, learned.variance_quotient

  # One seed after the other: the normal equations of all would not fit.
  run = jax.jit(lambda *a: jax.lax.map(one, a))

  def fitted(counts: dict[str, Any]) -> Any:
    params, alignment, variance = run(e.starts, e.denoised, e.data.derivatives,
                                      jnp.asarray(e.seeds))
    numbers = lambda values: [float(f"{v:.4g}") for v in values]
    counts.update(steps=steps,
                  alignment_quotient=numbers(alignment),
                  variance_quotient=numbers(variance))
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params)

  return e.kept("precise g", fitted, e.untrained)
