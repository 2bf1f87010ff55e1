"""What the figures show; `drawing` makes images of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from noether_jax.data.trajectories import Trajectories
from noether_jax.reporting import drawing
from noether_jax.reporting import simple_numbers
from noether_jax.reporting import verdicts
from noether_jax.reporting.drawing import Panel
from noether_jax.reporting.drawing import Picture
from noether_jax.reporting.formulas import unit_text
from noether_jax.reporting.subjects import ShownLaw
from noether_jax.reporting.subjects import ShownOutcome

_MOST_TRAJECTORIES = 12
_MOST_NAMED = 8
_MOST_POINTS = 400


def _with_unit(name: str, unit: str) -> str:
  shown = unit_text(unit)
  return f"{name} [{shown}]" if shown else name


def _shorten(text: str, length: int = 30) -> str:
  return text if len(text) <= length else text[:length - 2] + " …"


def _chosen(data: Trajectories) -> list[int]:
  """Return the indices of at most 12 trajectories, spread over all."""
  count = len(data.states)
  few = min(count, _MOST_TRAJECTORIES)
  return np.unique(np.linspace(0, count - 1, few).astype(int)).tolist()


def _legend(axes: Any, data: Trajectories) -> None:
  """Name the trajectories where there are few."""
  labels = [data.labels[i] for i in _chosen(data)]
  if 1 < len(labels) <= _MOST_NAMED and all(labels):
    drawing.legend(axes, [_shorten(text, 14) for text in labels], "trajectory")


def _time_label(data: Trajectories) -> str:
  return _with_unit("time", data.time_unit)


def quantity(law: ShownLaw, data: Trajectories) -> Picture:
  """Draw a law's quantity along time, and its change along each trajectory.

  Args:
    law: what to draw.
    data: the trajectories.

  Returns:
    Two panels, see `series`. Of a balance law, the second one has the losses
    added.
  """
  with np.errstate(all="ignore"):
    values = [np.asarray(law(s)) for s in data.states]
    kept = [
        sum((loss.coefficient * loss.term.along(t, s)
             for loss in law.losses), v)
        for v, t, s in zip(values, data.times, data.states)
    ]
  return series(values,
                law.unit,
                data,
                law.reason == verdicts.ONE_VALUE,
                name=law.name or "quantity",
                kept=kept if law.losses else None)


def series(values: Sequence[np.ndarray],
           unit: str,
           data: Trajectories,
           one_value: bool = False,
           *,
           name: str = "quantity",
           kept: Sequence[np.ndarray] | None = None) -> Picture:
  """Draw a quantity along time, and its change along each trajectory.

  Args:
    values: N arrays `[T_i]`.
    unit: of the values.
    data: the trajectories.
    one_value: whether all values are the same but for small errors.
    name: of the quantity.
    kept: N arrays `[T_i]`, the values with what was lost added; None without
      losses.

  Returns:
    Two panels. The change is in units of the quantity's overall spread, or of
    its mean size where the data hold one value only.
  """
  everything = np.concatenate(values)
  spread, size = float(np.std(everything)), float(np.mean(np.abs(everything)))
  one_value = one_value or spread <= 1e-12 * size
  size_name, scale = (("mean size", size) if one_value else
                      ("overall spread", spread))
  changes = [(v - v.mean()) / (scale or 1.) for v in kept or values]
  largest = max(float(np.abs(c).max()) for c in changes)

  def along(axes: Any) -> None:
    for n, i in enumerate(_chosen(data)):
      drawing.line(axes, data.times[i], values[i], n)
    axes.set_title("Along time")
    axes.set_ylabel(_with_unit(_shorten(name, 26), unit))
    if one_value and np.isfinite(size):  # Rounding must not fill the panel.
      middle, room = float(everything.mean()), .1 * size or 1.
      axes.set_ylim(middle - room, middle + room)
    axes.set_xlabel(_time_label(data))
    _legend(axes, data)

  def change(axes: Any) -> None:
    for n, i in enumerate(_chosen(data)):
      drawing.line(axes, data.times[i], changes[i], n)
    axes.set_title("Change with the losses added"
                   if kept else "Change along each trajectory")
    axes.set_ylabel(f"change / {size_name}")
    if np.isfinite(largest):
      axes.set_ylim(-1.1 * max(largest, 1e-15), 1.1 * max(largest, 1e-15))
    axes.set_xlabel(_time_label(data))
    _legend(axes, data)

  level = ("The quantity changes along time by its losses; with these added, "
           "it is level."
           if kept else "Along time, a conserved quantity is level.")
  return Picture(
      "quantity", f"{level} The change is how far the quantity strays from its "
      f"mean on each trajectory, in units of its {size_name}.",
      (Panel(along), Panel(change)))


def _columns(law: ShownLaw) -> list[str]:
  return [
      _with_unit(_shorten(v.name, 36),
                 "rad" if v.unit.is_angle else str(v.unit))
      for v in law.variables
  ]


def portrait(law: ShownLaw, data: Trajectories) -> Picture:
  """Draw trajectories among the law's level sets.

  With two columns the level sets are contours of the phase plane. With more,
  the first two columns are shown. A law of several terms gets a second panel,
  its first term against the others, where the level sets are straight lines.

  Args:
    law: what to draw.
    data: the trajectories.

  Returns:
    One or two panels.
  """
  names = _columns(law)
  chosen = _chosen(data)
  points = [
      data.states[i][np.unique(
          np.linspace(0,
                      len(data.states[i]) - 1, _MOST_POINTS).astype(int))]
      for i in chosen
  ]
  planar = len(names) == 2

  def plane(axes: Any) -> None:
    for n, s in enumerate(points):
      drawing.dots(axes, s[:, 0], s[:, min(1, s.shape[1] - 1)], n)
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[min(1, len(names) - 1)])
    axes.set_title(
        "Phase plane with level sets" if planar else "The first two columns")
    if planar:
      _contours(axes, law)
    elif len(names) > 1 and _same_length(law):
      axes.set_aspect("equal", "datalim")
    _legend(axes, data)

  panels = [Panel(plane)]
  caption = ("Trajectories among the quantity's level sets (grey): each "
             "trajectory stays on one."
             if planar else "The trajectories, in the first two columns.")
  if len(law.terms) > 1:
    panels.append(Panel(lambda axes: _exchange(axes, law, points, data)))
    caption += (" The law's first term against the sum of its other terms: "
                "along a grey line the quantity is constant, so a conserved "
                "quantity keeps each trajectory on one of these lines.")
  return Picture("portrait", caption, tuple(panels))


def _same_length(law: ShownLaw) -> bool:
  first, second = (v.unit for v in law.variables[:2])
  return (first == second and not first.is_dimensionless)


def _contours(axes: Any, law: ShownLaw) -> None:
  (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
  x, y = np.linspace(left, right, 120), np.linspace(low, high, 120)
  grid = np.stack(np.meshgrid(x, y), axis=-1)
  with np.errstate(all="ignore"):
    values = np.ma.masked_invalid(np.asarray(law(grid)))
  axes.contour(x, y, values, levels=12, **drawing.LEVELS)


def _exchange(axes: Any, law: ShownLaw, points: Sequence[np.ndarray],
              data: Trajectories) -> None:
  """Draw the first term against the rest."""
  for n, s in enumerate(points):
    head = law.coefficients[0] * law.terms[0].value(list(s.T))
    drawing.dots(axes, np.asarray(law(s)) - head, head, n)
  axes.set_title("First term against the others")
  head = simple_numbers.product_text(unit_text(law.terms[0].text),
                                     float(law.coefficients[0]),
                                     float(law.uncertainties[0]), law.simple[0])
  head = _shorten(head if law.coefficients[0] > 0 else f"-{head}")
  axes.set_ylabel(_with_unit(head, law.unit))
  axes.set_xlabel(_with_unit("all other terms", law.unit))
  limits = axes.get_xlim(), axes.get_ylim()
  for s in points:
    drawing.slope(axes, float(np.mean(law(s))))
  axes.set_xlim(limits[0])
  axes.set_ylim(limits[1])
  axes.locator_params(nbins=6)
  _legend(axes, data)


def horizon(outcome: ShownOutcome, time_unit: str) -> Picture:
  """Draw error and drift along the horizon, with and without the laws.

  Args:
    outcome: the prediction experiment.
    time_unit: text.

  Returns:
    Two panels.
  """

  def panel(kind: str, title: str, label: str) -> Panel:

    def draw(axes: Any) -> None:
      for n, variant in enumerate(outcome.variants):
        curves = np.sqrt(np.mean(getattr(variant, kind)**2, axis=1))
        drawing.band(axes, outcome.times, curves, n)
      drawing.logarithmic(axes)
      axes.set_title(title)
      axes.set_ylabel(label)
      axes.set_xlabel(_with_unit("time since the start", time_unit))
      drawing.legend(axes, [v.name for v in outcome.variants])

    return Panel(draw)

  return Picture(
      "horizon",
      "Rollouts from held-out starts. Lines: mean over the seeds. Bands: from "
      "the smallest to the largest value over the seeds.",
      (panel("error", "Error of the prediction", "error [standard deviations]"),
       panel("drift", "Change of law 1's quantity", "change / overall spread")))
