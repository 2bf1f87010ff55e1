"""Data sets that noether-discover knows by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from noether_jax.data import ephemeris
from noether_jax.data.columns import parse_columns
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.law import Law
from noether_jax.errors import InputError

# Of the ecliptic at J2000 against the ephemeris' equator (IAU 1976).
_OBLIQUITY = np.deg2rad(84381.448 / 3600)


def planets() -> Trajectories:
  """Heliocentric orbits of the four inner planets, 2000 to 2004, from DE421.

  The Earth stands for the barycentre of Earth and Moon. Axes are those of the
  ecliptic, so that the orbits lie near the plane of x and y.

  Returns:
    Four trajectories; AU and AU/day, every four days.

  Raises:
    InputError: if the extra `planets` is not installed.
  """
  try:
    found = ephemeris.planet_states(ephemeris.INNER_PLANETS, "2000-01-01",
                                    "2004-01-01", 4.)
  except ImportError as error:
    raise InputError(str(error).splitlines()[0]) from error
  cos, sin = np.cos(_OBLIQUITY), np.sin(_OBLIQUITY)
  turn = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])
  states = np.concatenate([found.positions @ turn.T, found.velocities @ turn.T],
                          axis=-1)
  variables = parse_columns("x:AU,y:AU,z:AU,vx:AU/day,vy:AU/day,vz:AU/day")
  return Trajectories(
      variables, tuple(b.replace("_", "-").title() for b in found.bodies),
      (found.time,) * len(states), tuple(states), "day",
      ("Mercury, Venus, the Earth-Moon barycentre and Mars around the Sun, "
       "2000 to 2004, JPL ephemeris DE421, ecliptic axes",))


def planet_notes(laws: Sequence[Law]) -> list[str]:
  """Compares what was found with the Sun's GM by which DE421 was made."""
  notes = []
  for law in laws:
    if [t.text for t in law.terms] == ["|v|^2", "1/|r|"]:
      twice = 2 * law.coefficients[0]
      value = -law.coefficients[1] / twice
      spread = law.uncertainties[1] / abs(twice)
      known = ephemeris.SUN_GM
      notes.append(f"|v|^2 / 2 - GM / |r| with GM = ({value * 1e4:.6f} +- "
                   f"{spread * 1e4:.6f}) 1e-4 AU^3/day^2; the Sun's GM is "
                   f"{known * 1e4:.6f}e-4 ({100 * (value / known - 1):+.5f} %)")
  return notes


DATASETS: dict[str, tuple[Callable[[], Trajectories],
                          Callable[[Sequence[Law]], list[str]]]] = {
                              "planets": (planets, planet_notes)
                          }
