"""Medians and ranges of all problems as a table."""

from typing import Any

import numpy as np

from experiments.benchmark.config import PROBLEMS
from experiments.benchmark.rows import NAMES
from experiments.benchmark.rows import RECOMMENDED
from experiments.common.tables import array
from experiments.common.tables import number

PUBLISHED = "COMET, published"


def header(names: list[str]) -> tuple[str, ...]:
  """The table's headings for some problems."""
  return ("RMSE, median (95 % range)", *(PROBLEMS[n].title for n in names))


def spread(values: list[float | None]) -> tuple[float, float, float]:
  """Median, and the ends of the range that holds 95 % of the values.

  Example:
    >>> spread([1., 2., 3.])[0], spread([1., None, None])[0]
    (2.0, inf)
  """
  with np.errstate(invalid="ignore"):
    ends = np.quantile(array(values), (.025, .5, .975))
  # Interpolation has no value beside infinity.
  low, middle, high = np.nan_to_num(ends, nan=np.inf, posinf=np.inf)
  return float(middle), float(low), float(high)


def pooled(measured: list[dict[str, Any]], name: str) -> list[float | None]:
  """The errors of a row over all seeds; none if it is missing."""
  known = [one["rows"][name] for one in measured if name in one["rows"]]
  return [value for row in known for value in row["rmse"]]


def _cell(values: list[float | None]) -> str:
  if not values:
    return ""
  middle, low, high = spread(values)
  return f"{number(middle)} ({number(low)}, {number(high)})"


def cells(measured: dict[str, list[dict[str, Any]]]) -> list[tuple[str, ...]]:
  """The table's body.

  Args:
    measured: for each problem's name, what `rows.with_recommended`
      returns, a seed each.

  Returns:
    A line for each row, and the published medians.
  """
  body = []
  for name in (*NAMES, *RECOMMENDED):
    line = [_cell(pooled(seeds, name)) for seeds in measured.values()]
    if any(line):
      body.append((name, *line))
  body.append((PUBLISHED, *(number(PROBLEMS[n].published) for n in measured)))
  best = [PROBLEMS[n].best for n in measured]
  body.append(("best other, published",
               *(f"{number(b[1])} ({b[0]})" if b else "" for b in best)))
  return body


def _plain(value: float) -> float | None:
  """What JSON can hold."""
  return value if np.isfinite(value) else None


def summary(measured: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
  """Medians and ranges as plain numbers, and whether the bar is met."""
  out = {}
  for problem, seeds in measured.items():
    rows = {}
    for name in (*NAMES, *RECOMMENDED):
      values = pooled(seeds, name)
      if values:
        rows[name] = [_plain(v) for v in spread(values)]
    median = rows["recommended"][0]
    published = PROBLEMS[problem].published
    chosen = {
        title: [one["rows"][title]["told"]
                for one in seeds] for title in RECOMMENDED if title in rows
    }
    out[problem] = {
        "median_low_high": rows,
        **chosen,
        "medians_by_seed": [
            _plain(spread(one["rows"]["recommended"]["rmse"])[0])
            for one in seeds
        ],
        "kept": [one["kept"] for one in seeds],
        "published": published,
        "below_published": median is not None and median < published,
    }
  return out
