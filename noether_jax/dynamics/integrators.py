"""Step functions for vector fields, and rollouts by scan.

A field maps a state (any pytree) to its time derivative; a tailored field is
one too: `lambda x: tailored_predict(params, x, key, ...).value`.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from noether_jax.types import Array
from noether_jax.types import PyTree
from noether_jax.types import State

Field = Callable[[State], State]
StepFn = Callable[[State], State]


def _move(state: State, derivative: State, dt: float | Array) -> State:
  return jax.tree.map(lambda x, v: x + dt * v, state, derivative)


def euler(field: Field, dt: float | Array) -> StepFn:
  """Return an explicit Euler step, first order.

  Args:
    field: `state -> d state / dt`.
    dt: step, in the field's unit of time.

  Returns:
    A step function `state -> state`.

  Example:
    >>> float(euler(lambda x: -x, 0.1)(jnp.float32(1.0)))
    0.8999999...
  """
  return lambda state: _move(state, field(state), dt)


# Each docstring is complete, because each function has its own page.
def rk4(field: Field, dt: float | Array) -> StepFn:
  """Return a step of the classical Runge-Kutta method, fourth order.

  Args:
    field: `state -> d state / dt`.
    dt: step, in the field's unit of time.

  Returns:
    A step function `state -> state`.

  Example:
    >>> round(float(rk4(lambda x: -x, 0.1)(jnp.float32(1.0))), 5)
    0.90484

  Reference:
    Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I,
    section II.1, table 1.2.
  """

  def step(state: State) -> State:
    k1 = field(state)
    k2 = field(_move(state, k1, dt / 2))
    k3 = field(_move(state, k2, dt / 2))
    k4 = field(_move(state, k3, dt))
    mean = jax.tree.map(lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, k1, k2,
                        k3, k4)
    return _move(state, mean, dt)

  return step


def leapfrog(acceleration: Field, dt: float | Array) -> StepFn:
  """Return a velocity Verlet step, second order and symplectic.

  Args:
    acceleration: `position -> acceleration`.
    dt: step, in the field's unit of time.

  Returns:
    A step function on `(position, velocity)` pairs.

  Example:
    >>> step = leapfrog(lambda q: -q, 0.1)
    >>> q, v = step((jnp.float32(1.0), jnp.float32(0.0)))
    >>> round(float(q), 4), round(float(v), 5)
    (0.995, -0.09975)

  Reference:
    Hairer, Lubich and Wanner, Geometric Numerical Integration, section I.1.4.
  """

  def step(state: tuple[State, State]) -> tuple[State, State]:
    position, velocity = state
    middle = _move(velocity, acceleration(position), dt / 2)
    position = _move(position, middle, dt)
    return position, _move(middle, acceleration(position), dt / 2)

  return step


def rollout(step_fn: StepFn, state: State, num_steps: int) -> PyTree:
  """Return the states after 1, 2, ..., num_steps steps.

  Args:
    step_fn: `state -> state`.
    state: the initial state, not part of the result.
    num_steps: T, at least 1.

  Returns:
    States, leaves `[T, ...]`.

  Raises:
    ValueError: if `num_steps` is below 1.

  Example:
    >>> rollout(lambda x: 2 * x, jnp.float32(1.0), 3).tolist()
    [2.0, 4.0, 8.0]
  """
  if num_steps < 1:
    raise ValueError(f"`num_steps` must be at least 1: got {num_steps}.")

  def body(carry: State, _: None) -> tuple[State, State]:
    new = step_fn(carry)
    return new, new

  return jax.lax.scan(body, state, length=num_steps)[1]


def adaptive_rollout(field: Field,
                     state: State,
                     times: Array,
                     *,
                     rtol: float = 1e-8,
                     atol: float = 1e-8,
                     max_steps: int = 100_000) -> PyTree:
  """Return states at given times, by diffrax's Dopri8 with adaptive steps.

  Args:
    field: `state -> d state / dt`.
    state: the state at `times[0]`.
    times: `[T]`, increasing.
    rtol: relative tolerance of a step.
    atol: absolute tolerance of a step, in the state's units.
    max_steps: bound on the number of steps.

  Returns:
    States, leaves `[T, ...]`; the first is `state`.

  Raises:
    ImportError: without diffrax (`pip install noether-jax[ode]`).

  Example:
    >>> t = jnp.linspace(0.0, 1.0, 2)
    >>> round(float(adaptive_rollout(lambda x: -x, jnp.float32(1.0), t)[1]), 4)
    0.3679
  """
  try:
    import diffrax  # pylint: disable=import-outside-toplevel
  except ImportError as error:
    raise ImportError("adaptive_rollout needs diffrax: "
                      "pip install 'noether-jax[ode]'.") from error
  solution = diffrax.diffeqsolve(diffrax.ODETerm(lambda t, y, args: field(y)),
                                 diffrax.Dopri8(),
                                 t0=times[0],
                                 t1=times[-1],
                                 dt0=None,
                                 y0=state,
                                 saveat=diffrax.SaveAt(ts=times),
                                 max_steps=max_steps,
                                 stepsize_controller=diffrax.PIDController(
                                     rtol=rtol, atol=atol))
  return jax.tree.map(jnp.asarray, solution.ys)
