"""The objects of ramp_video: their shapes, and a catalogue of them.

An object is drawn from the seed and its number alone, so that it is the same in
every sequence, and data sets can be split by objects.
"""

import colorsys
import dataclasses
import functools
import math

import numpy as np

PROPERTIES = ("mass", "friction", "size", "shape", "restitution",
              "moment of inertia")
_DEPTH = 0.06  # m, of every object, away from the viewer
_STREAM = 2  # random numbers: (seed, 0 or 1, ...) are the sequences'
_HUE_STREAM = 3
_GOLDEN_SECTION = (math.sqrt(5) - 1) / 2


def _regular(corners: int) -> tuple[float, ...]:
  return tuple(2 * math.pi * index / corners for index in range(corners))


def _rectangle(aspect: float) -> tuple[float, ...]:
  corner = math.atan2(1, aspect)
  return (corner, math.pi - corner, math.pi + corner, -corner)


# Directions of the corners, which all lie on one circle; a disc has none.
SHAPES: dict[str, tuple[float, ...]] = {
    "disc": (),
    "square": _rectangle(1),
    "slab": _rectangle(5 / 3),
    "triangle": _regular(3),
    "pentagon": _regular(5),
    "hexagon": _regular(6),
    "octagon": _regular(8)
}


@dataclasses.dataclass(frozen=True)
class Object:
  """A thing that can slide or be hit.

  Attributes:
    number: in the catalogue.
    shape: one of SHAPES.
    size: m, the diameter of the disc or of the circle through the corners.
    density: kg / m^3.
    friction: coefficient on ramp and table.
    restitution: two objects collide with the product of their values.
    color: red, green, blue in [0, 1].
  """
  number: int
  shape: str
  size: float
  density: float
  friction: float
  restitution: float
  color: tuple[float, float, float]

  @functools.cached_property
  def corners(self) -> np.ndarray:
    """`[V, 2]` m from the centre, counter-clockwise; V = 0 for a disc."""
    angles = np.array(SHAPES[self.shape], np.float64)
    return self.size / 2 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)

  @functools.cached_property
  def mass(self) -> float:
    """kg."""
    return self.density * _DEPTH * self._integrals()[0]

  @functools.cached_property
  def moment(self) -> float:
    """Moment of inertia about the centre, kg m^2."""
    return self.density * _DEPTH * self._integrals()[1]

  @property
  def properties(self) -> np.ndarray:
    """`[6]`, PROPERTIES in SI units; the shape is its place in SHAPES."""
    return np.array([
        self.mass, self.friction, self.size,
        list(SHAPES).index(self.shape), self.restitution, self.moment
    ])

  def _integrals(self) -> tuple[float, float]:
    """Area, and the integral of the squared distance from the centre."""
    if not len(self.corners):
      area = math.pi * self.size**2 / 4
      return area, area * self.size**2 / 8
    first, second = self.corners, np.roll(self.corners, -1, axis=0)
    areas = (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2
    squares = np.sum(first**2 + first * second + second**2, axis=-1)
    return float(areas.sum()), float((areas * squares).sum() / 6)

  def lie(self, face: float, slope: float) -> tuple[float, float]:
    """How it lies on a plane.

    Args:
      face: in [0, 1), which of the faces is below.
      slope: rad, the plane descends by it towards +x.

    Returns:
      Its angle in [-pi, pi], and the height of its centre above the plane.
    """
    count = len(self.corners)
    if not count:
      return 2 * math.pi * (face - 0.5), self.size / 2
    first = int(face * count)
    middle = (self.corners[first] + self.corners[(first + 1) % count]) / 2
    angle = -math.pi / 2 - slope - math.atan2(middle[1], middle[0])
    return math.remainder(angle, 2 * math.pi), math.hypot(*middle)


def make_object(seed: int, number: int) -> Object:
  """An object of the catalogue, which goes on for ever.

  Shapes take turns, and hues are spread by the golden section. Friction is
  0.08 + 0.32 u^2 with u uniform in [0, 1): 6 % of the objects are too rough to
  slide at 20 degrees, unless they are discs.

  Args:
    seed: the catalogue's.
    number: in the catalogue.

  Returns:
    The object.

  Example:
    >>> thing = make_object(0, 0)
    >>> thing.shape, round(thing.mass, 3)
    ('disc', 0.315)
  """
  random = np.random.default_rng((seed, _STREAM, number))
  first_hue = np.random.default_rng((seed, _HUE_STREAM)).uniform()
  hue = (first_hue + number * _GOLDEN_SECTION) % 1
  return Object(number=number,
                shape=list(SHAPES)[number % len(SHAPES)],
                size=random.uniform(0.1, 0.15),
                density=math.exp(random.uniform(math.log(300), math.log(1800))),
                friction=0.08 + 0.32 * random.uniform()**2,
                restitution=random.uniform(0.2, 0.8),
                color=colorsys.hsv_to_rgb(hue, random.uniform(0.6, 0.95),
                                          random.uniform(0.55, 0.9)))


def rotated(points: np.ndarray, angle: float) -> np.ndarray:
  """Points turned about the origin.

  Args:
    points: `[V, 2]`.
    angle: rad, counter-clockwise.

  Returns:
    `[V, 2]`.
  """
  cosine, sine = math.cos(angle), math.sin(angle)
  return points @ np.array([[cosine, sine], [-sine, cosine]])
