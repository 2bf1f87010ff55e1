"""Five laws of three bodies, from their equations of motion alone."""

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

import noether_jax as nj

MASSES = np.array([1., 2., 3.])
COLUMNS = ",".join([f"{c}{i}:m" for i in "123" for c in "xy"] +
                   [f"v{c}{i}:m/s" for i in "123" for c in "xy"])
START = [1, 0, -1, .4, .2, -.9, -.2, 1.1, .6, -.5, .1, -.4]


def rates(state):
  """Return velocities and accelerations `[12]`; each two bodies attract."""
  q = state[:6].reshape(3, 2)
  apart = q[None] - q[:, None]  # [3, 3, 2]
  cube = (np.sum(apart**2, -1) + np.eye(3))**1.5
  pull = np.einsum("ijd,ij,j->id", apart, 1 / cube, MASSES)
  return np.concatenate([state[6:], pull.ravel()])


def main():
  """Return a figure: a path of the bodies, and how little the laws change."""
  sample = np.random.default_rng(0).uniform(-2, 2, (600, 12))
  found = nj.discover(equations=rates, sample=sample, columns=COLUMNS)
  print(found)
  path = solve_ivp(lambda t, s: rates(s), (0, 6), START, rtol=1e-10, atol=1e-10)
  figure, (orbits, changes) = plt.subplots(1, 2, figsize=(10, 4.2))
  for i in (0, 2, 4):
    orbits.plot(path.y[i], path.y[i + 1])
  orbits.set(xlabel="x (m)", ylabel="y (m)", title="three bodies")
  for number, law in enumerate(found.laws, 1):
    change = np.abs(law(path.y.T) - law(path.y[:, 0]))
    changes.semilogy(path.t, change + 1e-16, label=law.name or f"law {number}")
  changes.set(xlabel="t (s)", ylim=(1e-14, 1), title="change of each law")
  changes.legend(fontsize="small")
  return figure
