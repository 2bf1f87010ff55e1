"""The same meta-step in PyTorch: torch.func compiled, and `higher`.

Both get the parameters and the batch of the JAX benchmark.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

try:
  import higher
  import torch
except ImportError as error:
  raise ImportError(
      "the comparison with PyTorch needs torch and higher: "
      "pip install 'noether-jax[peers]', or pass --peers=false.") from error

Weights = dict[str, "torch.Tensor"]


class _Network(torch.nn.Module):
  """2x200 tanh, with the JAX network's weights."""

  def __init__(self, layers: list[tuple[np.ndarray, np.ndarray]]):
    super().__init__()
    self.layers = torch.nn.ModuleList()
    for kernel, bias in layers:
      layer = torch.nn.Linear(*kernel.shape)
      layer.weight.data = torch.tensor(kernel.T.copy())
      layer.bias.data = torch.tensor(bias.copy())
      self.layers.append(layer)

  def forward(self, x: torch.Tensor) -> torch.Tensor:
    for layer in list(self.layers)[:-1]:
      x = torch.tanh(layer(x))
    return self.layers[-1](x)


def _network(params: Any) -> _Network:
  layers = params.predictor["layers"]
  pairs = [(np.array(layers[i]["kernel"]), np.array(layers[i]["bias"]))
           for i in sorted(layers)]
  return _Network(pairs)


def _inner_loss(prediction: torch.Tensor, x: torch.Tensor, phi: torch.Tensor,
                dt: float) -> torch.Tensor:
  """`(grad g . f dt)^2` of `p^2 - phi cos q`, per example."""
  rate = phi * torch.sin(x[..., 0]) * prediction[..., 0]
  rate = rate + 2 * x[..., 1] * prediction[..., 1]
  return (rate * dt)**2


def _functional(network: _Network, phi: torch.Tensor, x: torch.Tensor,
                target: torch.Tensor, rate: float,
                dt: float) -> Callable[[], Any]:
  call = torch.func.functional_call
  weights = {k: v.detach() for k, v in network.named_parameters()}

  def one(weights: Weights, phi: torch.Tensor, x: torch.Tensor,
          target: torch.Tensor) -> torch.Tensor:

    def inner(weights: Weights) -> torch.Tensor:
      return _inner_loss(call(network, weights, (x,)), x, phi, dt)

    gradient = torch.func.grad(inner)(weights)
    tailored = {k: v - rate * gradient[k] for k, v in weights.items()}
    return torch.mean((call(network, tailored, (x,)) - target)**2)

  def loss(weights: Weights, phi: torch.Tensor, x: torch.Tensor,
           target: torch.Tensor) -> torch.Tensor:
    each = torch.func.vmap(one, in_dims=(None, None, 0, 0))
    return torch.mean(each(weights, phi, x, target))

  step = torch.compile(torch.func.grad(loss, argnums=(0, 1)))
  return lambda: step(weights, phi, x, target)


def _higher(network: _Network, phi: torch.Tensor, x: torch.Tensor,
            target: torch.Tensor, rate: float, dt: float) -> Callable[[], Any]:
  phi = phi.clone().requires_grad_(True)

  def call() -> Any:
    network.zero_grad()
    phi.grad = None
    for i in range(x.shape[0]):
      inner = torch.optim.SGD(network.parameters(), lr=rate)
      with higher.innerloop_ctx(network, inner,
                                copy_initial_weights=False) as (copy,
                                                                optimizer):
        optimizer.step(_inner_loss(copy(x[i]), x[i], phi, dt))
        torch.mean((copy(x[i]) - target[i])**2).div(x.shape[0]).backward()
    gradient = {k: v.grad for k, v in network.named_parameters()}
    return gradient, phi.grad

  return call


def calls(params: Any, batch: Any, rate: float,
          dt: float) -> dict[str, Callable[[], Any]]:
  """The meta-step of each peer as a call.

  Args:
    params: the JAX benchmark's `MetaParams`.
    batch: `(x [B, 2], target [B, 2])`.
    rate: the inner rate.
    dt: the time step of the conservation loss.

  Returns:
    name -> call that returns `(gradient of the weights, gradient of phi)`.
  """
  x, target = (torch.tensor(np.asarray(leaf)) for leaf in batch)
  phi = torch.tensor(float(params.conserved))
  network = _network(params)
  return {
      "torch_compile": _functional(network, phi, x, target, rate, dt),
      "higher": _higher(network, phi, x, target, rate, dt),
  }
