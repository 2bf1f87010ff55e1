"""Do laws agree? An energy implies how the system moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import dataclasses

import numpy as np

from noether_jax.discovery.forms import Combination
from noether_jax.discovery.forms import Form
from noether_jax.discovery.law import Law
from noether_jax.discovery.roles import multiple
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import gradients
from noether_jax.reporting import verdicts

# A law contradicts a motion if its derivative exceeds this part of the root sum
# of squares of the columns' contributions, and so many standard errors.
_PART, _SIGMAS = .02, 3.
# Noise must leave room for a change of this part of a law's variance.
_ROOM = .001
# By how much the gradient by velocities may differ from masses times them; of
# masses with a larger condition number, accelerations are uncertain.
_LINEAR, _SINGULAR = 1e-6, 1e3
# Velocities are derivatives if their factor differs from 1 by less.
_ONE = .05
# The changes over up to so many samples must be those of an energy's motion,
# but for so many times what noise and this part of them add. Noise is that of
# about so many neighbouring smooth states together.
_MOST_STEPS, _TIMES, _LEFT, _CORRELATED = 32, 2., .01, 8
_STATES = 600


def settled(laws: Sequence[Law], samples: Samples,
            subject: Subject) -> tuple[Law, ...]:
  """Doubt a law that contradicts another one, where noise hides its change.

  An energy v' M v / 2 + V(q) of all columns implies the accelerations
  -M^-1 dV/dq. By these, another law must not change: the direction of a
  perihelion is conserved only if the force is that of a point mass. Noise may
  hide that the force differs. Of two laws that contradict each other, the one
  whose residual is less white is in doubt. An energy is skipped if the data do
  not follow its motion: a magnetic force does no work.

  Args:
    laws: that were found.
    samples: the trajectories.
    subject: the roles of their columns.

  Returns:
    The laws in their order, some with the verdict "cannot tell".
  """
  columns = sorted(i for pair in subject.velocities for i in pair)
  if (not samples.noisy or samples.rates is not None or
      columns != list(range(len(samples.variables)))):
    return tuple(laws)
  states = samples.sample(_STATES)
  sure = [k for k, w in enumerate(laws) if w.verdict == verdicts.CONSERVED]
  against = set()
  for k in sure:
    motion = _Motion.make(laws[k].form, samples, subject)
    if motion is None or not motion.is_followed():
      continue
    against |= {
        frozenset((k, j))
        for j in sure
        if j != k and motion.changes(laws[j], states)
    }
  out = list(laws)
  kept: list[int] = []
  for k in sorted(sure,
                  key=lambda i: (laws[i].evidence.colour, len(laws[i].terms))):
    doubted = any(frozenset((k, j)) in against for j in kept)
    if doubted and laws[k].evidence.corrected > _ROOM:
      out[k] = dataclasses.replace(laws[k],
                                   verdict=verdicts.UNKNOWN,
                                   reason=verdicts.CONTRADICTION)
    else:
      kept.append(k)
  return tuple(out)


@dataclasses.dataclass(frozen=True, eq=False)
class _Motion:
  """The motion that an energy implies.

  Attributes:
    energy: of k terms.
    samples: the trajectories.
    masses: `[n, n]`, M.
    factors: `[n]`, what velocities are multiplied by to be derivatives.
    positions: indices of n columns.
    velocities: of theirs, momenta or velocities.
  """
  energy: Combination
  samples: Samples
  masses: np.ndarray
  factors: np.ndarray
  positions: list[int]
  velocities: list[int]

  @classmethod
  def make(cls, form: Form, samples: Samples,
           subject: Subject) -> _Motion | None:
    """Return the motion; None if a form is no such energy."""
    states, rates, _ = samples.rates_of_change
    if not isinstance(form, Combination) or not len(states):
      return None
    positions = [q for q, _ in subject.velocities]
    velocities = [v for _, v in subject.velocities]
    masses = _masses(form, samples, velocities)
    if masses is None:
      return None
    factors = np.array(
        [multiple(rates[:, q], states[:, v])[0] for q, v in subject.velocities])
    factors = np.where(np.abs(factors - 1) < _ONE, 1., factors)
    return cls(form, samples, masses, factors, positions, velocities)

  def flow(self, states: np.ndarray) -> np.ndarray:
    """Return rates of change `[n, D]`; not finite at a singularity."""
    flow = np.zeros_like(states)
    with np.errstate(all="ignore"):
      slopes = np.asarray(self.energy.gradient(states))[:, self.positions]
      flow[:, self.positions] = self.factors * states[:, self.velocities]
      flow[:, self.velocities] = -np.linalg.solve(self.masses,
                                                  (self.factors * slopes).T).T
    return flow

  def is_followed(self) -> bool:
    """Whether the smooth states move as the energy implies, but for noise.

    Noise is in the changes over some samples, and in the states at which the
    motion is evaluated.
    """
    samples, random = self.samples, np.random.default_rng(0)
    sigma = samples.gain * samples.noise.sigma
    errors, noises, changes = [], [], []
    for states, times in zip(samples.states, samples.times):
      steps = int(np.clip(len(times) // _CORRELATED, 1, _MOST_STEPS))
      knots = random.normal(size=(len(times) // _CORRELATED + 1,
                                  states.shape[1]))
      moved = states + sigma * np.repeat(knots, _CORRELATED, 0)[:len(times)]
      change = states[steps:] - states[:-steps]
      own = _integral(self.flow(states), times, steps)
      other = _integral(self.flow(moved), times, steps)
      known = np.isfinite(own).all(1) & np.isfinite(other).all(1)
      errors.append((change - own)[known])
      noises.append((other - own)[known])
      changes.append(change[known])
    square = lambda parts: np.mean(np.concatenate(parts)**2, axis=0)
    noise = square(noises) + 2 * sigma**2 + _LEFT * square(changes)
    return bool(np.all(square(errors) < _TIMES * noise))

  def changes(self, law: Law, states: np.ndarray) -> bool:
    """Whether a law changes by more than coefficients of both explain."""
    form = law.form
    if not isinstance(form, Combination):
      return False
    with np.errstate(all="ignore"):
      slopes = gradients(form.terms, states)
      whole = np.einsum("nkd,k->nd", slopes, form.coefficients)
      flow = self.flow(states)
      parts = whole * flow
      errors = [np.einsum("nkd,nd->nk", slopes, flow) * form.uncertainties]
      for other in self._shifted():
        errors.append(np.sum(whole * (other.flow(states) - flow), 1)[:, None])
    known = np.isfinite(parts).all(1)
    known &= np.all([np.isfinite(e).all(1) for e in errors], axis=0)
    if not known.any():
      return False
    size = lambda values: float(np.sqrt(np.mean(np.sum(values[known]**2, 1))))
    change = size(np.sum(parts, 1, keepdims=True))
    error = np.sqrt(sum(size(e)**2 for e in errors))
    return change > _PART * size(parts) and change > _SIGMAS * error

  def _shifted(self) -> Iterator[_Motion]:
    """Motions of energies with one coefficient changed by its uncertainty."""
    form = self.energy
    for k, error in enumerate(form.uncertainties):
      moved = form.coefficients.copy()
      moved[k] += error
      energy = dataclasses.replace(form, coefficients=moved)
      masses = _masses(energy, self.samples, self.velocities)
      if error and masses is not None:
        yield dataclasses.replace(self, energy=energy, masses=masses)


def _integral(rates: np.ndarray, times: np.ndarray, steps: int) -> np.ndarray:
  """Integrals `[T - steps, D]` over so many samples each."""
  with np.errstate(all="ignore"):
    mean = (rates[1:] + rates[:-1]) / 2 * np.diff(times)[:, None]
    moved = np.vstack([np.zeros_like(mean[:1]), np.cumsum(mean, 0)])
    return moved[steps:] - moved[:-steps]


def _masses(form: Combination, samples: Samples,
            velocities: list[int]) -> np.ndarray | None:
  """Return M if the gradient by the velocities is M v, else None."""
  states = samples.sample(_STATES)
  scale = samples.spread[velocities]
  with np.errstate(all="ignore"):
    slopes = np.asarray(form.gradient(states))[:, velocities] * scale
  known = np.isfinite(slopes).all(1)
  moving = (states[:, velocities] / scale)[known]
  slopes = slopes[known]
  if not known.any():
    return None
  masses = np.linalg.lstsq(moving, slopes, rcond=None)[0]
  error = np.abs(slopes - moving @ masses)
  if not np.all(error <= _LINEAR *
                np.abs(slopes).max(0)) or np.linalg.cond(masses) > _SINGULAR:
    return None
  return masses / scale / scale[:, None]
