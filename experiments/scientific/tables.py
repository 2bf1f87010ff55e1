"""Rows as JSON and as a Markdown table."""

import json
import os
import pathlib
from typing import Any

import numpy as np

HEADER = ("row", "formula", "RMSE", "std", "ratio to vanilla", "std", "wins",
          "ratio to control", "energy drift")


def write(path: pathlib.Path, text: str) -> None:
  """Writes a file that is either whole or absent.

  Args:
    path: where to.
    text: its content.
  """
  temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
  temporary.write_text(text, encoding="utf-8")
  os.replace(temporary, path)


def store(path: pathlib.Path, value: Any) -> None:
  """Writes JSON atomically.

  Args:
    path: where to.
    value: anything that JSON can hold.
  """
  write(path, json.dumps(value, indent=1) + "\n")


def _ratio(row: dict[str, Any], base: dict[str, Any] | None) -> np.ndarray:
  size = len(row["rmse"])
  if base is None:
    return np.full(size, np.nan)
  return np.array(row["rmse"]) / np.array(base["rmse"])


def markdown(rows: list[dict[str, Any]]) -> str:
  """The table; ratios are paired by seed, wins are ratios below 1.

  Args:
    rows: as `Experiment.evaluate` returns them.

  Returns:
    Lines of Markdown.

  Example:
    >>> row = {"row": "vanilla", "formula": "", "rmse": [1., 3.],
    ...        "drift": [0., 0.]}
    >>> markdown([row]).splitlines()[-1]
    '| vanilla |  | 2.0000 | 1.0000 | 1.000 | 0.000 | 0/2 | nan | 0.0000 |'
  """
  named = {row["row"]: row for row in rows}
  lines = [
      "| " + " | ".join(HEADER) + " |",
      "| " + " | ".join("---" for _ in HEADER) + " |"
  ]
  for row in rows:
    errors = np.array(row["rmse"])
    ratio = _ratio(row, named.get("vanilla"))
    control = _ratio(row, named.get("control"))
    cells = [
        row["row"], row["formula"], f"{errors.mean():.4f}",
        f"{errors.std():.4f}", f"{ratio.mean():.3f}", f"{ratio.std():.3f}",
        f"{int((ratio < 1).sum())}/{len(errors)}", f"{control.mean():.3f}",
        f"{np.mean(row['drift']):.4f}"
    ]
    lines.append("| " + " | ".join(cells) + " |")
  return "\n".join(lines) + "\n"
