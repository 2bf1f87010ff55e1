"""The gap and the bound against the number of free dimensions."""

from typing import Any

import matplotlib
from matplotlib import figure as mpl_figure
from matplotlib import lines as mpl_lines
from matplotlib import patches as mpl_patches
from matplotlib import ticker
import numpy as np

from experiments.common.figures import png
from experiments.common.figures import STYLE
from experiments.theory.config import Config

_COLORS = ("#c05621", "#2b6cb0", "#2f855a", "#805ad5")
_KINDS = {
    "bound, with the constraint": {
        "ls": ":"
    },
    "gap without the constraint": {
        "ls": "--"
    },
    "gap with the constraint": {
        "ls": "-",
        "marker": "o",
        "ms": 4
    },
}


def _legend(made: mpl_figure.Figure, sizes: list[int]) -> None:
  """Colours for n, line styles for what is drawn."""
  handles = [
      mpl_lines.Line2D([], [], color=color, lw=4, label=f"n = {n}")
      for color, n in zip(_COLORS, sizes)
  ]
  handles += [
      mpl_lines.Line2D([], [], color="#4a5568", lw=1.6, label=name, **style)
      for name, style in _KINDS.items()
  ]
  handles.append(
      mpl_lines.Line2D([], [], color="black", lw=1, label="largest loss, C"))
  handles.append(
      mpl_patches.Patch(color="#4a5568",
                        alpha=.15,
                        lw=0,
                        label="std over seeds"))
  made.legend(handles=handles, loc="outside lower center", ncols=4)


def _curves(axes: Any, rows: list[dict[str, Any]], color: str) -> None:
  """One n: both gaps, the band of one, and the bound."""
  free = [row["m"] for row in rows]
  curves = [[row["constrained_bound"] for row in rows]]
  curves += [[np.mean(row[name])
              for row in rows]
             for name in ("unconstrained", "constrained")]
  for values, style in zip(curves, _KINDS.values()):
    # The logarithm has no place for a mean below zero, as noise may make it.
    axes.plot(free,
              np.where(np.array(values) > 0, values, np.nan),
              color=color,
              lw=1.6,
              **style)
  mean, std = np.array(curves[-1]), [np.std(row["constrained"]) for row in rows]
  axes.fill_between(free,
                    np.maximum(mean - std, 1e-9),
                    mean + std,
                    color=color,
                    alpha=.15,
                    lw=0)


def draw(rows: list[dict[str, Any]], *, config: Config) -> bytes:
  """Gap and bound against m, a panel for each d, both axes logarithmic.

  Args:
    rows: as `simulation.rows` returns them; those with m = 0, whose mean gap is
      zero, are left out.
    config: of the run.

  Returns:
    A PNG image.
  """
  dimensions = [d for d, _ in config.free_dimensions]
  with matplotlib.rc_context(STYLE):
    made = mpl_figure.Figure(figsize=(1.2 + 3.1 * len(dimensions), 4.5),
                             layout="constrained")
    panels = made.subplots(1, len(dimensions), sharey=True, squeeze=False)[0]
    for axes, d in zip(panels, dimensions):
      for color, n in zip(_COLORS, config.num_examples):
        shown = [r for r in rows if (r["d"], r["n"]) == (d, n) and r["m"] > 0]
        _curves(axes, shown, color)
      axes.axhline(config.loss_bound, color="black", lw=1)
      axes.set_xscale("log", base=2)
      axes.set_yscale("log")
      axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%d"))
      axes.xaxis.set_minor_locator(ticker.NullLocator())
      axes.set_xlabel("free dimensions m")
      axes.set_title(f"d = {d}")
    means = [np.mean(row["constrained"]) for row in rows if row["m"] > 0]
    lowest = min((mean for mean in means if mean > 0), default=1e-3)
    panels[0].set_ylim(bottom=max(lowest / 2, 1e-6 * config.loss_bound),
                       top=5 * config.loss_bound)
    panels[0].set_ylabel("expected minus empirical loss\n[units of the loss]")
    _legend(made, list(config.num_examples))
    return png(made, 140)
