"""The check of a given quantity, as one value that shows and saves itself."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import os
from typing import Any

import numpy as np

from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.evidence import Evidence
from noether_jax.discovery.result_folder import write_files
from noether_jax.reporting import checks
from noether_jax.reporting import figures
from noether_jax.reporting import records
from noether_jax.reporting import verdicts
from noether_jax.reporting.drawing import Picture


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Check:
  """How well a given quantity is conserved; printed, the program's text.

  Attributes:
    data: the trajectories.
    text: the formula, or the quantity's name.
    latex: the formula in LaTeX; empty if there is none.
    unit: of the quantity.
    values: N arrays `[T_i]`, the quantity along each trajectory.
    evidence: scatter and drift on the data.
    scale: with what changes are compared, in `unit`.
    scale_name: what that is: the quantity's spread over all data or, where the
      trajectories hardly differ, its mean size or its spread over randomly
      combined columns.
    verdict: "conserved", "approximately conserved", "cannot tell" or
      "not conserved".
    drift: mean slope along time, in `unit` over that of time.
    drift_interval: its 95 % confidence interval, which allows for
      autocorrelation.
    excursion: largest distance from a trajectory's mean, in `unit`.
    excursion_trial: label of the trial where it occurs.
    excursion_time: the time at which it occurs.
    messages: what a user should know.
    reason: why one cannot tell, a key of `reporting.verdicts.REASONS`; else
      empty.
  """
  data: Trajectories
  text: str
  latex: str
  unit: str
  values: tuple[np.ndarray, ...]
  evidence: Evidence
  scale: float
  scale_name: str
  verdict: str
  drift: float
  drift_interval: tuple[float, float]
  excursion: float
  excursion_trial: str
  excursion_time: float
  messages: tuple[str, ...]
  reason: str = ""

  def figure(self) -> Picture:
    """Draw the quantity along time, and its change along each trajectory."""
    return figures.series(self.values, self.unit, self.data,
                          self.reason == verdicts.ONE_VALUE)

  def save(self,
           out: str | os.PathLike[str],
           *,
           extra: Mapping[str, Any] | None = None) -> None:
    """Write result.json, report.html and quantity.png.

    Args:
      out: the folder; made if it is missing. Results that it holds already are
        replaced.
      extra: more entries of result.json.

    Raises:
      InputError: if a file cannot be written.
    """
    write_files(
        out, {
            "quantity.png": self.figure().png(),
            "report.html": checks.check_page(self, self.data),
            "result.json": records.as_json({
                **self.record,
                **(extra or {})
            })
        })

  @property
  def record(self) -> dict[str, Any]:
    """Plain numbers and text: the content of result.json."""
    return {
        "quantity": self.text,
        "unit": self.unit,
        "verdict": self.verdict,
        "reason": self.reason or None,
        **records.evidence_record(self.evidence), "drift": self.drift,
        "drift_interval": self.drift_interval,
        "largest_excursion": {
            "value": self.excursion,
            "trial": self.excursion_trial,
            "time": self.excursion_time
        },
        "trajectories": len(self.values),
        "rows": sum(map(len, self.values)),
        "messages": self.messages
    }

  def __str__(self) -> str:
    return checks.check_text(self, self.data)

  def __repr__(self) -> str:
    return f"Check({self.text!r}, {self.verdict!r})"

  def _repr_html_(self) -> str:
    return checks.check_html(self, self.data)
