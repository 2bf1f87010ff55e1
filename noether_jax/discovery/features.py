"""The terms of a rung on the samples, and what noise does to them."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np

from noether_jax.discovery import terms as terms_lib
from noether_jax.discovery.gradients import outside
from noether_jax.discovery.gradients import span
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.sigma_points import noise_of_terms
from noether_jax.discovery.terms import Term

# Samples count alike where noise makes less than this part of the usual change.
_FLOOR = .1
_FEW = 300
_REDUNDANT = 1e-12
# A state that makes this part of a term's standard deviation leaves it out.
_ALONE = .95

Weights = tuple[np.ndarray, ...]
AnyTerm = Term | PathTerm


@dataclasses.dataclass(frozen=True, eq=False)
class Features:
  """F terms on N trajectories, each divided by its standard deviation.

  Attributes:
    samples: the trajectories.
    terms: F terms.
    scale: `[F]` what the terms were divided by; infinite for a term that does
      not vary, or is not finite.
    values: N arrays `[T_i, F]` at the smooth states, centred.
    raw: N arrays `[T_i, F]` at the observed states, centred, without the bias
      that noise gives a curved term; NaN where a term has no value.
    swing: N arrays `[T_i, F, C]`: by how much one standard deviation of each of
      C independent parts of the noise changes a term; the first S are the noisy
      columns, the others their squares and products (`sigma_points`; measured
      rates have none).
    slopes: `[m, F, D]`, gradients at the samples' points, by columns over their
      spread.
    walk: `[N, F, F]`: what noise adds from one sample to the next to integrals
      along a trajectory; it sums up to a random walk.

  The last terms may be integrals along a trajectory (`PathTerm`). They have no
  gradient and no noise, and count for nothing in a total scatter.
  """
  samples: Samples
  terms: tuple[AnyTerm, ...]
  scale: np.ndarray
  values: tuple[np.ndarray, ...]
  raw: tuple[np.ndarray, ...]
  swing: tuple[np.ndarray, ...]
  slopes: np.ndarray
  walk: np.ndarray

  @classmethod
  def make(cls, samples: Samples, terms: Sequence[AnyTerm]) -> Features:
    """Evaluate terms.

    Noise changes a term, and shifts its mean, as `noise_of_terms` says.
    """
    state = [t for t in terms if isinstance(t, Term)]
    path = [t for t in terms if isinstance(t, PathTerm)]
    with np.errstate(all="ignore"):
      values = [terms_lib.term_values(state, s) for s in samples.states]
    everything = np.concatenate(values)
    # The squares of larger values, and NaN, are no numbers.
    finite = np.abs(everything).max(0) < 1e150
    everything = np.where(finite, everything, 0.)
    centre, scale = everything.mean(0), everything.std(0)
    usable = finite & (scale > _REDUNDANT * np.abs(everything).max(0))
    # Of an exponential, one state may make all of the scatter.
    alone = _ALONE * np.sqrt(len(everything)) * scale
    if samples.rates is None or samples.rate_noise is not None:
      usable &= np.abs(everything - centre).max(0) < alone
    scale = np.where(usable, scale, np.inf)
    values = [np.where(usable, v - centre, 0.) / scale for v in values]
    if samples.rates is not None:
      values = _changes(samples, state, scale)
    raw = values
    swing = [np.zeros((len(v), len(state), 0)) for v in values]
    if samples.rate_noise is not None:
      raw, swing = values, _rate_swing(samples, state, scale)
    elif samples.noisy:
      raw, swing = _noisy(samples, state, centre, scale)
    with np.errstate(all="ignore"):
      slopes = terms_lib.gradients(state, samples.points)
    slopes = np.where(usable[:, None], slopes, 0.) / scale[:, None]
    features = cls(samples, tuple(state), scale, tuple(values), tuple(raw),
                   tuple(swing),
                   np.nan_to_num(slopes) * samples.spread,
                   np.zeros((len(values), len(state), len(state))))
    return features.with_paths(path) if path else features

  def with_paths(self, paths: Sequence[PathTerm]) -> Features:
    """Return the features with integrals along trajectories after the terms.

    They are of the observed states: a smoother flattens peaks, and what it
    takes from each adds up. Noise adds up, too, but its mean is left out.
    """
    samples = self.samples
    sigma = samples.noise.sigma
    raw = [
        np.stack([p.along(t, r, p.excess(s, sigma))
                  for p in paths], 1)
        for t, r, s in zip(samples.times, samples.raw, samples.states)
    ]
    raw = [r - r.mean(0) for r in raw]
    scale = np.sqrt(np.mean([r.var(0) for r in raw], axis=0))
    scale = np.where(scale > 0, scale, np.inf)
    along = [r / scale for r in raw]
    count, steps = len(paths), []
    for t, s in zip(samples.times, samples.states):
      change = np.stack([p.swing(s, sigma) for p in paths]) / scale[:, None,
                                                                    None]
      change = (change * np.gradient(t)[:, None]).reshape(count, -1)
      steps.append(change @ change.T / len(t))
    join = lambda parts: tuple(np.hstack(pair) for pair in zip(parts, along))
    return dataclasses.replace(
        self,
        terms=(*self.terms, *paths),
        scale=np.concatenate([self.scale, scale]),
        values=join(self.values),
        raw=join(self.raw),
        swing=tuple(
            np.pad(w, ((0, 0), (0, count), (0, 0))) for w in self.swing),
        slopes=np.pad(self.slopes, ((0, 0), (0, count), (0, 0))),
        walk=np.pad(np.stack(steps),
                    ((0, 0), (len(self.terms), 0), (len(self.terms), 0))))

  @property
  def paths(self) -> np.ndarray:
    """`[F]`, which terms are integrals along a trajectory."""
    return np.array([isinstance(t, PathTerm) for t in self.terms])

  @property
  def usable(self) -> np.ndarray:
    """`[F]`, which terms vary and are finite."""
    return np.isfinite(self.scale)

  def take(self, support: np.ndarray) -> Features:
    """Return some of the terms."""
    return dataclasses.replace(self,
                               terms=tuple(self.terms[i] for i in support),
                               scale=self.scale[support],
                               values=tuple(v[:, support] for v in self.values),
                               raw=tuple(r[:, support] for r in self.raw),
                               swing=tuple(w[:, support] for w in self.swing),
                               slopes=self.slopes[:, support],
                               walk=self.walk[:, support[:, None], support])

  def variance(self, coefficients: np.ndarray | None = None) -> Weights:
    """Return what noise adds to each observed sample of a combination.

    Args:
      coefficients: `[F]`; the sum over all terms if None.

    Returns:
      N arrays `[T_i]`, at least a tenth of the median over all samples.
    """
    out = []
    for swing in self.swing:
      if coefficients is None:
        out.append(np.sum(swing**2, axis=(1, 2)))
      else:
        out.append(np.sum(np.einsum("tfs,f->ts", swing, coefficients)**2, -1))
    every = np.concatenate(out)
    middle = float(np.median(every)) if every.size else 0.
    if not np.isfinite(middle) or middle <= 0:
      return tuple(np.ones(len(v)) for v in out)
    return tuple(np.maximum(v, _FLOOR * middle) for v in out)

  def weights(self, coefficients: np.ndarray | None = None) -> Weights:
    """Return inverse variances, N arrays `[T_i]`; ones without noise.

    Rates count alike, because a total of slopes has no such weights.
    """
    if not self.samples.noisy or self.samples.rates is not None:
      return tuple(np.ones(len(v)) for v in self.values)
    return tuple(1 / v for v in self.variance(coefficients))

  def free(self, known: np.ndarray) -> np.ndarray:
    """Return how much terms vary apart from what is known already.

    Args:
      known: `[m, K, D]`, gradients of known laws, as `slopes`.

    Returns:
      `[F, F]`, the mean product of the parts of the gradients that lie outside
      the span of the known ones. It vanishes for functions of known laws.
    """
    slopes = outside(self.slopes, span(known))
    flat = slopes.transpose(1, 0, 2).reshape(len(self.terms), -1)
    # No known law explains an integral along a trajectory.
    return flat @ flat.T / len(slopes) + np.diag(self.paths.astype(float))

  def total(self) -> np.ndarray | None:
    """Return the scatter with the state alone, `[F, F]`; None if it is all.

    Of rates, it is the size of the gradients.

    Constants of a trial are no state: a function of them is no law. So the
    constants of each trial are combined with states of all trials.
    """
    samples = self.samples
    if samples.rates is not None:
      return self.free(np.zeros((len(self.slopes), 0, len(samples.variables))))
    if not samples.constants:
      return None
    states = _usual(samples.sample(3 * _FEW))[:_FEW]
    state = [t for t in self.terms if isinstance(t, Term)]
    total = np.zeros((len(state),) * 2)
    fixed = list(samples.constants)
    scale = np.where(self.usable, self.scale, np.inf)[:len(state)]
    for own in samples.states:
      mixed = states.copy()
      mixed[:, fixed] = own[0, fixed]
      with np.errstate(all="ignore"):
        values = np.nan_to_num(terms_lib.term_values(state, mixed))
      values = values / scale
      total += np.cov(values.T, bias=True).reshape(total.shape)
    rest = len(self.terms) - len(state)
    return np.pad(total / len(samples.states), (0, rest))


def _usual(states: np.ndarray) -> np.ndarray:
  """Return the states of which no column is among its most extreme tenth.

  A trajectory that escapes would make the total scatter of a high power.
  """
  low, high = np.quantile(states, (.05, .95), axis=0)
  usual = np.all((states >= low) & (states <= high), axis=1)
  return states[usual] if usual.sum() > .1 * len(states) else states


def _changes(samples: Samples, terms: Sequence[Term],
             scale: np.ndarray) -> list[np.ndarray]:
  """Return rates of change, with both signs so that their mean is 0."""
  out = []
  for states, rates in zip(samples.states, samples.rates or ()):
    with np.errstate(all="ignore"):
      slopes = terms_lib.gradients(terms, states)
    change = np.nan_to_num(np.einsum("tfd,td->tf", slopes, rates) / scale)
    out.append(np.concatenate([change, -change]))
  return out


def _rate_swing(samples: Samples, terms: Sequence[Term],
                scale: np.ndarray) -> list[np.ndarray]:
  """Return what noise of the measured rates adds to rates of both signs."""
  assert samples.rate_noise is not None
  columns = list(samples.noisy)
  out = []
  for states in samples.states:
    with np.errstate(all="ignore"):
      slopes = terms_lib.gradients(terms, states)[..., columns]
    swing = slopes * samples.rate_noise[columns] / scale[:, None]
    out.append(np.concatenate([np.nan_to_num(swing)] * 2))
  return out


def _noisy(samples: Samples, terms: Sequence[Term], centre: np.ndarray,
           scale: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
  """Return `raw` and `swing`."""
  usable = np.isfinite(scale)
  raw, swing = [], []
  for n, observed in enumerate(samples.raw):
    with np.errstate(all="ignore"):
      change, bend = noise_of_terms(terms, samples.states[n],
                                    samples.noise.sigma, samples.noisy, n)
      seen = terms_lib.term_values(terms, observed)
      seen = (seen - centre - bend) / scale
    seen[:, ~usable] = 0.
    raw.append(seen)
    change = np.where(usable[:, None], change, 0.) / scale[:, None]
    swing.append(np.where(np.isfinite(change), change, np.inf))
  return raw, swing
