"""What the noise of differences adds to means over neighbouring samples."""

from __future__ import annotations

from collections.abc import Sequence
import math

import numpy as np

from noether_jax.discovery.samples import Samples


def left_in_means(samples: Samples, changes: Sequence[np.ndarray],
                  size: int) -> float:
  """Return the part of white noise's variance in means of `size` samples.

  A velocity's noise is a difference of its position's, e[t + k] - e[t - k]. It
  cancels in a mean as far as it changes the quantity alike at both ends, and
  adds to what the position's noise does there.

  Args:
    samples: which columns are differences of which.
    changes: N arrays `[T_i, C]`, by how much one standard deviation of each of
      C parts of the noise changes the quantity; the first S are the noisy
      columns, the others are taken as white.
    size: of a block of samples.

  Returns:
    1 for white noise.

  Example:
    >>> from noether_jax.discovery.split import Split
    >>> from noether_jax.symbolic.noise import StateNoise
    >>> two = Samples((), (), (), (), StateNoise(np.ones(2)), np.ones(2), True,
    ...               (), Split.make(3, 0), differences={1: (0, 1)})
    >>> velocity_only = np.tile([0., 1.], (100, 1))
    >>> round(left_in_means(two, [velocity_only], 20), 9)
    0.1
  """
  if not samples.differences:
    return 1.
  place = {column: s for s, column in enumerate(samples.noisy)}
  whole = sum(float(np.sum(a**2)) / len(a) for a in changes)
  change = 0.
  for v, (q, k) in samples.differences.items():
    if v not in place or q not in place:
      continue
    for a in changes:
      near, far = _within(len(a), k, size), _within(len(a), 2 * k, size)
      velocity, position = a[:, place[v]], a[:, place[q]]
      alike = velocity[far] @ velocity[far + 2 * k]
      cross = (position[near + k] @ velocity[near] -
               position[near] @ velocity[near + k])
      change += float(math.sqrt(2) * cross - alike) / len(a)
  return max(1 + change / max(whole, 1e-300), 0.)


def _within(count: int, step: int, size: int) -> np.ndarray:
  """The samples whose neighbour `step` on is in the same block of `size`."""
  start = np.arange(max(count - step, 0))
  return start[start // size == (start + step) // size]
