"""Is a law true? It is compared with the known laws, on exact trajectories.

A law may be a function of other variables than the columns of the data: a name
NAME_dot is the time derivative of the column NAME. So a law is composed with
what the exact state gives its variables.

Two things are measured. The gradient by the exact state must lie in the span of
those of the known laws, at most states. And the value must not change, but by
losses and inputs: near a fast event a false law may change much at few states.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import functools
from typing import Any, NamedTuple, Protocol

import numpy as np
import scipy.integrate

from datasets.systems.system import Sampling
from datasets.systems.system import System
from noether_jax.data.columns import Variable

FOUND = ("conserved", "balance")
_STEP = 1e-5
_MOST_ROWS = 300
_COMPARED = 200
# Share of a law's variance that may lie within trajectories; more with noise.
_SCATTER = 1e-3


class Exact(NamedTuple):
  """Exact trajectories of a system.

  Attributes:
    system: which one.
    paths: `[N, T, D]`, all columns, also those that are not observed.
    times: `[T]`.
  """
  system: System
  paths: np.ndarray
  times: np.ndarray

  @property
  def states(self) -> np.ndarray:
    """About 200 states `[n, D]` of all trajectories."""
    states = self.paths.reshape(-1, self.paths.shape[-1])
    return states[::max(1, len(states) // _COMPARED)]


@functools.cache
def exact(sampling: Sampling, count: int = 8, seed: int = 1000) -> Exact:
  """Simulate trajectories once; keep at most 300 samples of each.

  Args:
    sampling: which system, and how.
    count: N.
    seed: of the starts.
  """
  step = -(-sampling.num_samples // _MOST_ROWS)
  paths = sampling.paths(count, np.random.default_rng(seed))
  return Exact(sampling.system, paths[:, ::step], sampling.times[::step])


class Quantity(Protocol):
  """What is judged: a law of the engine, or one made by hand."""
  variables: tuple[Variable, ...]
  verdict: str

  def __call__(self, states: Any) -> Any:
    """`[..., d] -> [...]`."""

  def gradient(self, states: Any) -> Any:
    """`[..., d] -> [..., d]`."""


def values_of(variables: Sequence[Variable], system: System,
              states: np.ndarray) -> np.ndarray:
  """What an exact state gives the variables of a law.

  Args:
    variables: d names, of columns or of their time derivatives.
    system: which one.
    states: `[n, D]`, all columns, also those that are not observed.

  Returns:
    `[n, d]`.

  Raises:
    ValueError: if a name is neither a column nor one of its derivatives.
  """
  names = [v.name for v in system.variables]
  rates = None
  out = []
  for name in (v.name for v in variables):
    if name in names:
      out.append(states[..., names.index(name)])
    elif name.removesuffix("_dot") in names:
      if rates is None:
        rates = system.derivatives(states, np)
      out.append(rates[..., names.index(name.removesuffix("_dot"))])
    else:
      raise ValueError(f"{name!r} is no column of {system.name} and no time "
                       f"derivative NAME_dot of one: {', '.join(names)}.")
  return np.stack(out, axis=-1)


def _jacobian(function: Callable[[np.ndarray], np.ndarray], states: np.ndarray,
              scale: np.ndarray) -> np.ndarray:
  """`[n, K, D]` of `[n, D] -> [n, K]`, per spread of each column."""
  columns = [(function(states + d) - function(states - d)) / (2 * _STEP)
             for d in np.diag(_STEP * scale)]
  return np.stack(columns, axis=-1)


def jacobian(function: Callable[[np.ndarray], np.ndarray], system: System,
             states: np.ndarray) -> np.ndarray:
  """Differentiate functions of the state numerically.

  Args:
    function: `[n, D] -> [n, K]`.
    system: which one.
    states: `[n, D]`.

  Returns:
    `[n, K, D]`; by constants it is zero.
  """
  scale = _scale(system, states)
  slopes = _jacobian(function, states, scale)
  return slopes / np.where(scale > 0, scale, 1.)


def _scale(system: System, states: np.ndarray) -> np.ndarray:
  """Spreads of the columns; zero for constants, so that they do not count."""
  scale = states.std(0)
  scale[list(system.constants)] = 0
  return scale


def _units(vectors: np.ndarray) -> np.ndarray:
  norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
  return vectors / np.maximum(norms, 1e-300)


def known_gradients(system: System, states: np.ndarray,
                    balance: bool) -> np.ndarray:
  """Gradients of the known laws, `[n, K, D]`.

  Args:
    system: which one.
    states: `[n, D]`.
    balance: whether the balance laws count, too; they are the last ones.

  Returns:
    Per spread of each column; by constants they are zero.
  """

  def known(s: np.ndarray) -> np.ndarray:
    parts = [system.conserved(s, np)]
    if balance and system.balances is not None:
      parts.append(system.balances.values(s, np))
    return np.concatenate(parts, axis=-1)

  return _jacobian(known, states, _scale(system, states))


def gradient(law: Quantity, system: System, states: np.ndarray) -> np.ndarray:
  """The gradient of a law by the state, `[n, D]`.

  Args:
    law: of any variables that `values_of` knows.
    system: which one.
    states: `[n, D]`.

  Returns:
    Per spread of each column; by constants it is zero.

  Raises:
    ValueError: as `values_of`.
  """
  inputs = lambda s: values_of(law.variables, system, s)
  slopes = np.asarray(law.gradient(inputs(states)))
  chain = _jacobian(inputs, states, _scale(system, states))
  return np.einsum("nk,nkd->nd", slopes, chain)


def angle(law: Quantity, known: Exact) -> float:
  """How far a law is from being a function of the known ones, in degrees.

  Args:
    law: its verdict says whether balance laws count.
    known: trajectories of the system.

  Returns:
    The median over states of the angle between its gradient and the span of
    theirs; 90 where there are none, or the law does not depend on the state.

  Raises:
    ValueError: as `values_of`.
  """
  system, states = known.system, known.states
  spans = _units(known_gradients(system, states, law.verdict == "balance"))
  angles = []
  for k, g in zip(spans, _units(gradient(law, system, states))):
    _, sizes, base = np.linalg.svd(k, full_matrices=False)
    base = base[sizes > 1e-6]
    away = np.linalg.norm(g - base.T @ (base @ g)) if np.any(g) else 1.
    angles.append(np.rad2deg(np.arcsin(min(1., away))))
  return float(np.median(angles))


def _gained(law: Quantity, known: Exact) -> np.ndarray:
  """What a balance law gains by losses and inputs, `[N, T]`.

  Where the law is a function of the known ones, its gain is that of each
  balance law, times its derivative by that law.
  """
  system, paths = known.system, known.paths
  balances = system.balances
  if balances is None or balances.powers is None:
    return np.zeros(paths.shape[:-1])
  states = paths.reshape(-1, paths.shape[-1])
  slopes = known_gradients(system, states, True)
  found = gradient(law, system, states)
  parts = np.einsum("nkd,nd->nk",
                    np.linalg.pinv(slopes, rcond=1e-6).swapaxes(1, 2), found)
  parts = parts[:, system.num_conserved:]
  power = np.sum(parts * balances.powers(states, np), axis=-1)
  return scipy.integrate.cumulative_simpson(power.reshape(paths.shape[:-1]),
                                            x=known.times,
                                            initial=0.)


def scatter(law: Quantity, known: Exact) -> float:
  """The share of a law's variance that lies within trajectories.

  Args:
    law: what a balance law gains by losses and inputs is left out.
    known: trajectories of the system.

  Returns:
    Between 0, if the law holds, and 1.

  Raises:
    ValueError: as `values_of`.
  """
  values = np.asarray(law(values_of(law.variables, known.system, known.paths)))
  if law.verdict == "balance":
    values = values - _gained(law, known)
  return float(values.var(1).mean() / max(values.var(), 1e-300))


def is_true(law: Quantity,
            known: Exact,
            noise: float = 0.,
            degrees: float = 5.) -> bool:
  """Whether a law is a function of the known laws.

  Args:
    law: its verdict says whether balance laws count.
    known: trajectories of the system.
    noise: of the data in which it was found, in spreads of the columns. The
      law may change within trajectories by three times as much of its own
      spread, and always by a thousandth of its variance.
    degrees: how far its gradient may lie from the span of theirs.

  Raises:
    ValueError: as `values_of`.
  """
  return bool(
      angle(law, known) < degrees and
      scatter(law, known) < max(_SCATTER, (3 * noise)**2))


def num_independent(gradients: np.ndarray) -> int:
  """How many of K quantities are functionally independent.

  Args:
    gradients: `[n, K, D]`, of any length.

  Returns:
    The 90th percentile over states of the number of singular values above 3 %
    of the largest: two quantities may have parallel gradients at some
    states.
  """
  if not gradients.shape[1]:
    return 0
  sizes = np.linalg.svd(_units(gradients), compute_uv=False)
  ranks = np.sum(sizes > .03 * sizes[:, :1], axis=1)
  return int(np.quantile(ranks, .9, method="lower"))
