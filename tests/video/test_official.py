"""The authors' video model: layouts, and numbers that their code computed."""

import functools
import json

from flax import nnx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax import MetaParams
from noether_jax import tailored_predict
from noether_jax import video
from noether_jax.video import official
from noether_jax.video.convolutions import FromVector
from noether_jax.video.generation import Noise
from tests import paths

REFERENCE = paths.SHARED / "reference"
MODES = {"train": "teacher_forced", "eval": "generated"}


@functools.cache
def reference():
  numbers = json.loads((REFERENCE / "svg_vgg64.json").read_text())
  with np.load(REFERENCE / "svg_vgg64.npz") as arrays:
    return numbers, dict(arrays)


def official_state(make):
  """The authors' names, with arrays that `make(k, name, shape)` returns."""
  return {
      name: make(k, name, tuple(shape)).astype(np.float32)
      for k, (name, shape) in enumerate(reference()[0]["parameters"])
  }


def random_weights(k, name, shape):
  seed = reference()[0]["seed"] * 100000 + k
  values = np.random.RandomState(seed).standard_normal(shape)
  if len(shape) >= 2:
    return values * 1.2 / np.sqrt(np.prod(shape[1:]))
  return 1 + .1 * values if name.endswith("weight") else .1 * values


def by_example(array):
  """[T, B, C, H, W] or [T, B, Z] to [B, T, ...], channels last."""
  array = jnp.asarray(array).swapaxes(0, 1)
  return jnp.moveaxis(array, 2, -1) if array.ndim == 5 else array


def leaves(imported, predictor_weights, embedding):
  """(authors' names, leaf, imported leaf) of both trees."""
  state = reference_names()
  sources = [
      official._frames(imported.config) | official._recurrent(imported.config),
      official._embedding(state)
  ]
  trees = [(predictor_weights, imported.predictor["weights"], sources[0]),
           (embedding, imported.embedding, sources[1])]
  for tree, other, source in trees:
    pairs = zip(jax.tree_util.tree_leaves_with_path(tree),
                jax.tree.leaves(other))
    for (path, leaf), twin in pairs:
      key = jax.tree_util.keystr(path, simple=True, separator="/")
      yield source[key].names, np.asarray(leaf, np.float64), np.asarray(
          twin, np.float64)


@functools.cache
def reference_names():
  return {
      name: np.zeros(shape, np.float32)
      for name, shape in reference()[0]["parameters"]
  }


@pytest.mark.slow
@pytest.mark.skipif(not REFERENCE.exists(), reason="no reference numbers")
@pytest.mark.parametrize(
    "mode",
    ["train", pytest.param("eval", marks=pytest.mark.reference)])
def test_numbers_of_the_published_code(mode):
  """In float64: single rounding errors can flip a maximum in g's pooling."""
  numbers, arrays = reference()
  theirs = numbers[mode]
  imported = official.import_svg(official_state(random_weights))
  assert imported.unused == () and imported.stacked == 2
  own = video.svg(jax.random.key(0), imported.config)
  embedding = video.frame_embedding(jax.random.key(0), 64).apply
  tailored = functools.partial(
      tailored_predict,
      predict_fn=lambda p, x, key: getattr(own, MODES[mode])
      (p, *x, num_past=2, **({} if mode == "train" else {
          "unroll": True
      })),
      conserved_fn=embedding,
      optimizer=optax.sgd(numbers["inner_rate_per_example"]),
      adapt={
          "modulation": True,
          "weights": False
      },
      residual_fn=video.frame_residuals)

  def loss(params, frames, noise):
    out = jax.vmap(lambda *x: tailored(params, x, jax.random.key(0)))(frames,
                                                                      noise)
    return jnp.mean(jax.vmap(video.svg_loss)(out.value, frames)), out

  double = lambda tree: jax.tree.map(jnp.float64, tree)
  frames = double(by_example(arrays["frames"]))
  noise = Noise(*(double(by_example(arrays[f"eps_{which}"]))
                  for which in ("prior", "posterior")))
  (value, out), gradient = jax.jit(jax.value_and_grad(loss, has_aux=True))(
      double(MetaParams(imported.predictor, imported.embedding)), frames, noise)
  for name, ours in (("initial", out.initial), ("tailored", out.value)):
    np.testing.assert_allclose(ours.frames,
                               by_example(arrays[f"{mode}_{name}"]),
                               atol=2e-4)
  inner = np.stack([theirs["inner_before"], theirs["inner_after"]], axis=1)
  np.testing.assert_allclose(out.losses, inner, rtol=1e-4)
  np.testing.assert_allclose(value, theirs["outer_after"], rtol=1e-4)
  check_gradients(theirs["grads"], gradient)


def check_gradients(theirs, gradient):
  """Norms, and dot products with linspace(-1, 1) in the authors' order."""
  line = official.import_svg(
      official_state(lambda k, name, shape: np.linspace(
          -1, 1, int(np.prod(shape))).reshape(shape)))
  total = np.sqrt(sum(norm**2 for norm, _ in theirs.values()))
  count, errors = 0, []
  for names, leaf, weight in leaves(line, gradient.predictor["weights"],
                                    gradient.conserved):
    norm, dot = theirs[names[0]]
    count += len(names)
    # A bias of g's last layer shifts all values alike: only rounding is left.
    if norm < 1e-5 * total:
      assert np.linalg.norm(leaf) < 1e-4 * total
      continue
    errors.append(abs(np.linalg.norm(leaf) / norm - 1))
    # Two LSTM biases are one here, and their lines are added.
    np.testing.assert_allclose(np.sum(leaf * weight) / len(names),
                               dot,
                               atol=1e-3 * norm * np.linalg.norm(weight))
  assert count == len(theirs)
  # Theirs is in float32: where it flips a maximum, a few layers feel it.
  assert np.mean(np.array(errors) < 1e-3) > 0.95 and max(errors) < 2e-3


def scattered(x, kernel, stride, padding):
  """torch's transposed convolution, by its definition; [C, H, W]."""
  size = (x.shape[1] - 1) * stride + kernel.shape[2]
  out = np.zeros((kernel.shape[1], size, size))
  for i in range(x.shape[1]):
    for j in range(x.shape[2]):
      rows = slice(i * stride, i * stride + kernel.shape[2])
      columns = slice(j * stride, j * stride + kernel.shape[3])
      out[:, rows, columns] += np.einsum("i,iohw->ohw", x[:, i, j], kernel)
  return out[:, padding:size - padding, padding:size - padding]


@pytest.mark.parametrize("size, stride", [(3, 1), (4, 2)])
def test_transposed_convolutions_become_convolutions(size, stride):
  random = np.random.default_rng(0)
  x, kernel = random.normal(size=(2, 5, 5)), random.normal(size=(2, 3, size,
                                                                 size))
  wanted = scattered(x, kernel, stride, 1)
  pad = size - 2
  out = jax.lax.conv_general_dilated(jnp.asarray(x.transpose(1, 2, 0))[None],
                                     jnp.asarray(official._transposed(kernel)),
                                     (1, 1), ((pad, pad),) * 2,
                                     lhs_dilation=(stride,) * 2,
                                     dimension_numbers=("NHWC", "HWIO", "NHWC"))
  np.testing.assert_allclose(out[0].transpose(2, 0, 1), wanted, atol=1e-10)


def test_unfolding_is_a_transposed_convolution():
  random = np.random.default_rng(0)
  x, kernel = random.normal(size=(2, 1, 1)), random.normal(size=(2, 3, 4, 4))
  layer = FromVector(2, 3, 4, rngs=nnx.Rngs(0))
  layer.kernel[...] = jnp.asarray(official._unfolding(kernel), jnp.float32)
  ours = layer(jnp.asarray(x[:, 0, 0], jnp.float32)[None])[0]
  np.testing.assert_allclose(ours.transpose(2, 0, 1),
                             scattered(x, kernel, 1, 0),
                             atol=1e-5)


def test_a_flat_image_is_turned():
  random = np.random.default_rng(0)
  image, kernel = random.normal(size=(2, 3, 3)), random.normal(size=(4, 18))
  wanted = kernel @ image.ravel()
  ours = image.transpose(1, 2, 0).ravel() @ official._flat_image(2)(kernel)
  np.testing.assert_allclose(ours, wanted)


def test_what_is_missing_or_misshapen_is_named():
  with pytest.raises(ValueError, match="the checkpoint has no"):
    official.import_svg({})
  with pytest.raises(ValueError, match="of a batch norm"):
    official.import_svg({"encoder.c1.0.main.1.running_mean": np.zeros(3)})


def tiny_state(backbone):
  """A checkpoint of the right names and shapes, all ones, from our own tree."""
  config = video.SVGConfig(backbone, code_size=3, latent_size=2, hidden=4)
  like = jax.eval_shape(lambda: video.svg(jax.random.key(0), config).params)
  sources = official._frames(config) | official._recurrent(config)
  state = {}
  for path, leaf in jax.tree_util.tree_leaves_with_path(like["weights"]):
    source = sources[jax.tree_util.keystr(path, simple=True, separator="/")]
    # The inverse of a layout is found by turning an array of places.
    for name in source.names:
      state[name] = turned_back(source.turn, leaf.shape)
  return config, state


def turned_back(turn, shape):
  """An array of ones that `turn` gives this shape."""
  candidates = {shape, shape[::-1]}
  if len(shape) == 4:
    candidates |= {(shape[3], shape[2], *shape[:2]),
                   (shape[2], shape[3], *shape[:2]),
                   (shape[0], shape[3], *shape[1:3])}
  return next(
      np.ones(c, np.float32)
      for c in sorted(candidates)
      if turn(np.ones(c, np.float32)).shape == shape)


@pytest.mark.parametrize("backbone", [
    "dcgan_64",
    pytest.param("vgg_64", marks=pytest.mark.slow),
    pytest.param("vgg_128", marks=pytest.mark.slow),
])
def test_sizes_are_read_off_a_checkpoint(backbone):
  config, state = tiny_state(backbone)
  imported = official.import_svg({**state, "encoder.c1.0.main.2.gamma": 1})
  assert imported.config == config and imported.embedding is None
  assert imported.unused == ("encoder.c1.0.main.2.gamma",)
  name = "prior.embed.weight"
  with pytest.raises(ValueError, match=f"{name}.*is needed"):
    official.import_svg({**state, name: np.ones((9, 9))})
  longer = "frame_predictor.embed.weight"
  with pytest.raises(ValueError, match="must take a code and a"):
    official.import_svg({**state, longer: np.ones((4, 9))})
