"""Images that suit a light and a dark page, in colours that all can tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import io
import re
from typing import Any
import warnings

import markupsafe
import matplotlib
from matplotlib import figure as mpl_figure
import numpy as np

from noether_jax.reporting import formulas

# Okabe and Ito's colours, of a lightness that shows on white and on black.
COLORS = ("#1a7fc0", "#d55e00", "#00906a", "#b565a7", "#7a7a7a")
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)))
# Text and axes; in a page they take the colour of its text.
_INK = "#1c2430"
_MOST_POINTS = 600
LEVELS: Any = {
    "colors": "#8a8f98",
    "linewidths": .6,
    "linestyles": "solid",
    "zorder": 0
}
_STYLE: Any = {
    "font.size": 10,
    "text.color": _INK,
    "text.parse_math": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.titlecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": .7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.limits": (-2, 4),
    "axes.unicode_minus": True,
    "grid.color": _INK,
    "grid.alpha": .12,
    "grid.linewidth": .7,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "svg.fonttype": "none",
    # The same names of parts in each run; parts that differ get other names.
    "svg.hashsalt": "noether_jax",
    "savefig.dpi": 140,
}
_SAVED: Any = {
    "png": {
        "facecolor": "white"
    },
    "svg": {
        "transparent": True,
        "dpi": 200
    },
}
_WIDTH, _HEIGHT = 4.3, 3.3


@dataclasses.dataclass(frozen=True)
class Panel:
  """One pair of axes.

  Attributes:
    draw: draws on Matplotlib axes.
  """
  draw: Callable[[Any], None]


@dataclasses.dataclass(frozen=True)
class Picture:
  """Panels that belong together.

  Attributes:
    name: of the file, without its ending.
    caption: what is seen.
    panels: from left to right.
  """
  name: str
  caption: str
  panels: tuple[Panel, ...]

  def png(self) -> bytes:
    """Draw all panels side by side on white."""
    return _saved(self.panels, "png")

  def svgs(self) -> tuple[markupsafe.Markup, ...]:
    """Draw each panel as an `<svg>` element for a page of any colour."""
    return tuple(_svg(panel) for panel in self.panels)


def _saved(panels: Sequence[Panel], kind: str) -> bytes:
  """Draw panels side by side and return the file."""
  buffer = io.BytesIO()
  with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
    # Names in any script: the page's fonts have what Matplotlib's lacks.
    warnings.filterwarnings("ignore", message="Glyph .* missing from")
    made = mpl_figure.Figure(figsize=(_WIDTH * len(panels), _HEIGHT),
                             layout="constrained")
    every = made.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel in zip(every, panels):
      panel.draw(axes)
    made.savefig(buffer, format=kind, **_SAVED[kind])
  return buffer.getvalue()


def _svg(panel: Panel) -> markupsafe.Markup:
  """Return the element alone, its text in the colour of the page's text."""
  text = _saved([panel], "svg").decode()
  text = text[text.index("<svg"):]
  text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
  text = re.sub(r'<g id="[^"]*"', "<g", text)
  return markupsafe.Markup(text.replace(_INK, "currentColor"))


def _style(n: int) -> dict[str, Any]:
  return {
      "color": COLORS[n % len(COLORS)],
      "linestyle": _DASHES[n // len(COLORS) % len(_DASHES)]
  }


def line(axes: Any, times: np.ndarray, values: np.ndarray, n: int) -> None:
  """Draw the n-th trajectory; of a long one, extremes of short stretches."""
  axes.plot(*envelope(times, values), lw=1.3, **_style(n))


def envelope(times: np.ndarray,
             values: np.ndarray,
             most: int = _MOST_POINTS) -> tuple[np.ndarray, np.ndarray]:
  """Thin a series without losing its extremes.

  Args:
    times: `[T]`.
    values: `[T]`.
    most: number of stretches; the extremes of each are kept.

  Returns:
    Times and values, at most 2 `most` of each.

  Example:
    >>> t = np.arange(10_000.)
    >>> x = np.where(t == 1234, 7., 0.)
    >>> thin = envelope(t, x, 100)
    >>> len(thin[0]) <= 200, float(thin[1].max())
    (True, 7.0)
  """
  if len(values) <= 2 * most:
    return times, values
  edges = np.linspace(0, len(values), most + 1).astype(int)
  kept = sorted({
      int(start + pick(values[start:stop]))
      for start, stop in zip(edges, edges[1:])
      for pick in (np.argmin, np.argmax)
  })
  return times[kept], values[kept]


def dots(axes: Any, x: np.ndarray, y: np.ndarray, n: int) -> None:
  """Draw the n-th trajectory's samples, all in one image."""
  marker = "o^s"[n // len(COLORS) % 3]
  axes.plot(x,
            y,
            marker,
            color=COLORS[n % len(COLORS)],
            ms=1.6,
            mew=0,
            rasterized=True)


def slope(axes: Any, level: float) -> None:
  """Draw a level set of x + y."""
  axes.axline((0., level), slope=-1., color="#8a8f98", lw=.6, zorder=0)


def band(axes: Any, times: np.ndarray, curves: np.ndarray, n: int) -> None:
  """Draw the mean of `[S, T]` curves, and the band that they span."""
  axes.plot(times, curves.mean(0), lw=1.6, **_style(n))
  axes.fill_between(times,
                    curves.min(0),
                    curves.max(0),
                    color=COLORS[n % len(COLORS)],
                    alpha=.18,
                    lw=0)


def logarithmic(axes: Any) -> None:
  """Make the vertical axis logarithmic, its labels plain text."""
  axes.set_yscale("log")
  axes.yaxis.set_major_formatter(lambda value, _: "10" + str(
      round(np.log10(value))).translate(formulas.SUPERSCRIPTS))
  axes.yaxis.set_minor_formatter(lambda value, _: "")


def legend(axes: Any, labels: Sequence[str], title: str = "") -> None:
  """Name the lines drawn so far, once a figure, below the panels."""
  figure = axes.figure
  if not figure.legends:
    columns = 4 if max(map(len, labels)) < 9 else 2
    figure.legend(axes.get_lines()[:len(labels)],
                  labels,
                  title=title or None,
                  loc="outside lower center",
                  ncols=min(len(labels), columns * len(figure.axes)),
                  columnspacing=1.2,
                  handlelength=1.8,
                  markerscale=4.)
