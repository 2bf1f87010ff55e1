"""The loop around training steps: progress, checkpoints, resumption.

`gradient_step` and `scan_steps` are pure, so that they compose with `jax.vmap`
and `jax.jit`; `training_loop` runs on the host.
"""

from __future__ import annotations

from collections.abc import Callable
import math
import time
from typing import Any, NamedTuple

import jax
import optax

from noether_jax.tailoring.adaptation import combine
from noether_jax.tailoring.adaptation import split_inexact
from noether_jax.training.gradients import loss_gradient
from noether_jax.types import Array
from noether_jax.types import Params
from noether_jax.types import PyTree

Carry = tuple[Params, Any]


def _check_state(opt_state: Any, optimizer: optax.GradientTransformation,
                 learned: Params) -> None:
  wanted = jax.eval_shape(optimizer.init, learned)
  structures: list[Any] = [jax.tree.structure(t) for t in (opt_state, wanted)]
  if structures[0] != structures[1]:
    raise ValueError("`opt_state` must be that of the leaves which have a "
                     "gradient: begin with optimizer.init("
                     "split_inexact(params)[0]).")


def gradient_step(
    loss_fn: Callable[..., Array], optimizer: optax.GradientTransformation
) -> Callable[[Carry, Any], tuple[Carry, Array]]:
  """Make a step of an optimizer on a loss.

  Leaves that have no gradient (integers, booleans, keys) stay as they are.

  Args:
    loss_fn: `(params, batch) -> []`.
    optimizer: of optax.

  Returns:
    `((params, opt_state), batch) -> ((params, opt_state), loss)`, the loss
    before the step. Begin with `optimizer.init(params)`, and where leaves have
    no gradient with `optimizer.init(split_inexact(params)[0])`.

  Raises:
    ValueError: by the function returned, if no leaf of the parameters has a
      gradient, or `opt_state` is not that of the leaves which have one.

  Example:
    >>> step = gradient_step(lambda p, x: (p - x)**2, optax.sgd(0.25))
    >>> (params, _), loss = step((1.0, optax.sgd(0.25).init(1.0)), 3.0)
    >>> float(params), float(loss)
    (2.0, 4.0)
  """

  def loss_twice(params: Params, batch: Any) -> tuple[Array, Array]:
    loss = loss_fn(params, batch)
    return loss, loss

  gradient_fn = loss_gradient(loss_twice)

  def step(carry: Carry, batch: Any) -> tuple[Carry, Array]:
    params, opt_state = carry
    gradient, loss = gradient_fn(params, batch)
    learned, fixed = split_inexact(params)
    if jax.tree.leaves(fixed):
      _check_state(opt_state, optimizer, learned)
    updates, opt_state = optimizer.update(gradient, opt_state, learned)
    params = combine(optax.apply_updates(learned, updates), fixed)
    return (params, opt_state), loss

  return step


def scan_steps(step: Callable[[Any, Any], tuple[Any, Any]],
               carry: Any,
               batches: PyTree = None,
               num_steps: int | None = None) -> tuple[Any, Any]:
  """Make several steps; one step alone stands in no loop.

  In a compiled loop a CPU takes tens of times as long for convolutions: for
  networks that have some, compile a call of one step and repeat it.

  Args:
    step: `(carry, batch) -> (carry, output)`.
    carry: where the steps begin.
    batches: leaves `[num_steps, ...]`, one for each step; None for none.
    num_steps: needed without batches.

  Returns:
    The last carry, and the outputs, leaves `[num_steps, ...]`.

  Raises:
    ValueError: without batches and without a number of steps.

  Example:
    >>> double = lambda carry, batch: (2 * carry, carry)
    >>> last, before = scan_steps(double, 1.0, num_steps=3)
    >>> float(last), before.tolist()
    (8.0, [1.0, 2.0, 4.0])
  """
  leaves = jax.tree.leaves(batches)
  count = len(leaves[0]) if leaves else num_steps
  if count is None:
    raise ValueError("`num_steps` is needed: there are no `batches`.")
  if count == 1:
    one = jax.tree.map(lambda leaf: leaf[0], batches)
    carry, output = step(carry, one)
    return carry, jax.tree.map(lambda leaf: leaf[None], output)
  return jax.lax.scan(step, carry, batches, length=count)


class Progress(NamedTuple):
  """How far training has come.

  Attributes:
    done: steps made, those of an earlier run included.
    num_steps: steps in all.
    metrics: what `advance` returned last.
    speed: steps per second; without the first call, which compiles, unless
      there was no other.

  Example:
    >>> str(Progress(2, 10, None, 4.0).line("f", 0.5))
    'f: 2/10, 4 steps/s, loss 0.5, 2 s left'
  """
  done: int
  num_steps: int
  metrics: Any
  speed: float

  def line(self, name: str, loss: float) -> str:
    """Return a line for people."""
    left = (self.num_steps - self.done) / max(self.speed, 1e-9)
    return (f"{name}: {self.done}/{self.num_steps}, {self.speed:.3g} steps/s, "
            f"loss {loss:.4g}, {left:.0f} s left")


def training_loop(advance: Callable[[Any, int, int], tuple[Any, Any]],
                  state: Any,
                  *,
                  num_steps: int,
                  done: int = 0,
                  chunk: int = 1,
                  report: Callable[[Progress], None] | None = None,
                  report_seconds: float = 0.0,
                  save: Callable[[Any, float], None] | None = None,
                  save_seconds: float = math.inf) -> tuple[Any, Any, float]:
  """Advance a state until so many steps are made.

  Batches and keys that depend on a step's number alone make a resumed run equal
  to one that was not interrupted.

  Args:
    advance: `(state, done, length) -> (state, metrics)`, so many steps further,
      compiled.
    state: where training begins.
    num_steps: steps in all.
    done: steps that an earlier run has made.
    chunk: steps of a call of `advance`; the last call may make fewer.
    report: called with the progress.
    report_seconds: least time between two reports; the end is always reported.
    save: `(state, seconds)`, keeps a state; seconds are those spent on steps
      here. Always called at the end, if there was a step to make.
    save_seconds: least time between two saves.

  Returns:
    The state, the metrics of the last call (None if no step was left), and the
    seconds spent on steps, without the first call.

  Example:
    >>> count = lambda state, done, length: (state + length, done)
    >>> training_loop(count, 0, num_steps=5, chunk=2)[:2]
    (5, 4)
  """
  first, begun, metrics = 0, done, None
  clock = reported = saved = begin = time.perf_counter()
  while done < num_steps:
    length = min(chunk, num_steps - done)
    state, metrics = advance(state, done, length)
    done += length
    if not first:
      first = length
      jax.block_until_ready(state)
      clock = time.perf_counter()
    now = time.perf_counter()
    if report is not None and (now - reported > report_seconds or
                               done == num_steps):
      made = done - begun - first
      speed = made / (now - clock) if made else first / (now - begin)
      report(Progress(done, num_steps, metrics, speed))
      reported = now
    if save is not None and now - saved > save_seconds and done < num_steps:
      save(state, now - clock)
      saved = now
  seconds = 0.0
  if first:
    jax.block_until_ready(state)
    seconds = time.perf_counter() - clock
    if save is not None:
      save(state, seconds)
  return state, metrics, seconds
