"""The planets around the Sun, from the JPL ephemeris DE421."""

from collections.abc import Iterator, Sequence
import dataclasses
from typing import Any

import tensorflow_datasets as tfds

from datasets import features
from noether_jax.data import ephemeris

_CITATION = """\
@techreport{folkner2009planetary,
  title={The Planetary and Lunar Ephemeris {DE} 421},
  author={Folkner, William M. and Williams, James G. and Boggs, Dale H.},
  institution={Jet Propulsion Laboratory, IPN Progress Report 42-178},
  year={2009},
}"""


@dataclasses.dataclass(eq=False, kw_only=True)
class Config(tfds.core.BuilderConfig):
  """Arguments of `ephemeris.planet_states`; made by `config`."""
  bodies: tuple[str, ...]
  start: float
  stop: float
  step_days: float


def config(*,
           bodies: Sequence[str] = ephemeris.PLANETS,
           start: ephemeris.Date = "2000-01-01",
           stop: ephemeris.Date = "2012-01-01",
           step_days: float = 10.0) -> Config:
  """A configuration whose name tells all its values.

  Args:
    bodies: see `ephemeris.planet_states`, as are the others.
    start: first date, TDB.
    stop: last date, TDB.
    step_days: days between samples.

  Returns:
    The builder's configuration.

  Raises:
    ValueError: if a date cannot be read, or a body is unknown.
  """
  bodies = (bodies,) if isinstance(bodies, str) else tuple(bodies)
  first, last = ephemeris.julian_date(start), ephemeris.julian_date(stop)
  ephemeris.check_bodies(bodies)
  step_days = float(step_days)
  label = "all" if bodies == ephemeris.PLANETS else "+".join(bodies)
  return Config(name=f"{label}-jd{first}-jd{last}-step{step_days}",
                bodies=bodies,
                start=first,
                stop=last,
                step_days=step_days)


class Builder(tfds.core.GeneratorBasedBuilder):
  """Heliocentric orbits, one planet an example, all in train.

  Features (float64): time [T], days since the first sample; julian_dates [T],
  TDB; positions [T, 3], AU; velocities [T, 3], AU/day, both relative to the Sun
  in the axes of the ICRF; body, its name; trajectory, its number. A planet with
  moons is its system's barycentre; see `noether_jax.data.ephemeris`.
  """
  VERSION = tfds.core.Version("1.0.0")
  BUILDER_CONFIGS = [config()]

  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
        description="Planets relative to the Sun from JPL DE421.",
        citation=_CITATION,
        license="DE421 is a work of NASA/JPL, distributed freely.",
        homepage="https://ssd.jpl.nasa.gov/planets/eph_export.html",
        features=tfds.features.FeaturesDict({
            "time": features.array(None, doc="day"),
            "julian_dates": features.array(None, doc="day, TDB"),
            "positions": features.array(None, 3, doc="AU"),
            "velocities": features.array(None, 3, doc="AU/day"),
            "body": tfds.features.Text(doc="name"),
            "trajectory": features.index("number of the body"),
        }),
        disable_shuffling=True)

  def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
    del dl_manager
    chosen = self.builder_config
    states = ephemeris.planet_states(chosen.bodies, chosen.start, chosen.stop,
                                     chosen.step_days)
    return {"train": self._generate_examples(states)}

  def _generate_examples(
      self,
      states: ephemeris.PlanetStates) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, body in enumerate(states.bodies):
      yield number, {
          "time": states.time,
          "julian_dates": states.julian_dates,
          "positions": states.positions[number],
          "velocities": states.velocities[number],
          "body": body,
          "trajectory": number,
      }
