"""A pendulum with friction: its energy falls by what the friction takes."""

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

import noether_jax as nj

TIMES = np.linspace(0, 20, 401)


def swing(angle, friction):
  """Return states `[T, 2]`, angle and angular velocity, from rest."""
  field = lambda t, s: (s[1], -9.81 * np.sin(s[0]) - friction * s[1])
  return solve_ivp(field, (0, 20), (angle, 0), t_eval=TIMES, rtol=1e-9).y.T


def main():
  """Return a figure: the energy over time, by friction, with the verdicts."""
  figure, axes = plt.subplots(figsize=(6, 4.2))
  for friction in (0., .01, .1):
    states = [swing(angle, friction) for angle in np.linspace(.4, 2.8, 8)]
    found = nj.discover(states, TIMES, columns={"q": "rad", "w": "rad/s"})
    print(f"friction {friction}: {found}")
    q, w = states[4].T
    law = found.laws[0].text if found.laws else ""
    axes.plot(TIMES,
              w**2 / 2 + 9.81 * (1 - np.cos(q)),
              label=f"friction {friction:g}: {found.verdict}\n{law}".strip())
  axes.set(xlabel="t (s)", ylabel="energy (1/s²)", ylim=(0, None))
  axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(.5, -.15))
  return figure
