"""The compact frame predictor of `compact_video` in PyTorch, with `higher`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

try:
  import higher
  import torch
except ImportError as error:
  raise ImportError(
      "the comparison with PyTorch needs torch and higher: "
      "pip install 'noether-jax[peers]', or pass --peers=false.") from error

functional = torch.nn.functional


def _tensor(array: np.ndarray, turn: tuple[int, ...] = ()) -> Any:
  return torch.tensor(
      np.ascontiguousarray(array.transpose(turn) if turn else array))


class _Predictor(torch.nn.Module):
  """Weights are shared; scale and shift `[B, C]` are each example's own."""

  def __init__(self, theta: Any, batch: int,
               layers: Sequence[tuple[int, int, int, int]], epsilon: float):
    super().__init__()
    self.layers, self.epsilon = layers, epsilon
    parameter = lambda value: torch.nn.Parameter(value)
    self.kernels = torch.nn.ParameterList(
        parameter(_tensor(w["kernel"], (3, 2, 0, 1))) for w in theta["weights"])
    self.biases = torch.nn.ParameterList(
        parameter(_tensor(w["bias"])) for w in theta["weights"])
    repeated = lambda name: torch.nn.ParameterList(
        parameter(_tensor(m[name]).repeat(batch, 1))
        for m in theta["modulation"])
    self.scales, self.shifts = repeated("scale"), repeated("shift")

  def forward(self, frames: Any) -> Any:
    """`[B, T, 3, H, W]` to the same; every frame from the one before it."""
    b, t, *shape = frames.shape
    x = frames[:, :-1].reshape(b * (t - 1), *shape)
    for i, (_, _, stride, times) in enumerate(self.layers):
      if times > 1:
        x = functional.interpolate(x, scale_factor=times, mode="nearest")
      x = functional.conv2d(x, self.kernels[i], self.biases[i], stride, 1)
      if i == len(self.layers) - 1:
        break
      x = functional.group_norm(x, 1, eps=self.epsilon)
      each = lambda m: m.repeat_interleave(t - 1, 0)[..., None, None]
      x = functional.leaky_relu(x * each(self.scales[i]) + each(self.shifts[i]),
                                0.2)
    predicted = torch.sigmoid(x).reshape(b, t - 1, *shape)
    return torch.cat([frames[:, :1], predicted], dim=1)


def _conserved(kernel: Any, output: Any, frames: Any) -> Any:
  b, t, _, size, _ = frames.shape
  pairs = torch.cat([frames[:, :-1], frames[:, 1:]], dim=2)
  x = functional.relu(
      functional.conv2d(pairs.reshape(b * (t - 1), 6, size, size),
                        kernel,
                        padding=2))
  x = functional.avg_pool2d(x, 2).permute(0, 2, 3, 1)
  return (x.reshape(b * (t - 1), -1) @ output).reshape(b, t - 1, -1)


def call(params: Any, frames: np.ndarray, layers: Any, rate: float,
         epsilon: float) -> Callable[[], Any]:
  """The outer gradient as a call; see `compact_video.torch_call`."""
  data = _tensor(frames, (0, 1, 4, 2, 3))
  model = _Predictor(params.predictor, len(frames), layers, epsilon)
  kernel = _tensor(params.conserved["kernel"],
                   (3, 2, 0, 1)).requires_grad_(True)
  output = _tensor(params.conserved["output"]).requires_grad_(True)

  def step() -> Any:
    model.zero_grad()
    kernel.grad = output.grad = None
    inner = torch.optim.SGD([*model.scales, *model.shifts], lr=rate)
    with higher.innerloop_ctx(model, inner,
                              copy_initial_weights=False) as (copy, optimizer):
      values = _conserved(kernel, output, copy(data))
      optimizer.step(torch.diff(values, dim=1).square().mean(-1).sum())
      torch.mean((copy(data) - data)**2).backward()
    turned = lambda value: value.detach().numpy()
    weights = [{
        "kernel": turned(k.grad).transpose(2, 3, 1, 0),
        "bias": turned(b.grad)
    } for k, b in zip(model.kernels, model.biases)]
    return weights, {
        "kernel": turned(kernel.grad).transpose(2, 3, 1, 0),
        "output": turned(output.grad)
    }

  return step
