"""The figures, as PNG bytes."""

from collections.abc import Callable
from typing import Any

import jax
import matplotlib
from matplotlib import figure as mpl_figure
from matplotlib import ticker
import numpy as np

from experiments.common.figures import png
from experiments.common.figures import STYLE
from experiments.scientific import tables
from experiments.scientific.data import Data
from experiments.scientific.laws import Quantity

Row = dict[str, Any]
_COLORS = {
    "vanilla": "#1a202c",
    "control": "#718096",
    "vanilla, Euler": "#b7791f",
    "vanilla, central differences": "#b83280",
    "HNN": "#c05621",
    "SINDy": "#805ad5",
    "tailored": "#0987a0",
    "meta-tailored": "#2f855a",
    "Gauss-Newton": "#2b6cb0",
    "projection": "#6b8e23",
}
# These rows nearly coincide with vanilla and Gauss-Newton, so they are drawn
# only where they differ visibly.
_TOO_CLOSE = ("control", "projection")
# The paper's figure of the measured pendulum ends there.
_PAPER_TOP = 0.025


def _with_unit(name: str, unit: str) -> str:
  return f"{name} [{unit}]" if unit else name


def _color(name: str) -> str:
  return _COLORS[name.partition(" (")[0]]


def _dashes(name: str) -> str:
  """Rows with the true law are dashed."""
  return "--" if name.endswith("(oracle)") else "-"


def _apart(rows: list[Row]) -> list[Row]:
  """Rows that differ; a repeated curve is drawn once."""
  shown: list[Row] = []
  for row in rows:
    hidden = row["row"].partition(" (")[0] in _TOO_CLOSE
    if not hidden and all(row["curve"] != other["curve"] for other in shown):
      shown.append(row)
  return shown


def horizon(rows: list[Row], times: np.ndarray, time_unit: str, *,
            square_unit: str, with_paper: bool) -> bytes:
  """Error against time: mean over seeds, band from the least to the largest.

  Args:
    rows: as `rows.evaluate` returns them.
    times: `[T]`.
    time_unit: text, "" for none.
    square_unit: of the squared error, for the label.
    with_paper: beside it, the same on the paper's linear axes.

  Returns:
    A PNG image.
  """
  with matplotlib.rc_context(STYLE):
    columns = 2 if with_paper else 1
    made = mpl_figure.Figure(figsize=(5.2 * columns + 2.2, 4.0),
                             layout="constrained")
    panels = made.subplots(1, columns, squeeze=False)[0]
    for row in _apart(rows):
      color, dashes = _color(row["row"]), _dashes(row["row"])
      curves = np.array([tables.array(seed) for seed in row["curve"]])[:, 1:]
      for axes in panels:
        axes.plot(times[1:],
                  curves.mean(0),
                  color=color,
                  ls=dashes,
                  lw=1.6,
                  label=row["row"])
        axes.fill_between(times[1:],
                          curves.min(0),
                          curves.max(0),
                          color=color,
                          alpha=.12,
                          lw=0)
    for axes in panels:
      axes.set_xlabel(_with_unit("time", time_unit))
      axes.set_xlim(0, times[-1])
      axes.xaxis.set_major_locator(ticker.MaxNLocator(6, steps=[1, 3, 5, 10]))
    panels[0].set_yscale("log")
    panels[0].set_title("error of the rollouts")
    panels[0].set_ylabel(f"MSE of the coordinates{square_unit}")
    if with_paper:
      panels[1].set_ylim(0, _PAPER_TOP)
      panels[1].set_title("the same on the paper's axes")
    made.legend(*panels[0].get_legend_handles_labels(),
                loc="outside right center")
    return png(made, 140)


def strips(rows: list[Row]) -> bytes:
  """Each row's ratio to vanilla, a point a seed and a bar for the mean.

  Args:
    rows: as `rows.evaluate` returns them.

  Returns:
    A PNG image.
  """
  named = {row["row"]: row for row in rows}
  shown = [row for row in rows if row["row"] != "vanilla"]
  with matplotlib.rc_context(STYLE):
    made = mpl_figure.Figure(figsize=(7.2, 1.1 + 0.36 * len(shown)),
                             layout="constrained")
    axes = made.subplots()
    for place, row in enumerate(shown):
      ratio = tables.ratio(row, named.get("vanilla"))
      finite = ratio[np.isfinite(ratio)]
      spread = np.linspace(-.22, .22, len(finite)) if len(finite) > 1 else [0.]
      axes.plot(finite,
                place + np.array(spread),
                "o",
                ms=4,
                color=_color(row["row"]))
      if len(finite):
        axes.plot([finite.mean()] * 2, [place - .34, place + .34],
                  color="black",
                  lw=1.6)
    axes.axvline(1, color="#4a5568", lw=1, ls=":")
    axes.set_xscale("log")
    left, right = axes.get_xlim()
    # Two and five are labelled too, where there is room.
    subs = (1, 2, 5) if right < 200 * left else (1,)
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=subs))
    axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    axes.set_yticks(range(len(shown)), [row["row"] for row in shown])
    axes.set_ylim(len(shown) - .4, -.6)
    axes.set_xlabel("RMSE over vanilla's of the same seed")
    axes.set_title("paired ratios: a point a seed, a bar at their mean")
    return png(made, 140)


def portrait(rows: list[Row], truth: np.ndarray, labels: tuple[str, str],
             value_fn: Callable[[np.ndarray],
                                np.ndarray], formula: str) -> bytes:
  """One test rollout in the phase plane with the level sets of the law.

  Args:
    rows: as `rows.evaluate` returns them.
    truth: `[T, 2]`, the path itself.
    labels: of the two coordinates.
    value_fn: states `[..., 2]` to the law's values `[...]`.
    formula: the law's.

  Returns:
    A PNG image.
  """
  with matplotlib.rc_context(STYLE):
    made = mpl_figure.Figure(figsize=(7.6, 5.0), layout="constrained")
    axes = made.subplots()
    axes.grid(False)
    low, high = truth.min(0), truth.max(0)
    margin = .35 * (high - low)
    low, high = low - margin, high + margin
    grid = np.stack(np.meshgrid(*np.linspace(low, high, 200).T), axis=-1)
    axes.contour(grid[..., 0],
                 grid[..., 1],
                 value_fn(grid),
                 levels=14,
                 colors="#b3bfcc",
                 linewidths=.7,
                 linestyles="solid",
                 zorder=0)
    axes.plot(*truth.T, "k.", ms=4, label="truth", zorder=3)
    axes.plot(*truth[0], "k*", ms=11, label="start", zorder=4)
    for row in _apart(rows):
      path = np.array([tables.array(state) for state in row["path"]])
      axes.plot(*path.T,
                color=_color(row["row"]),
                ls=_dashes(row["row"]),
                lw=1.2,
                label=row["row"])
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.set_title(f"a test rollout; level sets of {formula}")
    made.legend(*axes.get_legend_handles_labels(), loc="outside right center")
    return png(made, 140)


def draw(rows: list[Row], data: Data, law: Quantity) -> dict[str, bytes]:
  """All figures.

  Args:
    rows: as `rows.evaluate` returns them, "vanilla" among them or not.
    data: what they were measured on.
    law: the true one, whose level sets are drawn.

  Returns:
    PNG images by name.
  """
  times = np.arange(data.test.shape[2]) * data.dt
  measured = data.time_unit == "s"
  values = jax.vmap(jax.vmap(lambda x: law.conserved_fn((), x)[0]))
  made = {
      "horizon":
          horizon(rows,
                  times,
                  data.time_unit,
                  square_unit=" [rad², (rad/s)²]" if measured else "",
                  with_paper=measured),
      "portrait":
          portrait(rows, np.asarray(data.test[0, 0]), data.axes, values,
                   law.formulas[0])
  }
  if any(row["row"] == "vanilla" for row in rows) and len(rows) > 1:
    made["ratios"] = strips(rows)
  return made
