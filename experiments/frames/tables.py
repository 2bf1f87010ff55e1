"""The rows as a table: means over seeds, paired with the control."""

from typing import Any

import numpy as np

from experiments.common.tables import number
from experiments.frames.study import CONTROL

HEADER = ("row", "inner steps", "MSE last", "ratio to control", "ratio std",
          "wins", "MSE mean", "PSNR last", "SSIM last", "probe last",
          "W/T true", "W/T predicted", "training seconds")


def _by_seed(rows: list[dict[str, Any]],
             name: str) -> dict[int, dict[str, Any]]:
  return {row["seed"]: row for row in rows if row["row"] == name}


def cells(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
  """The table's body.

  Args:
    rows: of all seeds, as `study.evaluate` returns them.

  Returns:
    One tuple a row, as long as HEADER: "last" is the last predicted frame, the
    ratio that of its squared errors, paired by seed.

  Example:
    >>> row = {"row": "SVG, longer", "seed": 0, "inner_steps": 0,
    ...        "mse": [.1, .2], "psnr": [10., 7.], "ssim": [.9, .8],
    ...        "training_seconds": 5.}
    >>> cells([row])[0][:6]
    ('SVG, longer', '0', '0.2000', '1.000', '0.000', '0/1')
  """
  control = _by_seed(rows, CONTROL)
  body = []
  for name in dict.fromkeys(row["row"] for row in rows):
    own = _by_seed(rows, name)
    last = lambda key, own=own: np.mean([r[key][-1] for r in own.values()])
    paired = np.array([
        r["mse"][-1] / control[seed]["mse"][-1]
        for seed, r in own.items()
        if seed in control
    ])
    within = [
        number(np.mean([r["g"]["within_total"][kind]
                        for r in own.values()])) if all(
                            "g" in r
                            for r in own.values()) else ""
        for kind in ("true", "predicted")
    ]
    first = next(iter(own.values()))
    body.append(
        (name, str(first["inner_steps"]), number(last("mse")),
         number(paired.mean(), 3) if len(paired) else "",
         number(paired.std(), 3) if len(paired) else "",
         f"{int((paired < 1).sum())}/{len(paired)}" if len(paired) else "",
         number(np.mean([np.mean(r["mse"]) for r in own.values()
                        ])), number(last("psnr"), 2), number(last("ssim")),
         number(last("probe")) if "probe" in first else "", *within,
         f"{np.mean([r['training_seconds'] for r in own.values()]):.0f}"))
  return body
