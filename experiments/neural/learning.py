"""How g is learned, with f or before it, and how much it is trusted."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.neural import quantities
from experiments.neural.study import Study
from noether_jax import pretraining
from noether_jax import quotients
from noether_jax import safety
from noether_jax.augmentation import symmetric_copies

Array = jax.Array


def quotient(e: Study) -> Any:
  """g trained by Adam on the variance quotient of the states as observed.

  For K > 1 that alone is content with g and g^2; the rate quotient is added.
  """

  def rank(phi: Any, states: Array, rates: Array) -> Array:
    spread = jnp.std(states.reshape(-1, states.shape[-1]), axis=0)
    return quotients.rate_quotient(e.conserved_fn,
                                   phi,
                                   states,
                                   rates,
                                   scale=spread,
                                   slow=0.05)

  def loss(params: Any, data: Any) -> Array:
    value = quotients.variance_quotient(e.conserved_fn, params["g"], data[0])
    return value if e.num_quantities == 1 else value + rank(params["g"], *data)

  return e.train("quotient g", loss, {"g": e.untrained},
                 (e.data.states, e.data.rates), e.config.quotient_steps,
                 optax.adam(e.config.conserved_rate))["g"]


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
  """g by `pretraining.pretrain` on the aligned states.

  Returns:
    Parameters in float32, leaves `[S, ...]`.
  """
  several = int(e.num_quantities > 1)
  steps = e.config.fit_steps[several]

  symmetry = None
  if e.mechanical:
    symmetry = quantities.SYMMETRIES.get(e.system.name)

  def one(arguments: Any) -> Any:
    starts, states, rates, seed = arguments
    if symmetry is not None:
      key = jax.random.fold_in(jax.random.key(seed), 1 + e.config.starts)
      states, rates = symmetric_copies(key, states, rates, symmetry,
                                       e.config.copies)
    learned = pretraining.pretrain(e.net,
                                   states,
                                   rates,
                                   num_steps=steps,
                                   starts=starts,
                                   keep=e.config.keep[several],
                                   trial_steps=e.config.trial_steps[several],
                                   gradient_penalty=e.config.gradient_penalty)
    return learned.params, learned.rate_quotient, learned.variance_quotient

  # One seed after the other: the normal equations of all would not fit.
  run = jax.jit(lambda *a: jax.lax.map(one, a))

  def fitted(counts: dict[str, Any]) -> Any:
    params, rate, variance = run(e.starts, e.aligned, e.data.rates,
                                 jnp.asarray(e.seeds))
    numbers = lambda values: [float(f"{v:.4g}") for v in values]
    counts.update(steps=steps,
                  rate_quotient=numbers(rate),
                  variance_quotient=numbers(variance))
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params)

  return e.kept("precise g", fitted, e.untrained)


class Trust(NamedTuple):
  """What the safety rule decided for each seed.

  Attributes:
    theta: f's parameters: the control's, or those of aligned states.
    fraction: `[S]` of the Gauss-Newton step; 0 is no tailoring.
    guard: bool `[S]`, whether to tailor only where states have been seen.
    choices: S numbers of a candidate: 0 is the control as it is, c > 0 is the f
      of aligned states with `fractions[c - 1]`.
    gains: S expected gains, as mean logarithms of the errors' ratio.
  """
  theta: Any
  fraction: Array
  guard: Array
  choices: list[int]
  gains: list[float]


def fold_studies(e: Study) -> tuple[np.ndarray, list[Study]]:
  """Who is held out, bool `[F, N]`, and the study without them."""
  masks = safety.folds(e.data.states.shape[1], e.config.folds)
  return masks, [
      e.without(mask, f"fold {i + 1} of {len(masks)}")
      for i, mask in enumerate(masks)
  ]


def disagreement(e: Study, first: Study, second: Study) -> list[float]:
  """Angle in degrees between the gradients of two folds' g, by seed.

  The median over the training states; it needs no known law.
  """
  flat = e.aligned.reshape(len(e.seeds), -1, e.data.smooth.shape[-1])[:, ::7]

  @jax.jit
  @jax.vmap
  def angle(one: Any, other: Any, states: Array) -> Array:
    spread = jnp.std(states, axis=0)[None, None]
    slopes = [
        spread *
        jax.vmap(jax.jacobian(lambda x, p=phi: e.conserved_fn(p, x)))(states)
        for phi in (one, other)
    ]
    return jnp.median(quotients.principal_angles(*slopes))

  angles = angle(precise(first), precise(second), flat)
  return [float(f"{a:.4g}") for a in angles]


def _errors(e: Study, own: Study, mask: np.ndarray, guard: bool) -> Array:
  """Errors `[S, C, H]` of a fold's predictors on the H trajectories it lacks.

  Of a trajectory it is the geometric mean of two: the RMSE of the rollout from
  its start, and that of the rates at its states, which shows an imprecise
  gradient sooner. Neither f nor g has seen it; only its shift is that which all
  trajectories together have found, the same for all candidates.
  """
  field = own.guarded()

  def one(params: Any, fraction: Array, states: Array, rates: Array) -> Array:
    tailored = lambda x: field((*params[:2], fraction, params[2], guard), x)
    out = own.rolled(tailored, states[0], len(states) - 1)
    squares = [
        jnp.mean((out - states[1:])**2),
        jnp.mean((jax.vmap(tailored)(states) - rates)**2)
    ]
    return jnp.nan_to_num((squares[0] * squares[1])**0.25, nan=jnp.inf)

  error = jax.jit(
      jax.vmap(jax.vmap(one, in_axes=(None, None, 0, 0)),
               in_axes=(0, None, 0, 0)))
  candidates = [(own.control, 0.0)] + [
      (own.aligned_control, fraction) for fraction in e.config.fractions
  ]
  phi = precise(own)
  states, rates = e.aligned[:, mask], e.data.rates[:, mask]
  return jnp.stack([
      error((theta, phi, own.region), jnp.float32(fraction), states, rates)
      for theta, fraction in candidates
  ],
                   axis=1)


def _chosen(guarded: Array, everywhere: Array) -> tuple[Array, Array, Array]:
  """A seed's candidate, whether it is guarded, and its gain over the control.

  Held-out trajectories do not show what happens beyond the data. So tailoring
  everywhere must be surely better than the best that is guarded.

  Args:
    guarded: `[C, N]`, errors of candidates that tailor near known states.
    everywhere: the same of those that tailor everywhere.
  """
  first = safety.choose(guarded)
  errors = jnp.concatenate([guarded[first.candidate][None], everywhere[2:]])
  second = safety.choose(errors)
  more = second.candidate > 0
  candidate = jnp.where(more, second.candidate + 1, first.candidate)
  gain = first.gains[first.candidate] + jnp.where(
      more, second.gains[second.candidate], 0.0)
  return candidate, ~more, gain


def trust(e: Study) -> Trust:
  """Chooses f and the strength of the tailoring on held-out trajectories."""

  def judge() -> Any:
    masks, studies = fold_studies(e)
    both = [
        jnp.concatenate(
            [_errors(e, own, mask, guard) for own, mask in zip(studies, masks)],
            axis=2) for guard in (True, False)
    ]
    with e.stages.stage("safety rule") as counts:
      choices, guards, gains = (np.asarray(v) for v in jax.vmap(_chosen)(*both))
      found = {
          "choices": choices.tolist(),
          "guards": guards.tolist(),
          "gains": gains.round(4).tolist()
      }
      counts.update(found, disagreement=disagreement(e, studies[0], studies[1]))
    return found

  found = e.stages.noted("safety", judge)
  choices = np.asarray(found["choices"])
  fractions = np.asarray((0.0, *e.config.fractions), np.float32)
  pick = lambda plain, aligned: jnp.where((choices > 0).reshape(
      (-1,) + (1,) * (np.ndim(plain) - 1)), aligned, plain)
  return Trust(jax.tree.map(pick, e.control, e.aligned_control),
               jnp.asarray(fractions[choices]), jnp.asarray(found["guards"]),
               found["choices"], found["gains"])
