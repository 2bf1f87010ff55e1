"""Further recipes, tried against the final one; measured with --ideas."""

from collections.abc import Callable
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.neural import judging
from experiments.neural import learning
from experiments.neural import rows
from experiments.neural.study import Study
from experiments.neural.study import TailoredField

Array = jax.Array
HORIZON = 4
PENALTIES = (1e-2, 1e-4, 1e-6)


def _other(e: Study, name: str, **changes: Any) -> TailoredField:
  """The same recipe with other settings of g."""
  other = e.varied(name, **changes)
  return rows.tailored(e,
                       e.denoised_control,
                       learning.precise(other),
                       conserved_fn=other.conserved_fn)


def _general(e: Study) -> TailoredField:
  """A g without knowledge of momenta and without symmetric copies."""
  return rows.tailored(e.general, e.denoised_control,
                       learning.precise(e.general))


def _members(e: Study) -> Any:
  """g and the folds' g, mixed linearly to resemble it; leaves `[S, M, ...]`.

  Quantities that read different features are scaled only.
  """
  whole = learning.precise(e)
  studies = judging.fold_studies(e)[1]
  flat = e.denoised.reshape(len(e.seeds), -1, e.denoised.shape[-1])
  values = jax.jit(
      jax.vmap(lambda phi, s: jax.vmap(lambda x: e.conserved_fn(phi, x))(s)))
  centred = lambda phi: np.asarray(
      (v := values(phi, flat)) - jnp.mean(v, 1, keepdims=True), np.float64)
  target = centred(whole)
  members = [whole]
  for study in studies:
    phi = learning.precise(study)
    mix = []
    for own, wanted in zip(centred(phi), target):
      if e.net.mask is None:
        mix.append(np.linalg.lstsq(own, wanted, rcond=None)[0])
      else:
        mix.append(np.diag(np.sum(own * wanted, 0) / np.sum(own * own, 0)))
    turned = jnp.einsum("shk,skl->shl", jnp.asarray(phi["readout"]),
                        jnp.asarray(np.stack(mix), jnp.float32))
    members.append({**phi, "readout": turned})
  return jax.tree.map(lambda *leaves: jnp.stack(leaves, 1), *members)


def _mean(e: Study, phis: Any, x: Array) -> Array:
  """`[K]`, the mean of the members, so that their gradients are averaged."""
  return jnp.mean(jax.vmap(lambda phi: e.conserved_fn(phi, x))(phis), axis=0)


def _ensemble(e: Study) -> TailoredField:
  return rows.tailored(e,
                       e.denoised_control,
                       _members(e),
                       conserved_fn=functools.partial(_mean, e))


def _damped(e: Study) -> TailoredField:
  """The ensemble, a state's step damped where its members disagree.

  A member m finds the change r_m = grad g_m . f per time. The step is
  multiplied by mean(r)^2 / (mean(r)^2 + var(r)), the Wiener filter of a signal
  in noise.
  """
  mean = functools.partial(_mean, e)
  inner = e.tailored(mean)

  def field(params: Any, x: Array) -> Array:
    theta, phis = params
    velocity = e.apply(theta, x)
    change = lambda phi: jax.jvp(lambda s: e.conserved_fn(phi, s), (x,),
                                 (velocity,))[1]
    changes = jax.vmap(change)(phis)
    signal = jnp.sum(jnp.mean(changes, 0)**2)
    share = signal / (signal + jnp.sum(jnp.var(changes, 0)) + 1e-30)
    return inner((theta, phis, share), x)

  phis = _members(e)
  return TailoredField(field, (e.denoised_control, phis), mean, phis)


def _multi_step(e: Study, name: str, field: Callable[..., Array],
                start: Any) -> Any:
  """Trained further on rollouts of HORIZON steps along the denoised states."""
  length = e.denoised.shape[2]
  places = np.arange(0, length - HORIZON, HORIZON)
  index = places[:, None] + np.arange(HORIZON + 1)
  windows = e.denoised[:, :, index]
  windows = windows.reshape(len(e.seeds), -1, *windows.shape[3:])

  def loss(params: Any, data: Array) -> Array:
    roll = lambda w: e.rolled(lambda x: field(params, x), w[0], HORIZON)
    return jnp.mean((jax.vmap(roll)(data) - data[:, 1:])**2) / e.data.dt**2

  steps = e.config.rollout_steps
  return e.train(name, loss, start, windows, steps,
                 e.cosine(steps, share=e.config.rollout_share))


def _multi_step_alone(e: Study) -> TailoredField:
  alone = _multi_step(e, "rollout loss, f alone",
                      lambda params, x: e.apply(params["f"], x),
                      {"f": e.denoised_control})
  return TailoredField(e.apply, alone["f"])


def _multi_step_joint(e: Study) -> TailoredField:
  inner = e.tailored(e.conserved_fn)
  both = _multi_step(
      e, "rollout loss, f and g", lambda params, x: inner(
          (params["f"], params["g"], 1.0), x), {
              "f": e.denoised_control,
              "g": learning.precise(e)
          })
  return rows.tailored(e, both["f"], both["g"])


def _distilled(e: Study) -> TailoredField:
  """The formula that is conserved along the tailored predictor's own paths."""
  own = rows.ROWS["precise g, denoised states"](e)
  starts = e.denoised[:, :, 0]
  paths = e.roller(own.field, e.denoised.shape[2] - 1)(own.params, starts)
  paths = np.concatenate([starts[:, :, None], paths], axis=2)
  return rows.with_formulas(e, e.denoised_control, paths, "distillation")


IDEAS: dict[str, Callable[[Study], TailoredField]] = {
    "general g, denoised states": _general,
    "sine g, denoised states": lambda e: _other(e, "sine", activation="sin"),
    **{
        f"g, gradient penalty {weight:g}, denoised states":
            functools.partial(_other,
                              name=f"gradient penalty {weight:g}",
                              gradient_penalty=weight) for weight in PENALTIES
    },
    "ensemble of g, denoised states": _ensemble,
    "ensemble of g, damped, denoised states": _damped,
    "rollout loss, f alone": _multi_step_alone,
    "rollout loss, f and g": _multi_step_joint,
    "distilled formula, denoised states": _distilled,
}
