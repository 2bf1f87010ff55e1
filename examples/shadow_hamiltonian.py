"""What symplectic Euler steps conserve: not the energy, but one beside it.

For dq/dt = p, dp/dt = -sin q and step h, backward error analysis gives
p^2 - 2 cos q - h p sin q + O(h^2).
"""

import matplotlib.pyplot as plt
import numpy as np

import noether_jax as nj

STEP, EVERY, SAMPLES = .0025, 20, 240


def steps(q):
  """Return every 20th state of symplectic Euler from rest, `[T, 2]`."""
  p, path = 0., []
  for _ in range(EVERY * SAMPLES):
    path.append((q, p))
    p -= STEP * np.sin(q)
    q += STEP * p
  return np.array(path)[::EVERY]


def main():
  """Return a figure: the change of the energy and of the discovered law."""
  states = [steps(angle) for angle in np.linspace(.3, 2.4, 10)]
  times = STEP * EVERY * np.arange(SAMPLES)
  law = nj.discover(states, times, columns={"q": "rad", "p": "1/s"}).laws[0]
  print(law.text)
  q, p = states[7].T
  figure, axes = plt.subplots(figsize=(6, 4.2), layout="constrained")
  for name, value in [("energy, p^2 - 2 cos(q)", p**2 - 2 * np.cos(q)),
                      (law.text, law(states[7]))]:
    axes.semilogy(times[1:], np.abs(value - value[0])[1:], label=name)
  axes.set(xlabel="t", ylabel="change since the first state")
  axes.legend(loc="upper center", bbox_to_anchor=(.5, 1.2))
  return figure
