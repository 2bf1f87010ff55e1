"""The rows as a table: means over seeds, paired with the control."""

from typing import Any

import numpy as np

from experiments.common.tables import number
from experiments.frames.rows import CONTROL

HEADER = ("row", "inner steps", "MSE last", "ratio to control", "ratio std",
          "wins", "MSE mean", "mean ratio", "mean std", "PSNR last",
          "SSIM last", "probe last", "probe true", "probe blind", "W/T true",
          "W/T predicted", "training seconds")


def _by_seed(rows: list[dict[str, Any]],
             name: str) -> dict[int, dict[str, Any]]:
  return {row["seed"]: row for row in rows if row["row"] == name}


def _digits(value: float) -> str:
  return f"{value:.4g}"


def _spread(ratios: np.ndarray) -> tuple[str, str]:
  return number(ratios.mean(), 3), number(ratios.std(), 3)


def cells(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
  """The table's body.

  Args:
    rows: of all seeds, as `rows.evaluate` returns them.

  Returns:
    One tuple a row, as long as HEADER: "last" is the last predicted frame, the
    ratio that of its squared errors, paired by seed, "mean ratio" that of
    the errors' means over all predicted frames; "probe true" is the
    probe's error on true frames, "probe blind" that of the labels' mean.

  Example:
    >>> row = {"row": "SVG, longer", "seed": 0, "inner_steps": 0,
    ...        "mse": [.1, .2], "psnr": [10., 7.], "ssim": [.9, .8],
    ...        "training_seconds": 5.}
    >>> cells([row])[0][:6]
    ('SVG, longer', '0', '0.2', '1.000', '0.000', '0/1')
  """
  control = _by_seed(rows, CONTROL)
  body = []
  for name in dict.fromkeys(row["row"] for row in rows):
    own = _by_seed(rows, name)
    mean = lambda read, own=own: float(np.mean([read(r) for r in own.values()]))
    both = [(r["mse"], control[seed]["mse"])
            for seed, r in own.items()
            if seed in control]
    paired = np.array([mse[-1] / base[-1] for mse, base in both])
    first = next(iter(own.values()))
    ratio, whole = ("", "", ""), ("", "")
    if len(paired):
      wins = f"{int((paired < 1).sum())}/{len(paired)}"
      ratio = (*_spread(paired), wins)
      whole = _spread(
          np.array([np.mean(mse) / np.mean(base) for mse, base in both]))
    probed = [
        _digits(mean(lambda r: r["probe"][-1])),
        *(_digits(mean(lambda r, k=key: r[k]))
          for key in ("probe_floor", "probe_mean"))
    ] if "probe" in first else [""] * 3
    within = [
        _digits(mean(lambda r, k=kind: r["g"]["within_total"][k]))
        if "g" in first else "" for kind in ("true", "predicted")
    ]
    steps = sorted({row["inner_steps"] for row in own.values()})
    body.append((name, ", ".join(map(str, steps)),
                 _digits(mean(lambda r: r["mse"][-1])), *ratio,
                 _digits(mean(lambda r: np.mean(r["mse"]))), *whole,
                 number(mean(lambda r: r["psnr"][-1]),
                        2), number(mean(lambda r: r["ssim"][-1])), *probed,
                 *within, f"{mean(lambda r: r['training_seconds']):.0f}"))
  return body
