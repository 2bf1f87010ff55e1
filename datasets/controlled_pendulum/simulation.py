"""Gymnasium's pendulum under random torques: its motion and its frames.

A rod turns about its end in a vertical plane (`PendulumEnv` of Gymnasium,
Towers et al. 2024, arXiv:2407.17032):

  theta'' = 3 g / (2 l) sin(theta) + 3 / (m l^2) (u - b theta')

with theta = 0 upright and growing counter-clockwise, g = 10 m/s^2, m = 1 kg,
l = 1 m and the torque u constant over each frame of .05 s; Gymnasium's has no
friction b. Its `render` is used, but not its `step`, which takes one
semi-implicit Euler step a frame, does not keep the energy, and cuts |theta'| at
8.
"""

from collections.abc import Callable
import dataclasses
import math
import os
from typing import Any
import warnings

import numpy as np

from datasets import frames

GRAVITY = 10.0
MASS = 1.0
LENGTH = 1.0
TIME_STEP = 0.05
MAX_TORQUE = 2.0
# Beyond these the integrator's steps are too long.
MAX_FRICTION = 10.0
MAX_SPEED = 20.0
MAX_SIZE = 500
# Over 28 frames the states' errors stay below 1e-9 with the default arguments,
# below 1e-7 with any.
_SUBSTEPS = 50

Render = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Motions:
  """N motions over T frames, TIME_STEP apart; all float64.

  Attributes:
    states: `[N, T, 2]`, theta in rad, not wrapped, and theta' in rad/s.
    actions: `[N, T-1, 1]`, the torque in N m between frames t and t+1.
    energy: `[N, T]`, see `energies`, in J.
  """
  states: np.ndarray
  actions: np.ndarray
  energy: np.ndarray


def check_whole(name: str, value: int, low: int, high: int) -> None:
  """Checks an integer argument.

  Args:
    name: its name.
    value: what was given.
    low: least value allowed.
    high: greatest value allowed.

  Raises:
    ValueError: if it is no integer or out of range.
  """
  if (isinstance(value, bool) or not isinstance(value, (int, np.integer)) or
      not low <= value <= high):
    raise ValueError(f"{name} must be an integer in [{low}, {high}]: "
                     f"got {value!r}")


def check_arguments(*, length: int, seed: int, torque: float,
                    correlation: float, friction: float, speed: float) -> None:
  """Checks the arguments of `generate`.

  Args:
    length: see `generate`, as are the others.
    seed: of the random numbers.
    torque: N m.
    correlation: s.
    friction: N m s.
    speed: rad/s.

  Raises:
    ValueError: for the first argument that is out of its range.
  """
  check_whole("length", length, 2, 2**20)
  check_whole("seed", seed, 0, 2**32 - 1)
  for name, value, high in (("torque", torque, math.inf), ("friction", friction,
                                                           MAX_FRICTION),
                            ("speed", speed, MAX_SPEED)):
    if not (np.isfinite(value) and 0 <= value <= high):
      raise ValueError(f"{name} must be a number in [0, {high:g}]: got {value}")
  if not (np.isfinite(correlation) and correlation > 0):
    raise ValueError(f"correlation must be a number > 0: got {correlation}")


def _components(states: np.ndarray) -> np.ndarray:
  """From `[..., 2]` to `[2, ...]`, each component contiguous.

  NumPy computes the sines of contiguous and of other arrays in different ways.
  The last bits of a motion must not depend on the number of motions.
  """
  return np.ascontiguousarray(np.moveaxis(states, -1, 0), dtype=np.float64)


def energies(states: np.ndarray) -> np.ndarray:
  """Kinetic and potential energy of the rod.

    E = m l^2 theta'^2 / 6 + m g l cos(theta) / 2,  E' = u theta' - b theta'^2

  Args:
    states: `[..., 2]`, theta in rad and theta' in rad/s.

  Returns:
    `[...]` in J; zero at rest in the horizontal.

  Example:
    >>> float(energies(np.array([0., 6.])))
    11.0
  """
  angle, velocity = _components(states)
  return (MASS * LENGTH**2 / 6 * velocity**2 +
          MASS * GRAVITY * LENGTH / 2 * np.cos(angle))


def simulate(initial: np.ndarray,
             actions: np.ndarray,
             *,
             friction: float = 0.0) -> np.ndarray:
  """Exact motions, by the classical Runge-Kutta method in fine steps.

  Args:
    initial: `[..., 2]`, the first states, in rad and rad/s.
    actions: `[..., T-1, 1]`, the torque in each interval of TIME_STEP, N m.
    friction: b, N m s.

  Returns:
    `[..., T, 2]` float64; without torque and friction the energy is constant
    to 1e-8 J over 28 frames.

  Example:
    >>> hanging = np.array([np.pi, 0.])
    >>> moved = simulate(hanging, np.zeros((9, 1)))
    >>> np.allclose(moved, hanging)
    True
  """
  state = _components(initial)
  torques = np.ascontiguousarray(np.moveaxis(actions[..., 0], -1, 0))
  step = TIME_STEP / _SUBSTEPS
  states = [state]
  for torque in torques:

    def field(state: np.ndarray, torque: np.ndarray = torque) -> np.ndarray:
      angle, velocity = state
      acceleration = (1.5 * GRAVITY / LENGTH * np.sin(angle) + 3 /
                      (MASS * LENGTH**2) * (torque - friction * velocity))
      return np.stack([velocity, acceleration])

    for _ in range(_SUBSTEPS):
      first = field(state)
      second = field(state + step / 2 * first)
      third = field(state + step / 2 * second)
      fourth = field(state + step * third)
      state = state + step / 6 * (first + 2 * second + 2 * third + fourth)
    states.append(state)
  return np.ascontiguousarray(np.moveaxis(np.stack(states), (0, 1), (-2, -1)))


def generate(num_sequences: int,
             *,
             stream: int = 0,
             length: int = 28,
             seed: int = 0,
             torque: float = 1.0,
             correlation: float = 0.5,
             friction: float = 0.0,
             speed: float = 4.0) -> Motions:
  """Motions from random states under smoothed random torques.

  The torque is a stationary Ornstein-Uhlenbeck process sampled once a frame,
  then clipped to [-2, 2] N m. Motion i depends neither on how many there are
  nor, until it ends, on its length.

  Args:
    num_sequences: N.
    stream: each split has its own number, for other random numbers.
    length: T, frames.
    seed: of the random numbers.
    torque: standard deviation before clipping, N m; 0 for a free pendulum.
    correlation: time in which the torque's correlation falls to 1/e, s.
    friction: b, at most 10 N m s.
    speed: the first theta is uniform over the circle, [-pi, pi), the first
      theta' uniform in [-speed, speed), rad/s, at most 20.

  Returns:
    `Motions`.

  Raises:
    ValueError: if an argument is out of its range.

  Example:
    >>> generate(3, torque=0.).states.shape
    (3, 28, 2)
  """
  check_whole("num_sequences", num_sequences, 1, 2**31)
  check_whole("stream", stream, 0, 2**31)
  check_arguments(length=length,
                  seed=seed,
                  torque=torque,
                  correlation=correlation,
                  friction=friction,
                  speed=speed)
  initial = np.empty((num_sequences, 2))
  noise = np.empty((num_sequences, length - 1))
  for index in range(num_sequences):
    random = np.random.default_rng((seed, stream, index))
    initial[index] = random.uniform((-np.pi, -speed), (np.pi, speed))
    noise[index] = random.standard_normal(length - 1)
  memory = math.exp(-TIME_STEP / correlation)
  process = [noise[:, 0]]
  for fresh in noise.T[1:]:
    process.append(memory * process[-1] + math.sqrt(1 - memory**2) * fresh)
  actions = np.clip(torque * np.stack(process, axis=-1), -MAX_TORQUE,
                    MAX_TORQUE)[..., None]
  states = simulate(initial, actions, friction=friction)
  return Motions(states, actions, energies(states))


def renderer(size: int) -> Render:
  """Draws motions as Gymnasium does, one environment for all.

  The rod is red; a black arrow about the axle shows the torque's sense, and by
  its diameter, |u| / 2 of the rod's length, its strength: the lines are fine,
  so that torques below .2 N m are invisible. The arrow of a frame shows the
  torque that is applied from this frame on; the last frame shows the torque of
  the last interval. No window or display is opened, and the caller's are not
  closed.

  Args:
    size: height and width in pixels, at most 500.

  Returns:
    A function from one motion's states `[T, 2]` and actions `[T-1, 1]` to its
    frames `[T, size, size, 3]` uint8.

  Raises:
    ImportError: naming the extra, if Gymnasium or pygame is not installed.
    ValueError: if the size is out of its range.

  Example:
    >>> motions = generate(1, length=3)
    >>> renderer(32)(motions.states[0], motions.actions[0]).shape
    (3, 32, 32, 3)
  """
  check_whole("size", size, 1, MAX_SIZE)
  env = _environment()

  def render(states: np.ndarray, actions: np.ndarray) -> np.ndarray:
    images = []
    for state, torque in zip(states, np.append(actions[:, 0], actions[-1, 0])):
      env.state, env.last_u = state, torque
      images.append(frames.resized(env.render(), size))
    return np.stack(images)

  return render


def _environment() -> Any:
  """Gymnasium's environment with a surface in place of a screen."""
  # Else pygame greets on stdout when it is imported.
  os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
  with warnings.catch_warnings():
    # pygame imports pkg_resources; some versions of setuptools warn of this.
    warnings.filterwarnings("ignore", message=".*pkg_resources")
    pygame = frames.optional("pygame")
  module = frames.optional("gymnasium.envs.classic_control.pendulum")
  env = module.PendulumEnv(render_mode="rgb_array")
  # Gymnasium would open a display, which fails without one, and its `close`
  # would end pygame for the whole process. With our surface it does neither.
  env.screen = pygame.Surface((env.screen_dim, env.screen_dim))
  return env
