"""Learns one conserved quantity more: a network, fitted and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.discovery.gradients import outside
from noether_jax.discovery.gradients import span
from noether_jax.discovery.moments import parallel
from noether_jax.discovery.moments import whitening
from noether_jax.discovery.network_paths import Paths
from noether_jax.learned.independence import independent_residuals
from noether_jax.learned.least_squares import Fit
from noether_jax.learned.least_squares import levenberg_marquardt
from noether_jax.networks import structured
from noether_jax.networks.structured import Structure
from noether_jax.types import Array
from noether_jax.types import Params

_RANK_TOLERANCE = 1e-11
_CANDIDATES = 40
# What a quantity may change in any case, so that exact functions of known laws
# gain nothing by their exactness.
_FLOOR = 1e-9
# Training goes on in rounds of so many steps while they still gain so much.
_STEPS, _ROUNDS, _GAIN = 10, 10, .9
# Weights and a combination depend on each other; states count alike where noise
# makes less than this part of the usual change.
_WEIGHTINGS, _NOISE_FLOOR = 2, .1
_ANCHOR, _DAMPING = 1e-4, 1e-3

Gradient = Callable[[np.ndarray], np.ndarray]


class Grade(NamedTuple):
  """How well a quantity is conserved, beside how much it varies by itself.

  Attributes:
    chosen: scatter within the trajectories that it was fitted to, over its
      total scatter and its variation apart from known laws (see `parallel`).
    held_out: the same within the other trajectories.
    free: sine of the angle of its gradient to those of the known laws.
    noise: what noise of the states lets `chosen` and `held_out` be.
  """
  chosen: float
  held_out: float
  free: float
  noise: float


@dataclasses.dataclass(frozen=True, eq=False)
class Seen:
  """Features of a network on some of the paths.

  Attributes:
    values: `[N, L, F]`.
    slopes: `[N, L, F, D]`, gradients by columns over their spread.
    sigma: `[D]`, the noise that is left in the states, over the spread.
  """
  values: np.ndarray
  slopes: np.ndarray
  sigma: np.ndarray

  @classmethod
  def make(cls, paths: Paths, states: np.ndarray, structure: Structure,
           params: Params) -> Seen:
    """Evaluate a network's features at states `[N, L, D]`."""
    values, slopes = structured.network_features(structure, params, states)
    return cls(values, slopes * paths.spread, paths.sigma / paths.scale)

  def take(self, index: Sequence[int]) -> Seen:
    """Some of the features."""
    some = np.array(index)
    return dataclasses.replace(self,
                               values=self.values[..., some],
                               slopes=self.slopes[..., some, :])

  def combined(self, readout: np.ndarray) -> Seen:
    """A combination `[F]` as the only feature."""
    return dataclasses.replace(self,
                               values=(self.values @ readout)[..., None],
                               slopes=np.einsum("nlfd,f->nld", self.slopes,
                                                readout)[..., None, :])

  @property
  def noise(self) -> np.ndarray:
    """`[N, L]`, what noise adds to the variance of all features together."""
    return np.sum((self.slopes * self.sigma)**2, axis=(-1, -2))

  def shares(self) -> np.ndarray:
    """`[N, L]`, how much each state counts in its trajectory; sums to 1.

    Where a feature is steep, noise would swamp all scatter. So a state counts
    by the inverse of its noise, but for a tenth of the usual noise.
    """
    noise = self.noise
    floor = _NOISE_FLOOR * float(np.median(noise))
    weights = 1 / np.maximum(noise, floor) if floor > 0 else np.ones_like(noise)
    return weights / weights.sum(1, keepdims=True)

  def scatter(self, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return deviations within trajectories `[N L, F]` and means `[N, F]`.

    The deviations' squares sum to the mean variance within a trajectory.
    """
    means = np.einsum("nl,nlf->nf", shares, self.values)
    root = np.sqrt(shares / len(shares))[..., None]
    within = (self.values - means[:, None]) * root
    return within.reshape(-1, within.shape[-1]), means


def solved_readout(seen: Seen, paths: Paths, known: np.ndarray) -> np.ndarray:
  """Return the combination that varies least along the chosen paths.

  Its scatter is compared with its total scatter and with the part of its
  gradient apart from the known laws', so no function of them wins.

  Args:
    seen: features on the chosen paths.
    paths: the trajectories.
    known: `[B, K, D]`, gradients of known laws at the points.

  Returns:
    `[F]`.
  """
  size = np.maximum(seen.values.std((0, 1)), 1e-12)
  scaled = dataclasses.replace(seen,
                               values=seen.values / size,
                               slopes=seen.slopes / size[:, None])
  free = outside(paths.flat(scaled.slopes), span(known))
  free = free.transpose(1, 0, 2).reshape(len(size), -1)
  free = free @ free.T / len(paths.points)
  shares = scaled.shares()
  readout = np.zeros(len(size))
  for _ in range(_WEIGHTINGS if np.any(seen.sigma) else 1):
    within, means = scaled.scatter(shares)
    total = within.T @ within + np.cov(means.T, bias=True).reshape(free.shape)
    whiten = whitening(parallel(total, free), _RANK_TOLERANCE)
    # Singular values: the squares of a law without noise are below round-off.
    _, sizes, axes = np.linalg.svd(within @ whiten, full_matrices=False)
    some = whiten @ axes[-_CANDIDATES:].T
    change = np.diag(sizes[-_CANDIDATES:]**2) + _FLOOR * some.T @ total @ some
    readout = some @ np.linalg.eigh(change)[1][:, 0]
    shares = scaled.combined(readout).shares()
  return readout / size


def grade(chosen: Seen, held_out: Seen, paths: Paths, readout: np.ndarray,
          known: np.ndarray) -> Grade:
  """Judge a combination `[F]` of features; see `solved_readout`."""
  scatters, means, noises = [], [], []
  for seen in (chosen, held_out):
    one = seen.combined(readout)
    shares = one.shares()
    within, mean = one.scatter(shares)
    scatters.append(float(np.sum(within**2)))
    noises.append(float(np.mean(np.sum(shares * one.noise, 1))))
    means.append(mean)
  total = float(np.mean(scatters) + np.concatenate(means).var())
  slope = np.einsum("bfd,f->bd", paths.flat(chosen.slopes), readout)
  free = outside(slope[:, None], span(known))[:, 0]
  share = np.linalg.norm(free, axis=-1) / np.maximum(
      np.linalg.norm(slope, axis=-1), 1e-300)
  varies = float(np.mean(np.sum(free**2, -1)))
  whole = total * varies / max(total + varies, 1e-300) + 1e-300
  return Grade(scatters[0] / whole, scatters[1] / whole,
               float(np.median(share)),
               max(noises) / whole)


@functools.partial(jax.jit, static_argnums=0)
def _refined(structure: Structure, train: Params, damping: Array, fixed: Params,
             states: Array, directions: Array, known: Array,
             scale: Array) -> Fit:
  """Levenberg-Marquardt on the angle between gradient and velocity."""

  def residuals(train: Params, example: tuple[Array, Array, Array]) -> Array:
    x, unit, basis = example
    slope = structured.network_gradient(structure, {
        **fixed,
        **train
    }, x) * scale
    return independent_residuals(slope, unit, basis)

  return levenberg_marquardt(residuals,
                             train, (states, directions, known),
                             num_steps=_STEPS,
                             damping=damping,
                             anchor=_ANCHOR)


def refine_network(paths: Paths, structure: Structure, params: dict[str, Any],
                   known: np.ndarray) -> dict[str, Any]:
  """Train hidden layers and read-out on the measured velocities.

  Args:
    paths: the trajectories.
    structure: of the network.
    params: with a read-out, where the training begins.
    known: `[B, K, D]`, gradients of known laws at the points.

  Returns:
    The parameters.
  """
  axes = span(known)
  most = max(paths.chosen.shape[-1] - 1 - axes.shape[1], 0)
  # One shape for any number of known laws: nothing is compiled twice.
  axes = np.pad(axes, ((0, 0), (0, most), (0, 0)))
  train = {k: params[k] for k in ("layers", "readout")}
  fixed = {k: params[k] for k in ("mean", "scale")}
  # In single precision a gradient errs by more than a law may change.
  with jax.enable_x64(True):
    train, *data = jax.tree.map(jnp.asarray,
                                (train, fixed, paths.flat(paths.chosen),
                                 paths.directions, axes, paths.spread))
    fit = Fit(train, jnp.zeros(1), jnp.asarray(_DAMPING))
    for _ in range(_ROUNDS):
      fit = _refined(structure, fit.params, fit.damping, *data)
      if not fit.costs[-1] < _GAIN * fit.costs[0]:
        break
    return {**params, **jax.tree.map(np.asarray, fit.params)}
