"""How the inner loop runs: one value in place of an argument each."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import Any, Literal

import jax

from noether_jax.tailoring.adaptation import Adapt

Implementation = Literal["auto", "factored", "general"]
_IMPLEMENTATIONS = ("auto", "factored", "general")


@dataclasses.dataclass(frozen=True)
class InnerLoop:
  """The settings of the inner loop.

  `tailor` and `tailored_predict` take them one by one, or an `InnerLoop` in the
  place of their `optimizer`.

  Attributes:
    optimizer: any optax transformation, or `gauss_newton()`.
    num_steps: number of differentiable inner steps K.
    adapt: which leaves adapt, see `partition`; None for those that the function
      which runs the loop adapts by default: all, in `tailored_video` the
      modulation.
    num_detached_steps: steps taken before the K, whose graph is not stored:
      memory does not grow with them and no gradient flows through them.
    accept_only_if_better: whether to return the untailored prediction where the
      inner loss did not fall.
    implementation: "auto", or insist on "factored" or "general".

  Raises:
    TypeError: if `optimizer` is no optax transformation, or a number of steps
      is no integer.
    ValueError: if a number of steps is below 0, or `implementation` is unknown.

  Example:
    >>> import jax.numpy as jnp
    >>> import optax
    >>> from noether_jax import tailor
    >>> inner = InnerLoop(optax.sgd(0.25), num_steps=2)
    >>> tailor(lambda w: w, jnp.ones(2), inner).adapted.tolist()
    [0.25, 0.25]
  """
  optimizer: Any
  num_steps: int = 1
  adapt: Adapt | None = None
  num_detached_steps: int = 0
  accept_only_if_better: bool = False
  implementation: Implementation = "auto"

  def __post_init__(self) -> None:
    if not (hasattr(self.optimizer, "init") and
            hasattr(self.optimizer, "update")):
      raise TypeError(
          "`optimizer` must be an optax transformation: got "
          f"{self.optimizer!r}. Pass optax.sgd(0.1) or gauss_newton().")
    for name in ("num_steps", "num_detached_steps"):
      value = getattr(self, name)
      if isinstance(value,
                    bool) or not hasattr(value, "__index__") or (isinstance(
                        value, jax.core.Tracer)):
        raise TypeError(f"`{name}` must be an integer: got {value!r}.")
    if self.num_steps < 0 or self.num_detached_steps < 0:
      raise ValueError(
          "`num_steps` and `num_detached_steps` must be at least 0: got "
          f"{self.num_steps} and {self.num_detached_steps}.")
    if self.implementation not in _IMPLEMENTATIONS:
      raise ValueError(
          "`implementation` must be 'auto', 'factored' or 'general': "
          f"got {self.implementation!r}.")


def as_inner_loop(optimizer: Any, settings: Mapping[str, Any]) -> InnerLoop:
  """Return the settings of the inner loop as one value.

  Args:
    optimizer: an `InnerLoop`, or an optax transformation.
    settings: the fields of `InnerLoop` beside `optimizer`, by name.

  Returns:
    The `InnerLoop` given, or one made of all arguments.

  Raises:
    TypeError: see `InnerLoop`.
    ValueError: see `InnerLoop`; or if settings are given twice.

  Example:
    >>> import optax
    >>> inner = as_inner_loop(optax.sgd(0.25), {"num_steps": 2})
    >>> inner.num_steps, as_inner_loop(inner, {"num_steps": 1}) is inner
    (2, True)
  """
  if not isinstance(optimizer, InnerLoop):
    return InnerLoop(optimizer, **settings)
  defaults = {f.name: f.default for f in dataclasses.fields(InnerLoop)}
  twice = {
      k: v
      for k, v in settings.items()
      if type(v) is not type(defaults[k]) or v != defaults[k]
  }
  if twice:
    given = ", ".join(f"{k}={v!r}" for k, v in twice.items())
    raise ValueError(
        f"`optimizer` is an InnerLoop, which holds every setting: got {given} "
        f"beside it. Pass dataclasses.replace(inner_loop, {given}).")
  return optimizer
