"""A pendulum's energy, found in eight swings."""

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

import noether_jax as nj

TIMES = np.linspace(0, 10, 201)


def field(_, state):
  """Return the derivatives of the angle and the angular velocity."""
  return state[1], -9.81 * np.sin(state[0])


def swing(angle):
  """Return states `[T, 2]`, from rest at an angle."""
  return solve_ivp(field, (0, 10), (angle, 0), t_eval=TIMES, rtol=1e-9).y.T


def main():
  """Return a figure: the law's level lines under the swings it is from."""
  states = [swing(angle) for angle in np.linspace(.4, 2.8, 8)]
  found = nj.discover(states, TIMES, columns={"q": "rad", "w": "rad/s"})
  print(found)
  law = found.laws[0]
  q, w = np.meshgrid(np.linspace(-3.3, 3.3, 200), np.linspace(-7, 7, 200))
  figure, axes = plt.subplots(figsize=(6, 4.2))
  levels = sorted(law(path).mean() for path in states)
  axes.contour(q, w, law(np.stack([q, w], -1)), levels, colors="grey")
  for path in states:
    axes.plot(*path.T, ".", markersize=3)
  axes.set(xlabel="q (rad)", ylabel="w (rad/s)", title=law.text)
  return figure
