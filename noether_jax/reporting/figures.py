"""The report's figures, as PNG bytes."""

from __future__ import annotations

from collections.abc import Sequence
import io
from typing import Any

import matplotlib
from matplotlib import figure as mpl_figure
import numpy as np

from noether_jax.reporting.subjects import ShownLaw
from noether_jax.reporting.subjects import ShownOutcome

_COLORS = ("#2b6cb0", "#c05621", "#2f855a", "#805ad5", "#b83280", "#4a5568",
           "#b7791f", "#0987a0")
_MOST_LINES = 12
_STYLE: Any = {
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a94a0",
    "axes.grid": True,
    "grid.color": "#e6eaef",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
}


def _panels(columns: int) -> tuple[mpl_figure.Figure, Any]:
  made = mpl_figure.Figure(figsize=(4.9 * columns, 3.7), layout="constrained")
  return made, made.subplots(1, columns, squeeze=False)[0]


def _png(made: mpl_figure.Figure) -> bytes:
  buffer = io.BytesIO()
  made.savefig(buffer, format="png", dpi=140)
  return buffer.getvalue()


def _with_unit(name: str, unit: str) -> str:
  return name if unit in ("", "1") else f"{name}  [{unit}]"


def _shorten(text: str, length: int = 44) -> str:
  return text if len(text) <= length else text[:length - 2] + " …"


def _chosen(count: int) -> list[int]:
  """At most 12 trajectories, spread over all."""
  return sorted(
      set(
          np.linspace(0, count - 1, min(count,
                                        _MOST_LINES)).astype(int).tolist()))


def _legend(made: mpl_figure.Figure, axes: Any, labels: Sequence[str]) -> None:
  """Names the trajectories where there are few."""
  if 1 < len(labels) <= 8 and all(labels):
    made.legend(*axes.get_legend_handles_labels(),
                loc="outside lower center",
                ncols=min(len(labels), 6),
                markerscale=4.)


def quantity(law: ShownLaw, states: Sequence[np.ndarray],
             times: Sequence[np.ndarray], labels: Sequence[str],
             time_unit: str) -> bytes:
  """The quantity along time, and how far it strays from its mean.

  Args:
    law: what to draw.
    states: N arrays `[T_i, D]`.
    times: N arrays `[T_i]`.
    labels: N names.
    time_unit: text.

  Returns:
    A PNG image.
  """
  with matplotlib.rc_context(_STYLE):
    made, (left, right) = _panels(2)
    values = [law(s) for s in states]
    spread = float(np.std(np.concatenate(values))) or 1.
    for n, i in enumerate(_chosen(len(states))):
      color = _COLORS[n % len(_COLORS)]
      left.plot(times[i], values[i], color=color, lw=1.3, label=labels[i])
      right.plot(times[i], (values[i] - values[i].mean()) / spread,
                 color=color,
                 lw=1.)
    left.set_title(_shorten(law.text))
    left.set_ylabel(_with_unit("value", law.unit))
    right.set_title("its change along each trajectory")
    left.ticklabel_format(axis="y", scilimits=(-2, 3))
    right.ticklabel_format(axis="y", scilimits=(-2, 3))
    right.set_ylabel("value − mean, over total spread")
    largest = max(abs(v - v.mean()).max() for v in values) / spread
    right.set_ylim(-1.1 * max(largest, 1e-15), 1.1 * max(largest, 1e-15))
    for axes in (left, right):
      axes.set_xlabel(_with_unit("time", time_unit))
    _legend(made, left, labels)
    return _png(made)


def portrait(law: ShownLaw, states: Sequence[np.ndarray],
             labels: Sequence[str]) -> bytes:
  """Trajectories among the law's level sets.

  With two columns the level sets are contours of the phase plane. With more,
  the first two columns are shown, and beside them the exchange between the
  law's first term and the rest, where level sets are straight lines.

  Args:
    law: what to draw.
    states: N arrays `[T_i, D]`.
    labels: N names.

  Returns:
    A PNG image.
  """
  with matplotlib.rc_context(_STYLE):
    made, (left, right) = _panels(2)
    chosen = _chosen(len(states))
    names = [
        _with_unit(v.name, "rad" if v.unit.is_angle else str(v.unit))
        for v in law.variables
    ]
    for n, i in enumerate(chosen):
      color = _COLORS[n % len(_COLORS)]
      other = 1 if states[i].shape[1] > 1 else 0
      left.plot(states[i][:, 0],
                states[i][:, other],
                ".",
                color=color,
                ms=2.2,
                label=labels[i])
      head = law.terms[0].value(list(states[i].T))
      right.plot(law(states[i]) - head, head, ".", color=color, ms=2.2)
    left.set_xlabel(names[0])
    left.set_ylabel(names[-1 if len(names) == 1 else 1])
    if len(names) == 2:
      _contours(left, law)
      left.set_title("phase plane with level sets")
    else:
      left.set_title("the first two columns")
      if law.variables[0].unit == law.variables[
          1].unit and not law.variables[0].unit.is_angle:
        left.set_aspect("equal", "datalim")
    _exchange_lines(right, law, [states[i] for i in chosen])
    _legend(made, left, labels)
    return _png(made)


def _contours(axes: Any, law: ShownLaw) -> None:
  (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
  x, y = np.linspace(left, right, 200), np.linspace(low, high, 200)
  grid = np.stack(np.meshgrid(x, y), axis=-1)
  with np.errstate(all="ignore"):
    values = law(grid)
  axes.contour(x,
               y,
               np.ma.masked_invalid(values),
               levels=14,
               colors="#8a94a0",
               linewidths=.7,
               linestyles="solid",
               zorder=0)


def _exchange_lines(axes: Any, law: ShownLaw,
                    states: Sequence[np.ndarray]) -> None:
  axes.set_title("exchange along the level sets")
  axes.set_ylabel(_with_unit(_shorten(law.terms[0].text, 24), law.unit))
  axes.set_xlabel(_with_unit("all other terms", law.unit))
  limits = axes.get_xlim(), axes.get_ylim()
  for s in states:
    level = float(np.mean(law(s)))
    axes.axline((0., level), slope=-1., color="#8a94a0", lw=.7, zorder=0)
  axes.set_xlim(limits[0])
  axes.set_ylim(limits[1])
  axes.ticklabel_format(scilimits=(-2, 3))
  axes.locator_params(nbins=6)


def horizon(outcome: ShownOutcome, time_unit: str) -> bytes:
  """Error and drift against the horizon, with and without the laws.

  Args:
    outcome: the prediction experiment.
    time_unit: text.

  Returns:
    A PNG image.
  """
  labels = {
      "error": ("rollout error", "standard deviations of the columns"),
      "drift": ("change of law 1's quantity", "its own standard deviations")
  }
  colors = (_COLORS[1], _COLORS[3], _COLORS[0])
  with matplotlib.rc_context(_STYLE):
    made, panels = _panels(2)
    for axes, (kind, (title, label)) in zip(panels, labels.items()):
      for variant, color in zip(outcome.variants, colors):
        curves = np.sqrt(np.mean(getattr(variant, kind)**2, axis=1))
        axes.plot(outcome.times,
                  curves.mean(0),
                  color=color,
                  lw=1.6,
                  label=variant.name)
        axes.fill_between(outcome.times,
                          curves.min(0),
                          curves.max(0),
                          color=color,
                          alpha=.18,
                          lw=0)
      axes.set_yscale("log")
      axes.set_title(title)
      axes.set_ylabel(label)
      axes.set_xlabel(_with_unit("horizon", time_unit))
    panels[0].legend(loc="lower right")
    return _png(made)
