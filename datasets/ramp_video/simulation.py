"""Two objects and a ramp of 20 degrees: what is simulated for ramp_video.

After the ramp scenario of Physics 101 (Wu et al. 2016): an object released at
rest slides or rolls down and hits another one on the table at the ramp's foot,
the origin; x points away from the ramp, y up; SI units. pymunk multiplies the
coefficients of two touching shapes: the friction of an object is that on ramp
and table, from which nothing rebounds; the restitution of two objects is the
product of their values.
"""

import dataclasses
import functools
import math
from typing import Any

import numpy as np

from datasets import frames
from datasets.ramp_video import objects

SPLITS = ("random", "objects")
PARTS = ("train", "test")
GRAVITY = 9.81
SLOPE = math.radians(20)
STATES = ("x", "y", "angle", "vx", "vy", "angular velocity")
_TEST_EVERY = 5
_STEPS_PER_SECOND = 3000
_RECORDS_PER_FRAME = 10
_PATIENCE = 4.0  # s; a slider that has not arrived by then counts as stuck


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
  """What a data set consists of; documented at `ramp_video`'s `config`.

  Raises:
    ValueError: for the first value that is out of its range.
  """
  size: int = 128
  length: int = 22
  rate: float = 15.0
  num_sequences: int = 311
  test_sequences: int = 78
  num_objects: int = 40
  seed: int = 0
  split: str = "random"

  def __post_init__(self) -> None:
    for name, least in (("size", 16), ("length", 2), ("num_sequences", 1),
                        ("test_sequences", 1), ("num_objects",
                                                2 * _TEST_EVERY), ("seed", 0)):
      value = getattr(self, name)
      if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise ValueError(f"{name} must be a whole number: got {value!r}")
      if value < least:
        raise ValueError(f"{name} must be at least {least}: got {value}")
    if self.seed >= 2**32:
      raise ValueError(f"seed must lie in [0, 2^32): got {self.seed}")
    if not 1 <= self.rate <= 240:
      raise ValueError("rate must lie in 1 to 240 frames per second: "
                       f"got {self.rate}")
    if self.split not in SPLITS:
      raise ValueError(f"split must be one of {', '.join(SPLITS)}: "
                       f"got {self.split!r}")

  def objects(self, part: str) -> list[int]:
    """The numbers of the objects that a part's sequences draw from.

    Args:
      part: "train" or "test".

    Returns:
      All objects for split="random". For split="objects" every fifth one (4,
      9, 14, ...) is kept for the test sequences, the others for training.
    """
    numbers = range(self.num_objects)
    if self.split == "random":
      return list(numbers)
    kept = _TEST_EVERY - 1
    return [
        number for number in numbers
        if (number % _TEST_EVERY == kept) == (part == "test")
    ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
  """Where two objects are when the first is released.

  Attributes:
    slider: lies on the ramp.
    target: another one on the table.
    distance: m along the ramp, from the slider's centre to the foot.
    gap: m between the ramp's foot and the target's nearest point.
    faces: in [0, 1), on which face each of them lies.
    moment: in [0, 1), the part of the frames that precedes the collision.
  """
  slider: objects.Object
  target: objects.Object
  distance: float = 0.35
  gap: float = 0.05
  faces: tuple[float, float] = (0.0, 0.0)
  moment: float = 0.4

  @functools.cached_property
  def poses(self) -> np.ndarray:
    """`[2, 3]`, x, y, angle of slider and target at the release."""
    angle, height = self.slider.lie(self.faces[0], SLOPE)
    cosine, sine = math.cos(SLOPE), math.sin(SLOPE)
    slider = (height * sine - self.distance * cosine,
              height * cosine + self.distance * sine, angle)
    angle, height = self.target.lie(self.faces[1], 0.0)
    reach = self.target.size / 2
    if len(self.target.corners):
      reach = -np.min(objects.rotated(self.target.corners, angle)[:, 0])
    return np.array([slider, (self.gap + reach, height, angle)])


def make_scene(settings: Settings, part: str, index: int) -> Scene:
  """A sequence's scene, which depends on no other sequence.

  Args:
    settings: of the data set.
    part: "train" or "test".
    index: of the sequence in its part.

  Returns:
    The scene.
  """
  random = np.random.default_rng((settings.seed, PARTS.index(part), index))
  slider, target = (
      objects.make_object(settings.seed, int(number))
      for number in random.choice(settings.objects(part), 2, replace=False))
  return Scene(slider=slider,
               target=target,
               distance=random.uniform(0.2, 0.46),
               gap=random.uniform(0.005, 0.06),
               faces=(random.uniform(), random.uniform()),
               moment=random.uniform(0.25, 0.5))


@dataclasses.dataclass(frozen=True)
class Run:
  """What happens in a scene, seen at T equidistant times.

  Attributes:
    states: `[T, 2, 6]` float64, STATES of slider and target in m, rad, s; the
      angle is counter-clockwise and counts turns.
    energies: `[T, 2]` J, of each object, potential energy 0 on the table.
    collision: s from the first time until they touch, rounded up to a tenth of
      a frame; None if they don't.
  """
  states: np.ndarray
  energies: np.ndarray
  collision: float | None


def energies(scene: Scene, states: np.ndarray) -> np.ndarray:
  """Mechanical energy of either object.

  E = m (vx^2 + vy^2) / 2 + I w^2 / 2 + m g y

  Args:
    scene: the objects.
    states: `[..., 2, 6]`, see `Run`.

  Returns:
    `[..., 2]` J.
  """
  both = scene.slider, scene.target
  masses = np.array([thing.mass for thing in both])
  moments = np.array([thing.moment for thing in both])
  height, vx, vy, spin = (states[..., index] for index in (1, 3, 4, 5))
  kinetic = masses * (vx**2 + vy**2) + moments * spin**2
  return kinetic / 2 + masses * GRAVITY * height


def trace(scene: Scene, *, interval: float,
          count: int) -> tuple[np.ndarray, int | None]:
  """Simulates a scene from the release on.

  Args:
    scene: what is simulated.
    interval: s between the times that are returned.
    count: how many times.

  Returns:
    `[count, 2, 6]` states, see `Run`, and the first index at which slider and
    target have touched, None if they have not.

  Raises:
    ImportError: if pymunk is not installed.
  """
  space, bodies, touches = _space(scene)
  steps = max(1, round(interval * _STEPS_PER_SECOND))
  states = np.empty((count, 2, len(STATES)))
  touched = None
  for index in range(count):
    for body, row in zip(bodies, states[index]):
      row[:] = (*body.position, body.angle, *body.velocity,
                body.angular_velocity)
    if touched is None and touches:
      touched = index
    for _ in range(steps):
      space.step(interval / steps)
  return states, touched


def _space(scene: Scene) -> tuple[Any, list[Any], list[bool]]:
  """pymunk's space and bodies, and a list that is filled when they touch."""
  pymunk = frames.optional("pymunk")
  space = pymunk.Space()
  space.gravity = (0, -GRAVITY)
  space.iterations = 30
  space.collision_slop = 1e-5  # m; the default is for pixels
  far = 20.0
  for corners in (((-far, -1), (far, -1), (far, 0), (-far, 0)),
                  ((-far, 0), (0, 0), (-far, far * math.tan(SLOPE)))):
    ground = pymunk.Poly(space.static_body, corners)
    ground.friction, ground.elasticity = 1.0, 0.0
    space.add(ground)
  bodies = []
  for thing, pose in zip((scene.slider, scene.target), scene.poses):
    body = pymunk.Body(thing.mass, thing.moment)
    body.position, body.angle = tuple(pose[:2]), pose[2]
    shape = (pymunk.Poly(body, thing.corners.tolist())
             if len(thing.corners) else pymunk.Circle(body, thing.size / 2))
    shape.friction, shape.elasticity = thing.friction, thing.restitution
    bodies.append(body)
    shape.collision_type = len(bodies)
    space.add(body, shape)
  touches: list[bool] = []
  space.on_collision(1, 2, begin=lambda *_: touches.append(True))
  return space, bodies, touches


def simulate(scene: Scene, *, length: int, rate: float) -> Run:
  """Simulates a scene and cuts the time around the collision out.

  The first of the T times is chosen so that the fraction `scene.moment` of them
  lies before the collision. It is the release if that is later, or if the
  objects do not touch within 4 s.

  Args:
    scene: what is simulated.
    length: T.
    rate: times per second.

  Returns:
    The run.

  Raises:
    ImportError: if pymunk is not installed.

  Example:
    >>> scene = make_scene(Settings(), "train", 1)
    >>> run = simulate(scene, length=22, rate=15.0)
    >>> run.states.shape, round(run.collision, 2)
    ((22, 2, 6), 0.41)
  """
  interval = 1 / (rate * _RECORDS_PER_FRAME)
  wanted = length * _RECORDS_PER_FRAME
  states, touched = trace(scene,
                          interval=interval,
                          count=round(_PATIENCE / interval) + wanted)
  start, collision = 0, None
  if touched is not None and touched * interval <= _PATIENCE:
    start = max(0, touched - round(scene.moment * wanted))
    collision = (touched - start) * interval
  chosen = states[start:start + wanted:_RECORDS_PER_FRAME]
  return Run(chosen, energies(scene, chosen), collision)
