"""The symmetry that a law generates, where positions and momenta are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from noether_jax.data.columns import Variable
from noether_jax.discovery.balance import squared_velocities
from noether_jax.discovery.law import Law
from noether_jax.reporting import verdicts

# How far a generator may be from a shift, a turn or a scaling.
_EXACT, _NOISY = 1e-3, .05


def symmetries(laws: Sequence[Law], velocities: Sequence[tuple[int, int]],
               states: np.ndarray) -> list[str | None]:
  """Name the symmetry that each law generates (Noether).

  A law g moves positions by dg/dp and momenta by -dg/dq. Where columns are
  velocities, masses are taken from the law that is named energy, and are equal
  without one.

  Args:
    laws: K laws.
    velocities: pairs (position, its velocity or momentum), by index.
    states: `[m, D]`, at which generators are compared.

  Returns:
    For each law "shift in time", "shift along x", "rotation about z",
    "scaling" or None where it is none of these, columns are no pairs, or
    losses break it.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> from noether_jax.discovery import Combination, Evidence, Law, Subject
    >>> columns = parse_columns("x,y,px,py")
    >>> form = Combination(Subject(columns).terms("x*py", "y*px"),
    ...                    np.array([1., -1.]), np.zeros(2))
    >>> law = Law(columns, form, Evidence(0., 0., 0., 0.), "conserved")
    >>> symmetries([law], [(0, 2), (1, 3)], np.random.rand(50, 4))
    ['rotation about z']
  """
  if not velocities or not laws:
    return [None] * len(laws)
  variables = laws[0].variables
  paired = {i for pair in velocities for i in pair}
  if len(paired) < len(variables):
    return [None] * len(laws)
  weights = _masses(laws, velocities)
  out: list[str | None] = []
  for law in laws:
    if law.verdict == verdicts.BALANCE:
      out.append(None)
      continue
    if law.name == "energy":
      out.append("shift in time")
      continue
    with np.errstate(all="ignore"):
      slopes = np.asarray(law.gradient(states))
    keep = np.isfinite(slopes).all(1)
    flow = np.zeros_like(slopes[keep])
    for (q, p), mass in zip(velocities, weights):
      flow[:, q] = slopes[keep][:, p] / mass
      flow[:, p] = -slopes[keep][:, q] / mass
    noisy = law.evidence.ratio > law.evidence.exact
    out.append(
        _name(flow, states[keep], variables, velocities,
              _NOISY if noisy else _EXACT))
  return out


def _masses(laws: Sequence[Law],
            velocities: Sequence[tuple[int, int]]) -> list[float]:
  """Relative masses, from the squares of velocities in the energy."""
  for law in laws:
    if law.name == "energy":
      found = squared_velocities(law.form, [p for _, p in velocities])
      if all(found.get(p, 0.) > 0 for _, p in velocities):
        return [found[p] for _, p in velocities]
  return [1.] * len(velocities)


def _name(flow: np.ndarray, states: np.ndarray, variables: Sequence[Variable],
          velocities: Sequence[tuple[int, int]], slack: float) -> str | None:
  """Fit flow = A s + b, and read A and b."""
  spread = np.maximum(states.std(0), 1e-300)
  table = np.hstack([states / spread, np.ones((len(states), 1))])
  fit = np.linalg.lstsq(table, flow / spread, rcond=None)[0]
  left = np.linalg.norm(table @ fit - flow / spread)
  if left > slack * np.linalg.norm(flow / spread):
    return None
  # In the columns' own units again: A[i, j] moves column i by column j.
  turn = fit[:-1].T * spread[:, None] / spread
  shift = fit[-1] * spread
  size = np.abs(turn).max()
  if size * spread.max() <= slack * np.abs(shift).max():
    return _shift(shift, variables, velocities, slack)
  turn = np.where(np.abs(turn) < slack * size, 0., turn)
  if np.any(np.abs(shift) > slack * size * spread.max()):
    return None
  return _turn(turn, variables, velocities, slack)


def _shift(shift: np.ndarray, variables: Sequence[Variable],
           velocities: Sequence[tuple[int, int]], slack: float) -> str | None:
  """All positions along one axis by one length."""
  size = np.abs(shift).max()
  moved = np.flatnonzero(np.abs(shift) > slack * size).tolist()
  places = {q for q, _ in velocities}
  values = shift[moved]
  if not set(moved) <= places or np.ptp(values) > slack * size:
    return None
  axes = {variables[i].name.rstrip("0123456789") for i in moved}
  same = [q for q in places if variables[q].name.rstrip("0123456789") in axes]
  if len(axes) != 1 or len(same) != len(moved):
    return None
  return f"shift along {axes.pop()}"


def _turn(turn: np.ndarray, variables: Sequence[Variable],
          velocities: Sequence[tuple[int, int]], slack: float) -> str | None:
  """A rotation of the plane x, y and the like, or a scaling."""
  size = np.abs(turn).max()
  diagonal = turn.diagonal()
  if np.all(np.abs(turn - np.diag(diagonal)) <= slack * size):
    stretch = [diagonal[q] for q, _ in velocities]
    shrink = [diagonal[p] for _, p in velocities]
    alike = np.ptp(stretch) <= slack * size and np.ptp(shrink) <= slack * size
    return "scaling" if alike else None
  planes = set()
  for i, j in np.argwhere(np.abs(turn) > slack * size):
    whole = [variables[int(k)].name for k in (i, j)]
    stems = [name.rstrip("0123456789") for name in whole]
    names = [stem[-1:] for stem in stems]
    # One body, and one vector of it: positions with positions.
    bodies = {name[len(stem):] for name, stem in zip(whole, stems)}
    kinds = {stem[:-1] for stem in stems}
    if abs(turn[i, j] + turn[j, i]) > slack * size or not set(names) <= set(
        "xyz") or names[0] == names[1] or len(bodies) > 1 or len(kinds) > 1:
      return None
    planes.add(frozenset(names))
  angles = np.abs(turn[np.abs(turn) > slack * size])
  places = {q for q, _ in velocities}
  count = sum(
      variables[q].name.rstrip("0123456789")[-1:] in set().union(*planes)
      for q in places)
  # Positions and momenta turn alike, two entries for each pair of axes.
  if len(planes) != 1 or np.ptp(angles) > slack * size or len(
      angles) != 2 * count:
    return None
  (axis,) = set("xyz") - set(planes.pop())
  return f"rotation about {axis}"
