"""Random initial states."""

from collections.abc import Sequence

import numpy as np
import scipy.optimize

from datasets.systems.system import Start


def box(low: float | Sequence[float], high: float | Sequence[float],
        size: int) -> Start:
  """Starts with every column uniform in [low, high), one or D bounds each."""
  return lambda random: random.uniform(low, high, size)


def annulus(low: float, high: float) -> Start:
  """Starts in the plane in a random direction, at a radius in [low, high)."""

  def start(random: np.random.Generator) -> np.ndarray:
    direction = random.uniform(-1, 1, 2)
    return direction / np.hypot(*direction) * random.uniform(low, high)

  return start


def ellipse(low: float, high: float) -> Start:
  """Perihelia of Kepler ellipses of eccentricity in [low, high)."""

  def start(random: np.random.Generator) -> np.ndarray:
    size, e = random.uniform(0.8, 1.6), random.uniform(low, high)
    turn = random.uniform(0, 2 * np.pi)
    axis = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-np.sin(turn), np.cos(turn)])
    speed = np.sqrt((1 + e) / (1 - e) / size) * random.choice([-1, 1])
    return np.concatenate([size * (1 - e) * axis, speed * across])

  return start


orbit = ellipse(0.05, 0.5)


def comet(random: np.random.Generator) -> np.ndarray:
  """Anywhere on a long Kepler ellipse, always the same way round."""
  size, e = random.uniform(0.8, 1.6), random.uniform(0.7, 0.95)
  turn, mean = random.uniform(0, 2 * np.pi, 2)
  # Kepler's equation for the eccentric anomaly.
  at = scipy.optimize.brentq(lambda a: a - e * np.sin(a) - mean, -1, 8)
  across = np.sqrt(1 - e * e)
  place = size * np.array([np.cos(at) - e, across * np.sin(at)])
  speed = np.array([-np.sin(at), across * np.cos(at)])
  speed /= np.sqrt(size) * (1 - e * np.cos(at))
  cos, sin = np.cos(turn), np.sin(turn)
  turned = np.array([[cos, -sin], [sin, cos]])
  return np.concatenate([turned @ place, turned @ speed])


def pair(random: np.random.Generator) -> np.ndarray:
  """Two unit masses on nearly circular orbits, drifting together."""
  radius = random.uniform(0.5, 1.5)
  turn = random.uniform(0, 2 * np.pi)
  place = radius * np.array([np.cos(turn), np.sin(turn)])
  across = np.array([-np.sin(turn), np.cos(turn)]) / np.sqrt(4 * radius)
  velocity = across * random.uniform(0.85, 1.15) * random.choice([-1, 1])
  common = random.uniform(-0.1, 0.1, 2)
  return np.concatenate([place, -place, velocity + common, common - velocity])


def bound_pair(random: np.random.Generator) -> np.ndarray:
  """Two unit masses around the origin, where they are farthest apart."""
  radius, turn = random.uniform(.5, 1.5), random.uniform(-np.pi, np.pi)
  speed = random.uniform(.7, 1.) * .5 / np.sqrt(radius)
  place = radius * np.array([np.cos(turn), np.sin(turn)])
  across = speed * np.array([-np.sin(turn), np.cos(turn)])
  return np.concatenate([place, -place, across, -across])


def hanging(random: np.random.Generator) -> np.ndarray:
  """The bob of a unit rod, within a radian of rest and not faster than 1."""
  turn, speed = random.uniform(-1, 1, 2)
  sin, cos = np.sin(turn), np.cos(turn)
  return np.array([sin, -cos, speed * cos, speed * sin])


def triangle(random: np.random.Generator) -> np.ndarray:
  """Three bodies near the corners of a triangle that turns, and drifts."""
  turns = (2 * np.pi * np.arange(3) / 3 + random.uniform(-.4, .4, 3) +
           random.uniform(0, 2 * np.pi))
  places = random.uniform(.8, 1.2, (3, 1)) * np.stack(
      [np.cos(turns), np.sin(turns)], axis=-1)
  around = random.choice([-1, 1]) * random.uniform(.4, .7, (3, 1))
  velocities = (
      around * np.stack([-np.sin(turns), np.cos(turns)], axis=-1) +
      random.uniform(-.15, .15, (3, 2)) + random.uniform(-.3, .3, 2))
  return np.concatenate([places.ravel(), velocities.ravel()])


def with_input(start: Start) -> Start:
  """Starts of a system with an input: a sum of two oscillations.

  The input's own columns are those of `driven.INPUT`. Amplitudes, phases and
  frequencies differ by trial.
  """

  def both(random: np.random.Generator) -> np.ndarray:
    size = random.uniform(.2, .6, 2)
    phase = random.uniform(0, 2 * np.pi, 2)
    rate = random.uniform([.4, 1.2], [.9, 2.2])
    value, slope = size * np.cos(phase), -size * rate * np.sin(phase)
    return np.r_[start(random), value.sum(), value[1], slope, rate**2]

  return both
