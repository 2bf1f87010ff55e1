"""The long rollouts' errors beside the control's, a point for each seed."""

from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from matplotlib.ticker import NullFormatter
import numpy as np

from experiments.common.figures import png
from experiments.common.tables import array


def draw(rows: list[dict[str, Any]], settings: dict[str, Any]) -> bytes:
  """Ratios of the long rollouts' errors to the control's, paired by seed.

  Args:
    rows: as `main` stores them.
    settings: the run's.

  Returns:
    A PNG.
  """
  named = {row["row"]: row for row in rows}
  base = array(named["control"]["long"])
  shown = [row for row in rows if row["row"] != "control"]
  with matplotlib.rc_context({"font.size": 9}):
    figure = Figure(figsize=(6.4, 0.6 + 0.32 * max(len(shown), 1)),
                    layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(shown):
      values = array(row["long"])
      ratios = values / base
      ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
      if not len(ratios):
        continue
      axes.plot(ratios,
                np.full(len(ratios), place),
                "o",
                color="tab:blue",
                alpha=0.5,
                markersize=5)
      axes.plot([np.mean(ratios)] * 2, [place - 0.35, place + 0.35],
                color="black",
                linewidth=1.5)
    axes.axvline(1.0, color="gray", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(shown)), [row["row"] for row in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel("error of long rollouts / the control's (bar: mean)")
    made = ("measured" if settings["noise"] is None else
            f"{settings['trajectories']} trajectories, "
            f"noise {settings['noise']:g}")
    axes.set_title(f"{settings['system']}, {made}")
    axes.grid(axis="x", alpha=0.3)
    return png(figure)
