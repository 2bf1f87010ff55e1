"""The study's rows as a Markdown table and as one for the terminal."""

from typing import Any

import numpy as np

from experiments.common.tables import array
from experiments.common.tables import number

HEADER = ("row", "short", "ratio", "long", "ratio", "std", "wins", "drift",
          "Spearman", "R2", "W/T", "angle", "seconds")
# A ratio above is no win: the same predictor in another program rounds
# differently.
_SAME = 1 - 1e-4


def _paired(row: dict[str, Any], base: dict[str, Any] | None,
            key: str) -> np.ndarray:
  """A row's errors over the control's of the same seed."""
  if base is None:
    return np.full(len(row[key]), np.nan)
  return array(row[key]) / array(base[key])


def _least(row: dict[str, Any], key: str, worst: Any) -> str:
  """The worst seed's value, empty where there is none."""
  values = [v for v in row.get(key, []) if v is not None]
  return number(worst(values), 4) if values else ""


def cells(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
  """The table's body. Errors, drift and W/T are means over seeds; ratios are
  paired with the control of the same seed; Spearman and R2 are the least, the
  angle the largest over seeds.

  Args:
    rows: as `main` stores them.

  Returns:
    One tuple a row, as long as HEADER.

  Example:
    >>> row = {"row": "control", "short": [1., 3.], "long": [2., 4.],
    ...        "drift": [0., 0.], "seconds": 1.}
    >>> cells([row])[0][:5]
    ('control', '2.0000', '1.000', '3.0000', '1.000')
  """
  control = {row["row"]: row for row in rows}.get("control")
  body = []
  for row in rows:
    short, long = (_paired(row, control, key) for key in ("short", "long"))
    quotient = [v for v in row.get("within_total", []) if v is not None]
    body.append(
        (row["row"], number(np.mean(array(row["short"]))),
         number(np.mean(short), 3), number(np.mean(array(row["long"]))),
         number(np.mean(long), 3),
         number(np.std(long) if np.isfinite(long).all() else np.nan,
                3), f"{int(np.sum(long < _SAME))}/{len(long)}",
         number(np.mean(array(row["drift"]))), _least(row, "spearman", min),
         _least(row, "r2", min), number(np.mean(quotient)) if quotient else "",
         _least(row, "angle", max), f"{row['seconds']:.0f}"))
  return body
