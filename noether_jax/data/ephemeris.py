"""Heliocentric states of the planets from the JPL ephemeris DE421.

DE421 is a numerical integration of the solar system fitted to observations
(Folkner, Williams and Boggs 2009, IPN Progress Report 42-178). It reaches from
1899-07-29 to 2053-10-09 and comes with the package skyfield-data, so nothing is
downloaded. Times are barycentric dynamical time (TDB), axes are those of the
International Celestial Reference Frame (equatorial).
"""

from collections.abc import Sequence
import dataclasses
import datetime
import importlib
import importlib.util
import pathlib
from typing import Any

import numpy as np

# IAU 2012 Resolution B2. DE421's own value is 2.5e-12 (relative) smaller.
KM_PER_AU = 149597870.7

# The Sun's GM by which DE421 was integrated (Gauss's constant squared),
# AU^3/day^2.
SUN_GM = 0.01720209895**2

# Most segments of DE421 are relative to the solar system's barycentre; the
# Earth and the Moon are relative to their common one. A body is a path of
# (centre, target) segments whose sum leads to it.
_EARTH_MOON = (0, 3)
_SEGMENTS = {
    "mercury": ((0, 1),),
    "venus": ((0, 2),),
    "earth_moon": (_EARTH_MOON,),
    "mars": ((0, 4),),
    "jupiter": ((0, 5),),
    "saturn": ((0, 6),),
    "uranus": ((0, 7),),
    "neptune": ((0, 8),),
    "pluto": ((0, 9),),
    "earth": (_EARTH_MOON, (3, 399)),
    "moon": (_EARTH_MOON, (3, 301)),
}
_SUN = (0, 10)

INNER_PLANETS = ("mercury", "venus", "earth_moon", "mars")
PLANETS = INNER_PLANETS + ("jupiter", "saturn", "uranus", "neptune")

Date = str | float | datetime.date


@dataclasses.dataclass(frozen=True)
class PlanetStates:
  """States of N bodies at T common times, relative to the Sun's centre.

  Attributes:
    bodies: the N names, in the order asked for.
    julian_dates: `[T]` float64, TDB Julian dates in days.
    time: `[T]` float64, days since the first date.
    positions: `[N, T, 3]` float64, AU, equatorial axes (ICRF).
    velocities: `[N, T, 3]` float64, AU/day.
  """
  bodies: tuple[str, ...]
  julian_dates: np.ndarray
  time: np.ndarray
  positions: np.ndarray
  velocities: np.ndarray


def julian_date(date: Date) -> float:
  """Return the Julian date of a calendar date at 0 h, or the number itself.

  Args:
    date: an ISO date such as "2000-01-01" (Gregorian), a `datetime.date`, or
      a Julian date in days.

  Returns:
    Julian date in days.

  Raises:
    ValueError: if the text is no ISO date, or the number is not finite.

  Example:
    >>> julian_date("2000-01-01")
    2451544.5
  """
  if isinstance(date, str):
    try:
      date = datetime.date.fromisoformat(date)
    except ValueError:
      raise ValueError(f"date must read YYYY-MM-DD, got {date!r}") from None
  if isinstance(date, datetime.date):
    return date.toordinal() + 1721424.5
  if not np.isfinite(date):
    raise ValueError(f"Julian date must be finite, got {date}")
  return float(date)


def check_bodies(bodies: Sequence[str]) -> None:
  """Check that DE421 has the bodies, and that there is at least one.

  Args:
    bodies: their names.

  Raises:
    ValueError: naming what is unknown, and what is known.
  """
  unknown = [body for body in bodies if body not in _SEGMENTS]
  if unknown or not bodies:
    raise ValueError(f"bodies must be out of {', '.join(_SEGMENTS)}: got "
                     f"{', '.join(map(str, unknown)) or 'none'}")


def planet_states(bodies: Sequence[str] = PLANETS,
                  start: Date = "2000-01-01",
                  stop: Date = "2012-01-01",
                  step_days: float = 10.0) -> PlanetStates:
  """Return positions and velocities relative to the Sun, at equal time steps.

  The Sun's own barycentric state is subtracted from each body's, so the frame
  is not inertial and the planets pull at each other: v^2/2 - GM/r varies from
  peak to peak, in the default 12 years, by 1.1e-5 of itself for Mercury, 4.5e-5
  for earth_moon, 7e-4 for Jupiter and 7e-3 for Saturn.

  A planet with moons stands for the barycentre of its system, because that
  point, not the planet's centre, follows the orbit. "earth_moon" is such a
  barycentre and the default. "earth" and "moon" are the bodies themselves; the
  Moon swings the Earth's velocity by 12 m/s to either side every month, so that
  the same energy varies by 1.9e-3.

  Args:
    bodies: names out of mercury, venus, earth_moon, mars, jupiter, saturn,
      uranus, neptune, pluto, earth, moon.
    start: first date, TDB; see `julian_date`.
    stop: last date, TDB; it is included if a step falls on it.
    step_days: time between samples in days, positive.

  Returns:
    `PlanetStates`, velocities being derivatives of DE421's own polynomials, not
    finite differences.

  Raises:
    ImportError: if the extra `planets` is not installed.
    ValueError: for an unknown body, no body, a step that is not positive, a
      stop before the start, or dates that DE421 does not cover.

  Example:
    >>> states = planet_states(["mars"], "2020-01-01", "2020-01-11", 5)
    >>> states.positions.shape, states.time.tolist()
    ((1, 3, 3), [0.0, 5.0, 10.0])
  """
  bodies = (bodies,) if isinstance(bodies, str) else tuple(bodies)
  check_bodies(bodies)
  first, last = julian_date(start), julian_date(stop)
  if not (np.isfinite(step_days) and step_days > 0):
    raise ValueError(f"step_days must be positive, got {step_days}")
  if last < first:
    raise ValueError(f"stop must not precede start: {stop} < {start}")
  # The tolerance keeps a stop that rounding put just out of reach.
  count = int(np.floor((last - first) / step_days + 1e-9)) + 1
  time = step_days * np.arange(count, dtype=np.float64)
  spk_class, path = _ephemeris_file()
  with spk_class.open(str(path)) as kernel:
    _check_covered(kernel, first, first + time[-1])
    sun = _state(kernel, (_SUN,), first, time)
    states = [
        _state(kernel, _SEGMENTS[body], first, time) - sun for body in bodies
    ]
  stacked = np.stack(states) / KM_PER_AU
  return PlanetStates(bodies, first + time, time, stacked[:, 0], stacked[:, 1])


def _ephemeris_file() -> tuple[Any, pathlib.Path]:
  """Return the reader's class and the path of de421.bsp."""
  # The package's own path function warns about an expired file of Earth
  # rotation that is not read here, so the path is taken from the module.
  spec = importlib.util.find_spec("skyfield_data")
  try:
    if spec is None or spec.origin is None:
      raise ImportError("skyfield_data is missing")
    spk = importlib.import_module("jplephem.spk")
  except ImportError as error:
    raise ImportError(f"the planets' ephemeris needs jplephem and "
                      f"skyfield-data ({error}): pip install "
                      f"'noether-jax[planets]'") from error
  path = pathlib.Path(spec.origin).parent / "data" / "de421.bsp"
  if not path.exists():
    raise ImportError(f"{path} is missing: reinstall skyfield-data with pip "
                      f"install --force-reinstall 'noether-jax[planets]'")
  return spk.SPK, path


def _check_covered(kernel: Any, first: float, last: float) -> None:
  """Raise ValueError unless the ephemeris holds both dates."""
  segment = kernel[_SUN]
  if first < segment.start_jd or last > segment.end_jd:
    raise ValueError(
        f"DE421 covers Julian dates {segment.start_jd} to {segment.end_jd} "
        f"(1899-07-29 to 2053-10-09): got {first} to {last}")


def _state(kernel: Any, segments: Sequence[tuple[int, int]], start: float,
           time: np.ndarray) -> np.ndarray:
  """Return the barycentric state `[2, T, 3]`: km, km/day."""
  total = np.zeros((2, 3, time.size))
  for segment in segments:
    # Two-part dates: a Julian date in one float64 resolves only 40 us.
    total += np.stack(kernel[segment].compute_and_differentiate(start, time))
  return np.swapaxes(total, 1, 2)
