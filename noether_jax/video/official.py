"""Convert the authors' checkpoints to this library's names and layouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import re
from typing import Any, NamedTuple

import jax
import numpy as np

from noether_jax.types import Params
from noether_jax.video.backbones import architecture
from noether_jax.video.embedding import frame_embedding
from noether_jax.video.generation import SVGConfig
from noether_jax.video.model import svg

State = Mapping[str, np.ndarray]


class Imported(NamedTuple):
  """A converted checkpoint.

  Attributes:
    config: sizes of the model, read off the shapes.
    predictor: parameters for `video.svg` of that configuration; the
      modulation is at the identity.
    embedding: parameters for `video.frame_embedding`, None without one.
    stacked: frames that the embedding sees at once.
    unused: names in the checkpoint that mean nothing here, such as those of the
      modulation, which restarts from the identity for every query.
  """
  config: SVGConfig
  predictor: Params
  embedding: Params | None
  stacked: int
  unused: tuple[str, ...]


class _Source(NamedTuple):
  """The source of one parameter.

  Attributes:
    names: in the checkpoint; several are added.
    turn: their layout to ours.
  """
  names: tuple[str, ...]
  turn: Callable[[np.ndarray], np.ndarray] = lambda value: value


def _convolution(value: np.ndarray) -> np.ndarray:
  """Map torch's [out, in, h, w] to [h, w, in, out]."""
  return value.transpose(2, 3, 1, 0)


def _transposed(value: np.ndarray) -> np.ndarray:
  """Map a transposed convolution's [in, out, h, w] to the equal convolution."""
  return value[:, :, ::-1, ::-1].transpose(2, 3, 0, 1)


def _unfolding(value: np.ndarray) -> np.ndarray:
  """Map [in, out, h, w] to `FromVector`'s [in, h, w, out]."""
  return value.transpose(0, 2, 3, 1)


def _flat_image(channels: int) -> Callable[[np.ndarray], np.ndarray]:
  """Reorder a linear map of [C, H, W] to one of [H, W, C], as `[in, out]`."""

  def turn(value: np.ndarray) -> np.ndarray:
    side = round((value.shape[1] / channels)**0.5)
    image = value.reshape(len(value), channels, side, side)
    return image.transpose(2, 3, 1, 0).reshape(-1, len(value))

  return turn


def _layer(path: str, name: str,
           kernel: Callable[[np.ndarray], np.ndarray]) -> dict[str, _Source]:
  """Return the sources of a layer without a norm."""
  return {
      f"{path}/kernel": _Source((f"{name}.weight",), kernel),
      f"{path}/bias": _Source((f"{name}.bias",))
  }


def _normed(path: str, name: str,
            kernel: Callable[[np.ndarray], np.ndarray]) -> dict[str, _Source]:
  """Return the sources of a layer and its norm, 0 and 1 in the checkpoint."""
  return _layer(f"{path}/layer", f"{name}.0", kernel) | {
      f"{path}/norm/norm/scale": _Source((f"{name}.1.weight",)),
      f"{path}/norm/norm/bias": _Source((f"{name}.1.bias",))
  }


def _frames(config: SVGConfig) -> dict[str, _Source]:
  """Return the sources of encoder and decoder."""
  shape = architecture(config.backbone)
  out: dict[str, _Source] = {}
  count = len(shape.blocks)
  for i, block in enumerate(shape.blocks):
    for j in range(len(block)):
      name = f"encoder.c{i + 1}" + ("" if shape.strided else f".{j}")
      out |= _normed(f"encoder/blocks/{i}/layers/{j}", f"{name}.main",
                     _convolution)
  out |= _normed("encoder/last", f"encoder.c{count + 1}", _convolution)
  out |= _normed("decoder/first", "decoder.upc1", _unfolding)
  if shape.strided:
    for i in range(count - 1):
      out |= _normed(f"decoder/blocks/{i}", f"decoder.upc{i + 2}.main",
                     _transposed)
    return out | _layer("decoder/last", f"decoder.upc{count + 1}.0",
                        _transposed)
  for i, block in enumerate(shape.blocks[::-1]):
    length = len(block) - (i == count - 1)
    for j in range(length):
      out |= _normed(f"decoder/blocks/{i}/layers/{j}",
                     f"decoder.upc{i + 2}.{j}.main", _convolution)
  return out | _layer("decoder/last", f"decoder.upc{count + 1}.{length}",
                      _transposed)


def _recurrent(config: SVGConfig) -> dict[str, _Source]:
  """Return the sources of predictor, prior and posterior."""
  out: dict[str, _Source] = {}
  for path, name, layers in (("predictor", "frame_predictor",
                              config.predictor_layers), ("prior", "prior",
                                                         config.prior_layers),
                             ("posterior", "posterior", config.prior_layers)):
    out |= _layer(f"{path}/embed", f"{name}.embed", np.transpose)
    for k in range(layers):
      cell, lstm = f"{path}/cells/{k}", f"{name}.lstm.{k}"
      out |= {
          f"{cell}/dense_i/kernel":
              _Source((f"{lstm}.weight_ih",), np.transpose),
          f"{cell}/dense_h/kernel":
              _Source((f"{lstm}.weight_hh",), np.transpose),
          f"{cell}/dense_h/bias":
              _Source((f"{lstm}.bias_ih", f"{lstm}.bias_hh")),
      }
    if path == "predictor":
      out |= _layer("predictor/output", f"{name}.output.0", np.transpose)
    else:
      out |= _layer(f"{path}/mean", f"{name}.mu_net", np.transpose)
      out |= _layer(f"{path}/log_variance", f"{name}.logvar_net", np.transpose)
  return out


def _embedding(state: State) -> dict[str, _Source]:
  out: dict[str, _Source] = {}
  for i in range(_count(state, r"emb\.layer(\d+)\.0\.weight")):
    out |= _layer(f"convolutions/{i}", f"emb.layer{i + 1}.0", _convolution)
  channels = state[f"emb.layer{i + 1}.0.weight"].shape[0]
  return out | _layer("output", "emb.fc1", _flat_image(channels))


def _count(state: State, pattern: str) -> int:
  return len({m[1] for name in state if (m := re.fullmatch(pattern, name))})


def _shape(state: State, name: str) -> tuple[int, ...]:
  if name not in state:
    raise ValueError(f"the checkpoint has no {name!r}: is it one of SVG with "
                     "the authors' names?")
  return tuple(np.shape(state[name]))


def _config(state: State) -> SVGConfig:
  """Read the sizes off the shapes."""
  statistics = [name for name in state if name.endswith(".running_mean")]
  if statistics:
    raise ValueError(f"{statistics[0]!r} is of a batch norm, which depends on "
                     "other examples: only per-example norms can be imported.")
  strided = "encoder.c1.main.0.weight" in state
  block = "encoder.c1" if strided else "encoder.c1.0"
  channels = _shape(state, f"{block}.main.0.weight")[1]
  stages = _count(state, r"encoder\.c(\d+)\..*")
  latent, hidden = _shape(state, "prior.mu_net.weight")
  code = _shape(state, f"encoder.c{stages}.0.weight")[0]
  known = {5: "dcgan_64"} if strided else {5: "vgg_64", 6: "vgg_128"}
  if stages not in known:
    raise ValueError(f"no such encoder of {stages} stages is known: "
                     f"{', '.join(known.values())} are.")
  if _shape(state, "frame_predictor.embed.weight")[1] != code + latent:
    raise ValueError("'frame_predictor.embed.weight' must take a code and a "
                     f"latent: {code} + {latent} numbers.")
  return SVGConfig(backbone=known[stages],
                   channels=channels,
                   code_size=code,
                   latent_size=latent,
                   hidden=hidden,
                   predictor_layers=_count(state,
                                           r"frame_predictor\.lstm\.(\d+)\..*"),
                   prior_layers=_count(state, r"prior\.lstm\.(\d+)\..*"))


def _filled(like: Params, sources: dict[str, _Source], state: State) -> Params:
  """Return a tree like `like`, each leaf from the checkpoint."""

  def leaf(path: Any, old: Any) -> np.ndarray:
    source = sources[jax.tree_util.keystr(path, simple=True, separator="/")]
    for name in source.names:
      _shape(state, name)
    value = source.turn(
        np.sum([np.asarray(state[name]) for name in source.names], axis=0))
    if value.shape != old.shape:
      raise ValueError(f"{source.names[0]!r} has shape "
                       f"{_shape(state, source.names[0])}, which becomes "
                       f"{value.shape}: {old.shape} is needed.")
    return np.ascontiguousarray(value, dtype=old.dtype)

  return jax.tree_util.tree_map_with_path(leaf, like)


def import_svg(state: State) -> Imported:
  """Convert parameters of the authors' video model.

  Args:
    state: name -> array, names and layouts as in their PyTorch modules
      `encoder`, `decoder`, `frame_predictor`, `prior`, `posterior` and `emb`:
      `{f"encoder.{k}": v.numpy() for k, v in encoder.state_dict().items()}`.

  Returns:
    `Imported`.

  Raises:
    ValueError: if a name is missing, a shape does not fit, or the model has
      batch norms.

  Reference:
    Alet et al., Noether Networks, NeurIPS 2021, published code.
  """
  config = _config(state)
  sources = _frames(config) | _recurrent(config)
  model = svg(jax.random.key(0), config)
  predictor = {
      "modulation": model.params["modulation"],
      "weights": _filled(model.params["weights"], sources, state)
  }
  used = {name for source in sources.values() for name in source.names}
  embedding, stacked = None, 0
  if "emb.layer1.0.weight" in state:
    own = _embedding(state)
    stacked = _shape(state, "emb.layer1.0.weight")[1] // config.channels
    filters = [
        _shape(state, f"emb.layer{i + 1}.0.weight")[0]
        for i in range(_count(state, r"emb\.layer(\d+)\.0\.weight"))
    ]
    like = frame_embedding(jax.random.key(0),
                           architecture(config.backbone).size,
                           channels=config.channels,
                           stacked=stacked,
                           filters=filters,
                           num_quantities=_shape(state,
                                                 "emb.fc1.weight")[0]).params
    embedding = _filled(like, own, state)
    used |= {name for source in own.values() for name in source.names}
  return Imported(config, predictor, embedding, stacked,
                  tuple(sorted(set(state) - used)))
