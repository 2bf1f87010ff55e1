"""Whether a given quantity is conserved on given data."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import Any

import numpy as np
import sympy

from noether_jax.data.assembly import CHOSEN
from noether_jax.data.conversion import as_trajectories
from noether_jax.data.conversion import Columns
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.check_result import Check
from noether_jax.discovery.drift import pooled_slope
from noether_jax.discovery.evidence import colour
from noether_jax.discovery.evidence import drift_statistic
from noether_jax.discovery.evidence import Evidence
from noether_jax.discovery.evidence import EXACT
from noether_jax.discovery.formula_text import Formula
from noether_jax.errors import InputError
from noether_jax.reporting import verdicts
from noether_jax.symbolic.noise import StateNoise
from noether_jax.symbolic.units import Unit

_FEWEST = 5
_ROUNDING = 1e-13


def check(quantity: Any,
          data: Any,
          times: Any = None,
          *,
          columns: Columns | None = None,
          trial: str | None = None,
          time: str | None = None) -> Check:
  """Judge whether a given quantity is conserved on given data.

  Args:
    quantity: a formula such as `"v**2/2 - 9.81*l*cos(q)"`, whose units are
      checked (numbers may carry whatever unit is needed); the name of a column
      that holds the quantity; a `Law`; or a function of states `[T, D]` or of
      one state `[D]`.
    data: as for `discover`.
    times: as for `discover`.
    columns: names and units of the columns.
    trial: column of a table that tells trials apart.
    time: column of a table that holds the times.

  Returns:
    The check.

  Raises:
    InputError: if the formula, the function or the data cannot be used.

  Example:
    >>> t = np.linspace(0., 6., 50)
    >>> orbits = [a * np.stack([np.cos(t), -np.sin(t)], -1) for a in (1., 2.)]
    >>> check("q**2 + p**2", orbits, t, columns="q,p").verdict
    'conserved'
    >>> check("q**2", orbits, t, columns="q,p").verdict
    'not conserved'
  """
  known = as_trajectories(data, times, columns=columns, trial=trial, time=time)
  if not known.states:
    raise InputError("There is no trajectory to check.")
  if isinstance(quantity, str):
    return _check_text(quantity.strip(), known)
  if not callable(quantity):
    raise InputError("A quantity is a formula, a column's name or a function: "
                     f"got {type(quantity).__name__}.")
  values = tuple(_call(quantity, s) for s in known.states)
  mixed = None
  if known.states[0].shape[1] > 1:
    mixed = _call(quantity, _mix(known.states))
  text = getattr(quantity, "text", None) or getattr(quantity, "__name__",
                                                    "quantity")
  return _judge(known, str(text), str(getattr(quantity, "latex", "")),
                str(getattr(quantity, "unit", "1")), values, mixed)


def _check_text(text: str, data: Trajectories) -> Check:
  """A column, or a formula of columns."""
  units: dict[str, Unit | None] = {}
  arrays: list[dict[str, np.ndarray]] = [{} for _ in data.states]
  for name, parts in data.others.items():
    units[name] = None
    for n, part in enumerate(parts):
      arrays[n][name] = np.asarray(part)
  for i, variable in enumerate(data.variables):
    for name in dict.fromkeys((variable.name, variable.identifier)):
      units[name] = variable.unit
      for n, states in enumerate(data.states):
        arrays[n][name] = states[:, i]
  used: tuple[str, ...]
  if text in units:
    used, unit = (text,), str(units[text] or "1")
    evaluate = lambda columns: columns[text]
    latex = ""
  else:
    formula = Formula(text, units)
    used, unit, evaluate = formula.names, str(formula.unit), formula
    latex = sympy.latex(formula.to_sympy(), mul_symbol=r"\,")
  if not used:
    raise InputError(f"The formula {text[:80]!r} holds no column; columns are "
                     f"{', '.join(units)[:200]}.")
  _need_numbers(used, arrays)
  data, arrays, dropped = _drop_blanks(data, arrays, used)
  values = tuple(
      np.broadcast_to(np.asarray(evaluate(columns), np.float64), t.shape)
      for columns, t in zip(arrays, data.times))
  # The formula names its columns.
  kept = [m for m in data.messages if not m.startswith(CHOSEN)]
  mixed = None
  if len(used) > 1:
    pooled = np.stack(
        [np.concatenate([columns[n] for columns in arrays]) for n in used], -1)
    mixed = np.asarray(evaluate(dict(zip(used, _mix([pooled]).T))), np.float64)
  return _judge(dataclasses.replace(data, messages=(*kept, *dropped)), text,
                latex, unit, values, mixed)


def _need_numbers(used: tuple[str, ...],
                  arrays: list[dict[str, np.ndarray]]) -> None:
  """Refuse columns of text.

  Raises:
    InputError: naming the column.
  """
  for name in used:
    if any(columns[name].dtype.kind not in "fiub" for columns in arrays):
      raise InputError(f"Column {name!r} does not hold numbers.")


def _drop_blanks(
    data: Trajectories, arrays: list[dict[str, np.ndarray]], used: tuple[str,
                                                                         ...]
) -> tuple[Trajectories, list[dict[str, np.ndarray]], tuple[str, ...]]:
  """Leave out the rows in which a used column is blank."""
  keep = [
      np.all([np.isfinite(columns[n])
              for n in used], axis=0)
      for columns in arrays
  ]
  lost = int(sum(np.sum(~k) for k in keep))
  if not lost:
    return data, arrays, ()
  whole = [n for n, k in enumerate(keep) if k.any()]
  if not whole:
    raise InputError(f"The columns {', '.join(used)} have no row in which all "
                     "are known.")
  shorter = Trajectories(data.variables,
                         tuple(data.labels[n] for n in whole),
                         tuple(data.times[n][keep[n]] for n in whole),
                         tuple(data.states[n][keep[n]] for n in whole),
                         data.time_unit,
                         data.messages,
                         timed=data.timed)
  return shorter, [{
      k: v[keep[n]] for k, v in arrays[n].items()
  } for n in whole], (f"{lost} rows with a blank were left out",)


def _call(quantity: Callable[[Any], Any], states: np.ndarray) -> np.ndarray:
  """Values `[T]` of a function of `[T, D]`, or of one state `[D]`.

  Raises:
    InputError: if it does not give one number for each state.
  """
  one = np.asarray(quantity(states[0]), np.float64)
  if one.size != 1:
    raise InputError(
        "A quantity gives one number for each state: got the shape "
        f"{one.shape} for a state of {states.shape[1]} columns.")
  try:
    many = np.asarray(quantity(states), np.float64)
  except (TypeError, ValueError, IndexError):
    many = np.zeros(0)
  if many.size == len(states) and np.allclose(
      many.ravel()[0], one.ravel()[0], equal_nan=True):
    values = many.reshape(len(states))
    last = np.asarray(quantity(states[-1]), np.float64).ravel()[0]
    if np.allclose(values[-1], last, equal_nan=True):
      return values
  return np.array(
      [np.asarray(quantity(s), np.float64).ravel()[0] for s in states])


def _mix(states: Any) -> np.ndarray:
  """All rows, with each column in an order of its own."""
  pooled = np.concatenate(list(states))
  return np.random.default_rng(0).permuted(pooled[:4000], axis=0)


def _judge(data: Trajectories, text: str, latex: str, unit: str,
           values: tuple[np.ndarray, ...], mixed: np.ndarray | None) -> Check:
  """Compare the scatter along trajectories with that between them."""
  if any(len(v) < _FEWEST for v in values):
    raise InputError(f"A trajectory has fewer than {_FEWEST} rows: too few to "
                     "check a quantity.")
  for v, label in zip(values, data.labels):
    if not np.isfinite(v).all():
      raise InputError(f"The quantity {text[:80]!r} is not finite in row "
                       f"{int(np.argmin(np.isfinite(v))) + 1} of trial "
                       f"{label!r}.")
  means = np.array([v.mean() for v in values])
  within = float(np.mean([v.var() for v in values]))
  total = within + float(means.var())
  messages = list(data.messages)
  scale_name = "its spread over all data"
  alike = total < 2 * within or np.sqrt(total) <= EXACT * np.abs(means).mean()
  if alike:
    spread, name = _spread(mixed, means)
    if spread > total:
      total, scale_name = spread, name
      messages.append("the trajectories hardly differ in this quantity: its "
                      f"change is compared with {name}")
  noise = 0.
  if data.timed:
    estimate = StateNoise.estimate([v[:, None] for v in values], data.times)
    noise = float(estimate.sigma[0])**2
  evidence = _evidence(values, data, within, total, noise)
  verdict, reason = _verdict(evidence, data, bool(alike))
  slope = pooled_slope(values, data.times)
  changes = [np.abs(v - v.mean()) for v in values]
  worst = int(np.argmax([c.max() for c in changes]))
  row = int(np.argmax(changes[worst]))
  return Check(data, text, latex, unit, values, evidence, float(np.sqrt(total)),
               scale_name, verdict, slope.value, (slope.low, slope.high),
               float(changes[worst][row]), data.labels[worst],
               float(data.times[worst][row]), tuple(messages), reason)


def _spread(mixed: np.ndarray | None, means: np.ndarray) -> tuple[float, str]:
  """A variance to compare with where trajectories do not differ, and its name.
  """
  if mixed is None:
    return float(np.mean(np.abs(means)))**2, "its mean size"
  quarters = np.percentile(mixed[np.isfinite(mixed)], (25, 75))
  # For a normal distribution the quartiles are 1.349 deviations apart.
  return (float(np.diff(quarters)[0]) /
          1.349)**2, "its spread over randomly combined columns"


def _evidence(values: tuple[np.ndarray, ...], data: Trajectories, within: float,
              total: float, noise: float) -> Evidence:
  # Rounding alone is no change.
  size = max(float(np.abs(v).max()) for v in values)
  still = np.sqrt(within) <= _ROUNDING * size
  ratio = 0. if still else within / total
  corrected = ((within - noise) / (total - noise) if total > 2 *
               noise else np.inf)
  if not data.timed:
    return Evidence(ratio, corrected, np.inf, 0.)
  seen = 0.
  if noise > 0:
    seen = colour([(v - v.mean()) / np.sqrt(noise) for v in values])
  return Evidence(ratio, corrected, within / noise if noise > 0 else np.inf,
                  drift_statistic(values, data.times), seen)


def _verdict(evidence: Evidence, data: Trajectories,
             alike: bool) -> tuple[str, str]:
  """Return the verdict, and the reason where one cannot tell.

  Args:
    evidence: of the quantity.
    data: the trajectories.
    alike: whether they hardly differ in the quantity.
  """
  found = evidence.verdict
  if found == verdicts.CONSERVED:
    if len(data.states) == 1:
      return verdicts.UNKNOWN, verdicts.FEW
    return (verdicts.UNKNOWN, verdicts.ONE_VALUE) if alike else (found, "")
  if found == verdicts.APPROXIMATE and not data.timed:
    return verdicts.UNKNOWN, verdicts.UNTIMED
  return found, ""
