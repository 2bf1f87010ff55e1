"""What a meta-step of the video model costs, in CPU seconds and memory.

SVG with 2 given and 10 predicted frames, batch 2, float32, one inner SGD step
on the modulation; gradients are computed one sequence at a time (--part). Each
measurement is in a process of its own, the best of the calls of a compiled
function after its first; the peak includes its compilation. Prints one JSON
object:

  python -m benchmarks.video [--backbone=vgg_64] [--predicted=10] [--rounds=2]
  python -m benchmarks.video --backbone=vgg_128 --predicted=20 \
      --steps=meta_step --peers=false
"""

from __future__ import annotations

from collections.abc import Callable
import functools
import json
import resource
import subprocess
import sys
import time
from typing import Any

from absl import app
from absl import flags
import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks import compact_video
from benchmarks import timing
from experiments.common.ahead import compiled_ahead
from noether_jax import MetaParams
from noether_jax import microbatched_gradient
from noether_jax import tailored_predict
from noether_jax import video
from noether_jax.video.backbones import architecture
from noether_jax.video.backbones import ARCHITECTURES

_BACKBONE = flags.DEFINE_enum("backbone", "vgg_64", sorted(ARCHITECTURES),
                              "Architecture.")
_PREDICTED = flags.DEFINE_integer("predicted", 10, "Predicted frames.", 1)
_BATCH = flags.DEFINE_integer("batch", 2, "Sequences.", 1)
_PART = flags.DEFINE_integer("part", 1,
                             "Sequences whose gradient is computed at once.", 1)
_ROUNDS = flags.DEFINE_integer("rounds", 2, "Timed calls; the least counts.", 1)
_REMAT = flags.DEFINE_boolean("remat", False, "Recompute the decoder.")
_PAST = 2
_INNER_RATE = 0.5
STEPS = ("baseline_step", "meta_step", "tailored_prediction")
_STEPS = flags.DEFINE_multi_enum("steps", list(STEPS), STEPS,
                                 "What to measure.")
_PEERS = flags.DEFINE_boolean(
    "peers", True, "Also time a compact model here and with torch and higher "
    "(pip install noether-jax[peers])")
_ONLY = flags.DEFINE_enum("only", None, STEPS, "One of them, in this process.")


def calls(backbone: str, predicted: int, batch: int, part: int,
          remat: bool) -> dict[str, Callable[[], Any]]:
  """What is measured, as functions without arguments.

  Args:
    backbone: a name of `video.backbones.ARCHITECTURES`.
    predicted: frames after the two given ones.
    batch: number of sequences.
    part: sequences whose gradient is computed at once.
    remat: see `video.SVGConfig`.

  Returns:
    A function for each of STEPS: the gradient without an inner loop,
    the one through it, and a prediction from two frames.
  """
  size, length = architecture(backbone).size, _PAST + predicted
  config = video.SVGConfig(backbone, remat=remat)
  model = video.svg(jax.random.key(0), config)
  net = video.frame_embedding(jax.random.key(1), size)
  params = MetaParams(model.params, net.params)
  frames = jax.random.uniform(jax.random.key(2), (batch, length, size, size, 3),
                              jnp.float32)
  noise = lambda key: video.draw_noise(key, length, config.latent_size)
  forced = lambda p, x, key: model.teacher_forced(
      p, x, noise(key), num_past=_PAST)
  free = lambda p, x, key: model.generated(
      p, x, noise(key), num_past=_PAST, unroll=True)

  def tailored(predict_fn: Any) -> Any:
    return functools.partial(tailored_predict,
                             predict_fn=predict_fn,
                             conserved_fn=net.apply,
                             optimizer=optax.sgd(_INNER_RATE),
                             adapt={
                                 "modulation": True,
                                 "weights": False
                             },
                             residual_fn=video.frame_residuals)

  def loss(predict: Any, params: MetaParams, frames: jax.Array,
           key: jax.Array) -> Any:
    out = jax.vmap(lambda x, key: predict(params, x, key))(frames,
                                                           jax.random.split(
                                                               key,
                                                               len(frames)))
    return jnp.mean(jax.vmap(video.svg_loss)(out, frames)), {}

  plain = functools.partial(
      loss, lambda params, x, key: forced(params.predictor, x, key))
  meta = functools.partial(
      loss, lambda params, x, key: tailored(forced)(params, x, key).value)
  predict = lambda params, given, key: jax.vmap(lambda x, key: tailored(free)(
      params, x, key).value.frames)(given, jax.random.split(key, batch))
  gradient = lambda loss: functools.partial(microbatched_gradient,
                                            compiled_ahead(
                                                jax.grad(loss, has_aux=True)),
                                            size=part)
  functions = {
      "baseline_step": (gradient(plain), frames),
      "meta_step": (gradient(meta), frames),
      "tailored_prediction": (compiled_ahead(predict), frames[:, :_PAST]),
  }
  bind = lambda function, data: lambda: jax.block_until_ready(
      function(params, data, jax.random.key(3)))
  return {name: bind(*pair) for name, pair in functions.items()}


def measure(name: str) -> dict[str, float]:
  """CPU seconds of a compiled call, and this process's peak memory so far."""
  call = calls(_BACKBONE.value, _PREDICTED.value, _BATCH.value, _PART.value,
               _REMAT.value)[name]
  begun = time.process_time()
  call()
  first, times = time.process_time() - begun, []
  for _ in range(_ROUNDS.value):
    begun = time.process_time()
    call()
    times.append(time.process_time() - begun)
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
  return {
      "cpu_seconds": round(min(times), 2),
      "peak_gigabytes": round(peak, 2),
      "first_call_cpu_seconds": round(first, 1)
  }


def compact(size: int = 32, batch: int = 8, length: int = 12) -> dict[str, Any]:
  """A compact model's meta-step in both frameworks, timed alternately.

  Args:
    size: of its frames.
    batch: number of sequences.
    length: frames of a sequence.

  Returns:
    `higher_over_jax`, and by how much the gradients differ.
  """
  params = compact_video.parameters(size)
  frames = jax.random.uniform(jax.random.key(0), (batch, length, size, size, 3),
                              jnp.float32)
  both = {
      "jax": compact_video.jax_call(params, frames),
      "higher": compact_video.torch_call(params, frames)
  }
  ours, theirs = (jax.tree.leaves(call()) for call in both.values())
  seconds = timing.alternate(both, rounds=7)
  return {
      "higher_over_jax":
          round(seconds["higher"] / seconds["jax"], 2),
      "max_relative_difference":
          max(
              float(np.abs(a - b).max() / np.abs(b).max())
              for a, b in zip(ours, theirs))
  }


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f"unexpected arguments: {argv[1:]}")
  if _ONLY.value:
    print(json.dumps(measure(_ONLY.value)))
    return
  if _BATCH.value % _PART.value:
    raise app.UsageError(f"--part={_PART.value} does not divide "
                         f"--batch={_BATCH.value}.")
  if _PEERS.value:
    compact_video.peer()  # Before minutes are spent, if it is not installed.
  result: dict[str, Any] = {
      "backbone": _BACKBONE.value,
      "given": _PAST,
      "predicted": _PREDICTED.value,
      "batch": _BATCH.value,
      "part": _PART.value,
      "remat": _REMAT.value
  }
  for name in _STEPS.value:
    command = [sys.executable, "-m", "benchmarks.video", *sys.argv[1:]]
    # Its standard error is ours, so that its errors are seen.
    done = subprocess.run([*command, f"--only={name}"],
                          check=False,
                          stdout=subprocess.PIPE,
                          text=True)
    if done.returncode:
      sys.exit(f"{name}: its process ended with {done.returncode}.")
    result[name] = json.loads(done.stdout.splitlines()[-1])
  if {"baseline_step", "meta_step"} <= result.keys():
    result["meta_over_baseline"] = round(
        result["meta_step"]["cpu_seconds"] /
        result["baseline_step"]["cpu_seconds"], 2)
  if _PEERS.value:
    result["compact"] = compact()
  print(json.dumps(result, indent=2))


if __name__ == "__main__":
  app.run(main)
