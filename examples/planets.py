"""The laws of four planets, from JPL's ephemeris (extra `planets`)."""

import matplotlib.pyplot as plt
import numpy as np

import noether_jax as nj
from noether_jax.data import ephemeris

COLUMNS = "x:AU,y:AU,z:AU,vx:AU/day,vy:AU/day,vz:AU/day"


def main():
  """Return a figure: the orbits, and how little each law changes on them."""
  seen = ephemeris.planet_states(ephemeris.INNER_PLANETS, "2000-01-01",
                                 "2004-01-01", 4.)
  states = np.concatenate([seen.positions, seen.velocities], -1)  # [4, T, 6]
  found = nj.discover(states, seen.time, columns=COLUMNS)
  print(found)
  figure, (orbits, changes) = plt.subplots(1,
                                           2,
                                           figsize=(10, 4.2),
                                           layout="constrained")
  for body, path in zip(seen.bodies, states):
    orbits.plot(path[:, 0], path[:, 1], label=body.replace("_", "-"))
  orbits.plot(0, 0, "o", color="orange")
  orbits.set(aspect="equal", xlabel="x (AU)", ylabel="y (AU)")
  orbits.legend(loc="upper center", ncols=4, bbox_to_anchor=(.5, 1.15))
  for law in found.laws:
    values = np.stack([law(path) for path in states])
    change = values[3] - values[3, 0]  # Mars.
    changes.plot((seen.time - seen.time[0]) / 365.25,
                 1e6 * change / np.ptp(values.mean(1)),
                 label=law.text)
  changes.set(xlabel="years",
              title="Mars: change of each law",
              ylabel="millionths of the difference between planets")
  changes.legend(fontsize="small")
  return figure
