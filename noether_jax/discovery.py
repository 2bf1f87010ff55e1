"""From trajectories to ranked, verified conserved quantities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any

import numpy as np

from noether_jax import elimination
from noether_jax import evidence as evidence_lib
from noether_jax import features as features_lib
from noether_jax.features import Feature, Variable
from noether_jax.trajectories import InputError

# Above this noise, relative to the signal, the raw data are smoothed first.
_SMOOTH_ABOVE = .03
_MIN_ROWS = 20
_FEW = 3
UNVERIFIED = "conserved, unverified"


@dataclasses.dataclass(frozen=True, eq=False)
class Law:
  """A combination of terms, `sum_k coefficients[k] * terms[k]`.

  Attributes:
    variables: the D columns of a state.
    terms: k features; the first has coefficient 1.
    coefficients: `[k]`, in units of terms[0] over terms[k].
    uncertainties: `[k]` bootstrap standard deviations.
    evidence: on held-out trajectories.
    verdict: "conserved", "approximately conserved",
      "conserved, unverified" (too few trajectories) or "constant in all data"
      (one value only).
  """
  variables: tuple[Variable, ...]
  terms: tuple[Feature, ...]
  coefficients: np.ndarray
  uncertainties: np.ndarray
  evidence: evidence_lib.Evidence
  verdict: str

  def __call__(self, states: Any, xp: Any = np) -> Any:
    """Values `[...]` along states `[..., D]`; `xp` is numpy or jax.numpy."""
    values = features_lib.evaluate(self.terms, states, xp)
    return (values * xp.asarray(self.coefficients)).sum(-1)

  @property
  def text(self) -> str:
    """For people, with significant digits that the uncertainty allows."""
    out = self.terms[0].text
    for term, c, u in zip(self.terms[1:], self.coefficients[1:],
                          self.uncertainties[1:]):
      size = f"{abs(c):.{significant_digits(c, u)}g}"
      size = "" if size == "1" else size + " "
      out += f" {'-' if c < 0 else '+'} {size}{term.text}"
    return out

  @property
  def unit(self) -> str:
    """Unit of the quantity."""
    return str(self.terms[0].unit)

  def coefficient_unit(self, k: int) -> str:
    """Unit of one coefficient."""
    return str(self.terms[0].unit / self.terms[k].unit)

  def gradient(self, states: np.ndarray) -> np.ndarray:
    """Derivative by the state, `[n, D]` at states `[n, D]`."""
    slopes = features_lib.gradients(self.terms, states)
    return np.einsum("k,nkd->nd", self.coefficients, slopes)


@dataclasses.dataclass(frozen=True)
class Discovery:
  """What was found.

  Attributes:
    variables: the D columns.
    laws: exact laws first, then approximate ones; functionally independent.
    independent: number of independent exact laws.
    best_rejected: the best combination that is no law, if no law was found.
    features: size of the library.
    noise: `[D]` estimated noise of each column, in its unit.
    smoothed: whether the data were smoothed before the search.
    held_out: indices of the trajectories that gave the evidence.
    messages: what a user should know.
  """
  variables: tuple[Variable, ...]
  laws: tuple[Law, ...]
  independent: int
  best_rejected: Law | None
  features: int
  noise: np.ndarray
  smoothed: bool
  held_out: tuple[int, ...]
  messages: tuple[str, ...]

  @property
  def verdict(self) -> str:
    """One line."""
    if self.independent:
      plural = "s" if self.independent > 1 else ""
      return f"{self.independent} independent conservation law{plural} found"
    kinds = {law.verdict for law in self.laws}
    if UNVERIFIED in kinds:
      return ("no law can be verified: a quantity is conserved here, but there "
              "are too few trajectories to tell it from a coincidence")
    if "approximately conserved" in kinds:
      return "no exact law found; approximately conserved quantity found"
    if kinds:
      return ("no law can be verified: a combination is constant in all the "
              "data, but they hold only one value of it")
    return "no law found"


def significant_digits(value: float, uncertainty: float) -> int:
  """Digits that reach two places into the uncertainty, 2 to 8.

  Example:
    >>> significant_digits(2.9591e-4, 1e-8), significant_digits(3., 1.)
    (6, 2)
  """
  if not uncertainty > 0 or not value:
    return 8
  digits = np.floor(np.log10(abs(value))) - np.floor(np.log10(uncertainty)) + 2
  return int(np.clip(digits, 2, 8))


def check_columns(states: Sequence[np.ndarray],
                  variables: Sequence[Variable]) -> None:
  """Refuses data in which no law can be looked for.

  Args:
    states: N arrays `[T_i, D]`.
    variables: D columns.

  Raises:
    InputError: if a column never changes within a trajectory, is not finite or
      beyond 1e30, or a trajectory is shorter than 20 samples.

  Example:
    >>> check_columns([np.ones((30, 1))], [Variable("q")])
    Traceback (most recent call last):
    ...
    noether_jax.trajectories.InputError: Column 'q' never changes within ...
  """
  if not states:
    raise InputError("There is no trajectory.")
  for n, s in enumerate(states):
    if len(s) < _MIN_ROWS:
      raise InputError(f"Trajectory {n + 1} of {len(states)} has {len(s)} rows: "
                       f"at least {_MIN_ROWS} are needed.")
  for i, variable in enumerate(variables):
    columns = [s[:, i] for s in states]
    largest = max(np.abs(c).max() for c in columns)
    if not largest < 1e30:
      raise InputError(f"Column {variable.name!r} holds values beyond 1e30 or "
                       "not finite: choose other units or mend the rows.")
    if all(np.ptp(c) <= 1e-12 * max(largest, 1e-300) for c in columns):
      raise InputError(f"Column {variable.name!r} never changes within a "
                       "trajectory, so it is trivially conserved: leave it out "
                       "of --columns.")


def is_evenly_spaced(times: Sequence[np.ndarray]) -> bool:
  """Whether steps differ by less than 10 % within every trajectory."""
  return all(np.ptp(np.diff(t)) < .1 * np.diff(t).mean() for t in times)


def _prepare(states: Sequence[np.ndarray],
             times: Sequence[np.ndarray]) -> tuple[list[np.ndarray], Any, Any]:
  """Smooths where noise asks for it: states, remaining noise, smoothed."""
  noise = evidence_lib.noise_level(states)
  spread = np.concatenate(states).std(0)
  smoothed = bool(np.any(noise > _SMOOTH_ABOVE * spread))
  if not smoothed:
    return list(states), noise, False
  parts = [evidence_lib.local_polynomial(t, s, order=2)
           for t, s in zip(times, states)]
  gain = float(np.mean([p[2] for p in parts]))
  return [p[0] for p in parts], noise * gain, True


def _windows(
    states: Sequence[np.ndarray], times: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
  """Cuts trajectories into windows of at least two of their cycles."""
  out: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
  for s, t in zip(states, times):
    centred = s - s.mean(0)
    crossings = np.sum(np.diff(np.sign(centred), axis=0) != 0, axis=0).min()
    count = int(np.clip(crossings // 4, 1, min(10, len(s) // _MIN_ROWS)))
    out[0].extend(np.array_split(s, count))
    out[1].extend(np.array_split(t, count))
  return out


def discover(states: Sequence[np.ndarray],
             variables: Sequence[Variable],
             *,
             times: Sequence[np.ndarray] | None = None,
             degree: int | None = None,
             vectors: Sequence[tuple[int, ...]] | None = None,
             seed: int = 0,
             bootstrap: int = 100,
             progress: Callable[[str], None] = lambda _: None) -> Discovery:
  """Finds what stays constant along trajectories and differs between them.

  A combination c of the library's terms is a law if its scatter within
  trajectories, W, is small beside its total scatter T: the smallest solution of
  W c = lambda T c, made sparse by backward elimination, and judged on
  trajectories that took no part in either (see `evidence.Evidence`).

  One or two trajectories are cut into windows of at least two cycles; what they
  show can be at best approximate, for they hold too few values of a law.

  Args:
    states: N arrays `[T_i, D]`.
    variables: D columns with units.
    times: N arrays `[T_i]`, increasing; the row number if None.
    degree: highest polynomial degree; chosen from D if None.
    vectors: indices of the components of vectors; recognised by name if None.
    seed: of the bootstrap and the split.
    bootstrap: number of resamples for the uncertainties.
    progress: called with one line per stage.

  Returns:
    The discovery.

  Raises:
    InputError: if the data cannot hold a law (see `check_columns`).

  Example:
    >>> angle = np.linspace(0, 6, 60)[:, None]
    >>> circle = np.hstack([np.cos(angle), np.sin(angle)])
    >>> found = discover([r * circle for r in (1., 2., 3., 4., 5.)],
    ...                  [Variable("q"), Variable("p")], degree=2)
    >>> found.laws[0].text, found.independent
    ('q^2 + p^2', 1)
  """
  variables = tuple(variables)
  check_columns(states, variables)
  if times is None:
    times = [np.arange(float(len(s))) for s in states]
  prepared, noise, smoothed = _prepare(states, times)
  messages = []
  if smoothed:
    messages.append("noise above 3 %: the data were smoothed (9 samples)")
  everything = np.concatenate(prepared)
  positive = [
      i for i, v in enumerate(variables)
      if not v.unit.is_angle and everything[:, i].min() > 0 and
      everything[:, i].max() > 1.5 * everything[:, i].min()
  ]
  features = features_lib.library(variables,
                                  degree=degree,
                                  vectors=vectors,
                                  positive=positive)
  few = len(prepared) < _FEW
  search = _Search.make(variables, features, prepared, times, noise, seed,
                        bootstrap, progress, few)
  laws, rejected = search.run()
  if not laws and not few:
    progress("no law: searching windows for an approximate one")
    search = _Search.make(variables, features, prepared, times, noise, seed,
                          bootstrap, progress, True)
    laws, again = search.run()
    laws, rejected = [_demote(law, "approximately conserved") for law in laws
                     ], rejected or again
    if laws:
      messages.append("nothing is conserved along whole trajectories; the law "
                      "below holds within windows of two cycles")
  if few:
    messages.append(
        f"{len(states)} trajector{'y' if len(states) == 1 else 'ies'}: too few "
        "to verify a law; searched in windows of at least two cycles")
    laws = [_demote(law, UNVERIFIED) for law in laws]
    constant = search.constant() if len(prepared) == 1 else None
    laws = [constant] if constant is not None else laws
  exact = [law for law in laws if law.verdict == "conserved"]
  return Discovery(variables, tuple(laws), len(exact),
                   None if laws else rejected, len(features), noise, smoothed,
                   tuple(search.split.held_out), tuple(messages))


def _demote(law: Law, verdict: str) -> Law:
  if law.verdict == "conserved":
    return dataclasses.replace(law, verdict=verdict)
  return law


def _order(law: Law) -> tuple[float, ...]:
  """Short laws first, the better conserved one among equally short ones."""
  return len(law.terms), law.evidence.ratio


def rank(laws: Sequence[Law], states: np.ndarray) -> int:
  """Number of functionally independent laws.

  Args:
    laws: K laws.
    states: `[n, D]` at which gradients are compared.

  Returns:
    The 90th percentile over states of the number of singular values, of the stacked
    unit gradients, above a twentieth of the largest
    (the energy and the angular momentum of nearly circular orbits have nearly
    parallel gradients).

  Example:
    >>> rank([], np.zeros((1, 2)))
    0
  """
  if not laws:
    return 0
  scale = states.std(0)
  slopes = np.stack([law.gradient(states) * scale for law in laws], axis=1)
  norms = np.linalg.norm(slopes, axis=-1, keepdims=True)
  unit = slopes / np.maximum(norms, 1e-300)
  sizes = np.linalg.svd(unit, compute_uv=False)
  ranks = np.sum(sizes > .05 * sizes[:, :1], axis=1)
  return int(np.quantile(ranks, .9, method="lower"))


@dataclasses.dataclass(frozen=True)
class _Search:
  """One run over one library: repeated elimination, then evidence."""
  variables: tuple[Variable, ...]
  features: tuple[Feature, ...]
  data: evidence_lib.Moments
  states: Sequence[np.ndarray]
  times: Sequence[np.ndarray]
  split: elimination.Split
  seed: int
  bootstrap: int
  progress: Callable[[str], None]

  @classmethod
  def make(cls, variables: tuple[Variable, ...], features: tuple[Feature, ...],
           states: Sequence[np.ndarray], times: Sequence[np.ndarray],
           noise: np.ndarray, seed: int, bootstrap: int,
           progress: Callable[[str], None], windows: bool) -> _Search:
    """Computes what the search needs, from trajectories or their windows."""
    if windows:
      states, times = _windows(states, times)
    progress(f"library of {len(features)} terms, {len(states)} "
             f"{'windows' if windows else 'trajectories'}")
    data = evidence_lib.moments(features, states, noise)
    split = elimination.Split.make(len(states), seed)
    return cls(variables, features, data, states, times, split, seed, bootstrap,
               progress)

  def run(self) -> tuple[list[Law], Law | None]:
    """Laws, exact ones first, and the best combination that is none."""
    allowed = np.isfinite(self.data.scale)
    candidates: list[Law] = []
    rejected = None
    for _ in range(2 * len(self.variables)):
      if allowed.sum() < 2:
        break
      support = elimination.eliminate(self.data, self.split,
                                      np.flatnonzero(allowed), self.features)
      law = self.judge(support)
      self.progress(f"candidate {law.text}: within/total "
                    f"{law.evidence.ratio:.2g}, {law.verdict}")
      if law.verdict == "not conserved":
        rejected = law
        break
      # Its leading term is forbidden next, so that another law must turn up.
      allowed[self.features.index(law.terms[0])] = False
      candidates.append(law)
    exact = self.independent(candidates)
    if exact:
      return exact, None
    best = min((law.evidence.ratio for law in candidates), default=0.)
    near = [law for law in candidates if law.evidence.ratio <= 5 * best]
    return sorted(near, key=_order)[:1], rejected

  def independent(self, candidates: list[Law]) -> list[Law]:
    """The simplest exact laws of which none is a function of the others."""
    sample = np.concatenate(self.states)
    sample = sample[::max(1, len(sample) // 500)]
    # N trajectories have N - 1 differences, so they can tell N - 1 laws apart.
    most = min(len(self.variables) - 1, len(self.states) - 1)
    found: list[Law] = []
    for law in sorted(candidates, key=_order):
      # What noise alone excuses is no law if a better form of it was caught.
      better = candidates[:candidates.index(law)]
      excused = law.evidence.ratio > evidence_lib.EXACT and any(
          other.verdict != "conserved" and rank([law, other], sample) == 1
          for other in better)
      if law.verdict != "conserved" or excused or len(found) == most:
        continue
      if rank([*found, law], sample) > len(found):
        found.append(law)
    return found

  def judge(self, support: np.ndarray) -> Law:
    """Fits on all trajectories; evidence from held-out ones."""
    evidence = elimination.held_out_evidence(self.data, self.split, support,
                                             self.times)
    return self._law(support, elimination.refit(self.data, support), evidence,
                     evidence.verdict)

  def _law(self, support: np.ndarray, scaled: np.ndarray,
           evidence: evidence_lib.Evidence, verdict: str) -> Law:
    lead = elimination.leading(scaled, support, self.features)
    order = np.concatenate([[lead], np.delete(np.arange(len(support)), lead)])
    scale = self.data.scale[support][order]

    def natural(c: np.ndarray) -> np.ndarray:
      plain = c[order] / scale
      return plain / plain[0]

    spread = elimination.resample(self.data, support, self.seed, self.bootstrap)
    return Law(self.variables, tuple(self.features[i] for i in support[order]),
               natural(scaled),
               np.std([natural(c) for c in spread], axis=0), evidence, verdict)

  def constant(self) -> Law | None:
    """A short combination that has one value in all the data, if any."""
    simple = np.array([i for i, f in enumerate(self.features)
                       if f.degree <= 2 and np.isfinite(self.data.scale[i])])
    pooled = self.data.total()
    support, coefficients = elimination.shortest_constant(
        pooled[np.ix_(simple, simple)])
    if support is None:
      return None
    support = simple[support]
    w, _, n = (coefficients @ m[np.ix_(support, support)] @ coefficients
               for m in (pooled, pooled, self.data.noise.mean(0)))
    evidence = evidence_lib.Evidence(1., np.inf, w / n if n > 0 else np.inf, 0.)
    return self._law(support, coefficients, evidence, "constant in all data")
