"""The rows as a table."""

from typing import Any

import numpy as np

HEADER = (("", "d"), ("", "m"), ("", "n"), ("gap uncon-", "strained"),
          ("", "std"), ("gap con-", "strained"), ("", "std"), ("", "ratio"),
          ("", "wins"), ("bound uncon-", "strained"),
          ("bound con-", "strained"), ("bound", "held"))


def cells(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
  """The table's body.

  The ratio is that of the mean gaps: a seed's own gap may be nearly zero. A win
  is a seed with a smaller gap under the constraint, from the same data.

  Args:
    rows: as `simulation.rows` returns them.

  Returns:
    One tuple a row, as long as HEADER.

  Example:
    >>> row = {"d": 2, "m": 1, "n": 8, "unconstrained": [.1, .3],
    ...        "constrained": [.1, .1], "unconstrained_bound": 2.,
    ...        "constrained_bound": 1., "held": 4, "checked": 4}
    >>> cells([row])[0][3:9]
    ('0.20000', '0.10000', '0.10000', '0.00000', '0.500', '1/2')
  """
  body = []
  for row in rows:
    free, held = np.array(row["unconstrained"]), np.array(row["constrained"])
    body.append(
        (str(row["d"]), str(row["m"]), str(row["n"]), f"{free.mean():z.5f}",
         f"{free.std():z.5f}", f"{held.mean():z.5f}", f"{held.std():z.5f}",
         f"{held.mean() / free.mean():z.3f}",
         f"{int((held < free).sum())}/{len(free)}",
         f"{row['unconstrained_bound']:.3f}", f"{row['constrained_bound']:.3f}",
         f"{row['held']}/{row['checked']}"))
  return body
