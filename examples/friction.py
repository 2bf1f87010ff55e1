"""A spring with friction, of which only positions were measured."""

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

import noether_jax as nj

TIMES = np.linspace(0, 20, 401)


def measure(size, random):
  """Return noisy positions `[T, 1]` after a release at rest."""
  field = lambda t, s: (s[1], -4 * s[0] - .08 * s[1])
  path = solve_ivp(field, (0, 20), (size, 0), t_eval=TIMES, rtol=1e-9).y[0]
  return (path + .01 * random.standard_normal(len(path)))[:, None]


def main():
  """Return a figure: the energy, what friction took, and their sum."""
  random = np.random.default_rng(0)
  positions = [measure(size, random) for size in np.linspace(.5, 2, 10)]
  found = nj.discover(positions, TIMES, columns="x:m")
  print(found)
  law = found.laws[0]
  figure, axes = plt.subplots(figsize=(6, 4.2))
  for n, style in ((9, "-"), (4, "--")):
    times, states = found.data.times[n], found.data.states[n]
    energy = law(states)
    taken = sum(x.coefficient * x.term.along(times, states) for x in law.losses)
    axes.plot(times, energy, "C0" + style, label="energy")
    axes.plot(times, taken, "C1" + style, label="taken by friction")
    axes.plot(times, energy + taken, "C2" + style, label="sum")
  handles, labels = axes.get_legend_handles_labels()
  axes.legend(handles[:3], labels[:3])
  axes.set(xlabel="t (s)", title=law.text)
  return figure
