"""How much a learned g is trusted, judged on trajectories held out for it."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.neural import learning
from experiments.neural.study import Study
from noether_jax.learned import quotients
from noether_jax.learned import safety

Array = jax.Array
KINDS = ("control beyond", "same f beyond", "everywhere")


class Trust(NamedTuple):
  """What the safety rule decided for each seed; see `fields.guarded`.

  Attributes:
    theta: f's parameters: the control's, or those of denoised states.
    fraction: `[S]` of the Gauss-Newton step; 0 is no tailoring.
    fallback: f's parameters where no states have been seen.
    guard: bool `[S]`, whether that counts, or theta is tailored everywhere.
  """
  theta: Any
  fraction: Array
  fallback: Any
  guard: Array


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
  flat = e.denoised.reshape(len(e.seeds), -1, e.data.smooth.shape[-1])[:, ::7]

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

  angles = angle(learning.precise(first), learning.precise(second), flat)
  return [float(f"{a:.4g}") for a in angles]


def _candidates(own: Study, kind: str) -> list[Any]:
  """What the safety rule chooses from: parameters of `own.guarded()`.

  First the control, then the f of denoised states with each of `fractions`.
  """
  phi, ones = learning.precise(own), own.ones()

  def whole(theta: Any, fraction: float) -> Any:
    beyond = theta if kind == "same f beyond" else own.control
    guard = jnp.full(len(own.seeds), kind != "everywhere")
    return theta, phi, fraction * ones, beyond, own.region, guard

  return [whole(own.control, 0.0)] + [
      whole(own.denoised_control, fraction) for fraction in own.config.fractions
  ]


class _Fold(NamedTuple):
  """What a fold's candidates do, by their kind.

  Attributes:
    errors: `[S, C, H]` of each kind, on the H trajectories it lacks.
    paths: C times `[S, N, T', D]` of each, from the starts of all trajectories,
      `stretch` times as long.
  """
  errors: list[Array]
  paths: list[list[Array]]


def _kinds(e: Study) -> tuple[str, ...]:
  """The KINDS that this many trajectories can show to be harmless."""
  enough = e.data.states.shape[1] >= e.config.everywhere_from
  return KINDS if enough else KINDS[:2]


def _fold(e: Study, own: Study, mask: np.ndarray) -> _Fold:
  """Errors and long rollouts; what is compiled serves all candidates.

  A trajectory's error is the geometric mean of two: the RMSE of the rollout
  from its start, and that of the derivatives at its states, which shows an
  imprecise gradient sooner. Neither f nor g has seen this trajectory. Only its
  shift was found from all trajectories together; all candidates share it.
  """
  field = own.guarded()

  def one(params: Any, states: Array, derivatives: Array) -> Array:
    tailored = lambda x: field(params, x)
    out = own.rolled(tailored, states[0], len(states) - 1)
    squares = [
        jnp.mean((out - states[1:])**2),
        jnp.mean((jax.vmap(tailored)(states) - derivatives)**2)
    ]
    return jnp.nan_to_num((squares[0] * squares[1])**0.25, nan=jnp.inf)

  error = jax.jit(jax.vmap(jax.vmap(one, in_axes=(None, 0, 0))))
  roll = own.roller(field, e.config.stretch * (e.denoised.shape[2] - 1))
  held_out = e.denoised[:, mask], e.data.derivatives[:, mask]
  every = [_candidates(own, kind) for kind in _kinds(e)]
  return _Fold(
      [jnp.stack([error(c, *held_out) for c in some], 1) for some in every],
      [[roll(c, e.denoised[:, :, 0]) for c in some] for some in every])


def _spreads(paths: list[list[Array]]) -> Array:
  """How far the folds' long rollouts lie apart, `[S, C, N]`."""
  spread = lambda same: jnp.sqrt(
      jnp.mean(jnp.var(jnp.stack(same), axis=0), (2, 3)))
  return jnp.stack([spread(same) for same in zip(*paths)], axis=1)


class _Judged(NamedTuple):
  """Errors of one of KINDS; infinite where folds do not surely agree.

  Attributes:
    held_out: `[S, C, N]`, of held-out trajectories.
    beyond: the same, the geometric mean with the spread of long rollouts.
  """
  held_out: Array
  beyond: Array


def _judged(folds: list[_Fold], masks: np.ndarray, kind: int) -> _Judged:
  """What the safety rule compares, of KINDS[kind]."""
  errors = jnp.concatenate([fold.errors[kind] for fold in folds], axis=2)
  spreads = _spreads([fold.paths[kind] for fold in folds])
  order = np.concatenate([np.flatnonzero(mask) for mask in masks])
  allowed = jax.vmap(safety.agreeing)(spreads)[..., None]
  beyond = jnp.cbrt(errors**2 * spreads[:, :, order])
  return _Judged(jnp.where(allowed, errors, jnp.inf),
                 jnp.where(allowed, beyond, jnp.inf))


def _chosen(judged: tuple[_Judged, ...]) -> tuple[Array, Array, Array]:
  """A seed's candidate, its number in KINDS, and its gain over the control.

  Neither held-out trajectories nor rollouts from known starts show all that
  happens beyond the data. So if the first of KINDS is not surely better than
  the control, nothing is done; each further one must be surely better than the
  best before it, tailoring everywhere on held-out trajectories alone.

  Args:
    judged: of each of KINDS, leaves `[C, N]`; of the last only where there are
      enough trajectories, see `_kinds`.
  """
  near, same, *rest = judged
  first = safety.choose(near.beyond).candidate
  second = safety.choose(
      jnp.concatenate([near.beyond[first][None], same.beyond[1:]])).candidate
  guarded = jnp.concatenate([near.held_out, same.held_out[1:]])
  best = guarded[jnp.argmax(safety.choose(guarded).gains)]
  # Nothing is surely better than the best where it is not compared.
  third = safety.choose(
      jnp.concatenate([best[None],
                       *(one.held_out[2:] for one in rest)])).candidate
  kind = jnp.where(first > 0, jnp.where(third > 0, 2, second > 0), 0)
  candidate = jnp.stack([first, second, third + 1])[kind]
  gains = [safety.choose(one.beyond).gains[candidate] for one in judged]
  return candidate, kind, jnp.stack(gains)[kind]


def trust(e: Study) -> Trust:
  """Chooses f and the strength of the tailoring on held-out trajectories."""

  def judge() -> Any:
    masks, studies = fold_studies(e)
    folds = [_fold(e, own, mask) for own, mask in zip(studies, masks)]
    judged = tuple(_judged(folds, masks, i) for i in range(len(_kinds(e))))
    with e.stages.stage("safety rule") as counts:
      choices, kinds, gains = (np.asarray(v) for v in jax.vmap(_chosen)(judged))
      found = {
          "choices": choices.tolist(),
          "kinds": [KINDS[i] for i in kinds],
          "gains": gains.round(4).tolist()
      }
      counts.update(found, disagreement=disagreement(e, studies[0], studies[1]))
    return found

  found = e.stages.noted("safety", judge)
  choices = np.asarray(found["choices"])
  fractions = np.asarray((0.0, *e.config.fractions), np.float32)
  same = np.asarray([kind == "same f beyond" for kind in found["kinds"]])

  def picked(own: np.ndarray) -> Any:
    pick = lambda plain, denoised: jnp.where(
        own.reshape((-1,) + (1,) * (np.ndim(plain) - 1)), denoised, plain)
    return jax.tree.map(pick, e.control, e.denoised_control)

  return Trust(picked(choices > 0), jnp.asarray(fractions[choices]),
               picked(same),
               jnp.asarray([kind != "everywhere" for kind in found["kinds"]]))
