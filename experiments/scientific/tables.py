"""The rows as a table."""

from typing import Any

import numpy as np

from experiments.common.tables import array
from experiments.common.tables import number

HEADER = ("row", "formula", "RMSE", "std", "ratio to vanilla", "std", "wins",
          "ratio to control", "final MSE", "ratio to vanilla", "energy drift")


def ratio(row: dict[str, Any],
          base: dict[str, Any] | None,
          key: str = "rmse") -> np.ndarray:
  """A row's values over those of another row, paired by seed.

  Args:
    row: as `rows.evaluate` returns it.
    base: another one, or None.
    key: "rmse" or "final_mse".

  Returns:
    `[S]`; inf where the row's value is not finite, nan without a base or where
    that is not finite.
  """
  values = array(row[key])
  if base is None:
    return np.full(len(values), np.nan)
  under = array(base[key])
  nowhere = np.full(len(values), np.nan)
  return np.divide(values, under, out=nowhere, where=np.isfinite(under))


def _formula(formulas: list[str]) -> str:
  if not formulas:
    return ""
  different = len(set(formulas))
  more = f" (seed 0; {different} different)" if different > 1 else ""
  return formulas[0] + more


def _std(values: np.ndarray) -> float:
  return float(np.std(values)) if np.all(np.isfinite(values)) else np.nan


def cells(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
  """The table's body; ratios are paired by seed, wins are ratios below 1.

  Args:
    rows: as `rows.evaluate` returns them.

  Returns:
    One tuple a row, as long as HEADER.

  Example:
    >>> row = {"row": "vanilla", "formulas": [], "rmse": [1., 3.],
    ...        "final_mse": [1., 9.], "drift": [0., 0.]}
    >>> cells([row])[0][2:7]
    ('2.0000', '1.0000', '1.000', '0.000', '0/2')
  """
  named = {row["row"]: row for row in rows}
  vanilla, control = named.get("vanilla"), named.get("control")
  body = []
  for row in rows:
    errors, paired = array(row["rmse"]), ratio(row, vanilla)
    body.append((row["row"], _formula(row["formulas"]), number(errors.mean()),
                 number(_std(errors)), number(paired.mean(), 3),
                 number(_std(paired),
                        3), f"{int((paired < 1).sum())}/{len(errors)}",
                 number(ratio(row, control).mean(),
                        3), number(array(row["final_mse"]).mean(), 5),
                 number(ratio(row, vanilla, "final_mse").mean(),
                        3), number(array(row["drift"]).mean())))
  return body
