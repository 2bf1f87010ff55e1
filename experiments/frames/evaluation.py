"""How good predicted frames are, frame by frame, and what g is."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats

from datasets.frames import optional
from experiments.frames.model import Compiled
from experiments.frames.probe import Probe
from experiments.frames.training import as_floats
from noether_jax.dynamics.metrics import psnr
from noether_jax.types import MetaParams
from noether_jax.video.attribution import principal_components

Array = jax.Array
BATCH = 8


class Predicted(NamedTuple):
  """Test sequences after k inner steps.

  Attributes:
    steps: k.
    frames: `[N, T - P, H, W, C]`, the predicted frames alone.
    loss: `[N]`, the inner loss at the weights that predicted them.
    finite: bool `[N]`, whether all of the steps were.
  """
  steps: int
  frames: np.ndarray
  loss: np.ndarray
  finite: np.ndarray


def _parts(count: int) -> list[np.ndarray]:
  """Indices of batches of one size, so that nothing is compiled twice."""
  padded = np.arange(-(-count // BATCH) * BATCH) % count
  return np.split(padded, len(padded) // BATCH)


def predictions(run: Compiled, params: MetaParams, data: dict[str, np.ndarray],
                wanted: Sequence[int], key: Array,
                past: int) -> Iterator[Predicted]:
  """Free predictions with weights tailored by more and more inner steps.

  One compiled inner step is called again and again: no graph is stored. A
  sequence's noise depends on the key and its number alone.

  Args:
    run: what is compiled.
    params: trained parameters.
    data: "frames", only the first of which are seen, and perhaps "actions".
    wanted: numbers of steps after which to predict.
    key: of the noise.
    past: given frames.

  Yields:
    A `Predicted` for each of them.
  """
  count = len(data["frames"])
  given = data | {"frames": data["frames"][:, :past]}
  parts = _parts(count)
  queries = [
      as_floats({
          name: v[part] for name, v in given.items()
      }) for part in parts
  ]
  keys = [
      jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.asarray(part))
      for part in parts
  ]
  start = jax.tree.map(
      lambda leaf: jnp.broadcast_to(leaf, (BATCH, *leaf.shape)),
      params.predictor["modulation"])
  state = [start] * len(parts)
  finite = [np.ones(BATCH, bool)] * len(parts)
  for step in range(max(wanted) + 1):
    out = []
    for i, (x, own) in enumerate(zip(queries, keys)):
      now = run.advance(params, state[i], x, own)
      if step in wanted:
        out.append((np.asarray(now.frames), np.asarray(now.loss), finite[i]))
      state[i], finite[i] = now.modulation, finite[i] & np.asarray(now.finite)
    if out:
      yield Predicted(step,
                      *(np.concatenate(both)[:count] for both in zip(*out)))


def values(run: Compiled, params: MetaParams, frames: np.ndarray) -> np.ndarray:
  """The values of g on sequences, in batches.

  Args:
    run: what is compiled.
    params: trained parameters.
    frames: `[N, T, H, W, C]` in [0, 1].

  Returns:
    `[N, windows, K]`.
  """
  out = [
      np.asarray(run.values(params.conserved, jnp.asarray(frames[part])))
      for part in _parts(len(frames))
  ]
  return np.concatenate(out)[:len(frames)]


def similarity(frames: np.ndarray, truth: np.ndarray) -> np.ndarray:
  """The structural similarity of each frame, as scikit-image defines it.

  Args:
    frames: `[..., H, W, C]` in [0, 1].
    truth: the same shape.

  Returns:
    `[...]`, 1 for equal frames.
  """
  shape = truth.shape[:-3]
  pairs = zip(frames.reshape(-1, *truth.shape[-3:]),
              truth.reshape(-1, *truth.shape[-3:]))
  structural_similarity = optional("skimage.metrics").structural_similarity
  window = min(7, truth.shape[-2] // 2 * 2 - 1)
  return np.array([
      structural_similarity(a,
                            b,
                            channel_axis=-1,
                            data_range=1.0,
                            win_size=window) for a, b in pairs
  ]).reshape(shape)


def measures(predicted: Predicted, truth: np.ndarray, reader: Probe | None,
             places: np.ndarray | None) -> dict[str, Any]:
  """Means over sequences, one number for each predicted frame.

  Args:
    predicted: the prediction.
    truth: `[N, T - P, H, W, C]` in [0, 1].
    reader: of the true state, or None.
    places: `[N, T - P, P]`, or None.

  Returns:
    Lists "mse", "psnr" (decibels), "ssim" and perhaps "probe"; the mean inner
    loss; of how many sequences an inner step was not finite.
  """
  error = np.mean((predicted.frames - truth)**2, axis=(2, 3, 4))
  mean = lambda values: _round(np.mean(values, axis=0))
  out = {
      "mse": mean(error),
      "psnr": mean(psnr(predicted.frames, truth, axis=(2, 3, 4))),
      "ssim": mean(similarity(predicted.frames, truth)),
      "inner_loss": float(f"{np.mean(predicted.loss):.6g}"),
      "non_finite": int(np.sum(~predicted.finite)),
  }
  if reader is not None and places is not None:
    out["probe"] = mean(reader.error(predicted.frames, places))
  return out


def _round(values: Any) -> list[float]:
  return [float(f"{v:.6g}") for v in values]


def quantity(run: Compiled,
             params: MetaParams,
             true: np.ndarray,
             predicted: np.ndarray,
             labels: dict[str, np.ndarray],
             count: int = 3) -> dict[str, Any]:
  """What g is, on test sequences.

  Args:
    run: what is compiled.
    params: trained parameters.
    true: `[N, T, H, W, C]` in [0, 1].
    predicted: the same sequences, the given frames and the predicted ones.
    labels: true quantities by name, `[N, T]` each.
    count: principal components that are looked at.

  Returns:
    "within_total", g's variance within true and within predicted sequences,
    both over its total variance on the true ones; "shares" of the components;
    for each label the components' absolute rank correlations with it, over all
    frames of all sequences.
  """
  said, of_predicted = (values(run, params, f) for f in (true, predicted))
  total = said.reshape(-1, said.shape[-1]).var(axis=0).sum() + 1e-30
  within = _round(
      v.var(axis=1).mean(axis=0).sum() / total for v in (said, of_predicted))
  flat = jnp.asarray(said.reshape(-1, said.shape[-1]))
  found = principal_components(flat, min(count, *flat.shape))
  scores = np.asarray(found.scores(flat))
  # A window is labelled by its last frame.
  lead = true.shape[1] - said.shape[1]

  def rank(score: np.ndarray, label: np.ndarray) -> float:
    ordered = label[:, lead:].ravel()
    if not np.ptp(score) or not np.ptp(ordered):
      return 0.0  # The correlation with a constant is not defined.
    return float(np.nan_to_num(abs(scipy.stats.spearmanr(score, ordered)[0])))

  return {
      "within_total": dict(zip(("true", "predicted"), within)),
      "shares": _round(found.shares),
      "correlations": {
          name: _round(rank(score, label) for score in scores.T)
          for name, label in labels.items()
      },
  }
