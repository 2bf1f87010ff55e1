"""What a search found, as one value that shows and saves itself."""

from __future__ import annotations

import dataclasses
import math
import os

from noether_jax.data.columns import Variable
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery import saving
from noether_jax.discovery.count import Count
from noether_jax.discovery.law import Law
from noether_jax.reporting import report
from noether_jax.reporting import verdicts
from noether_jax.symbolic.noise import StateNoise


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Discovery:
  """What was found; printed, it is the program's text.

  Attributes:
    data: the trajectories that were searched.
    laws: exact laws first, then approximate ones; functionally independent.
    independent: number of independent exact laws.
    best_rejected: the best combination that is no law, if no law was found.
    num_terms: number of candidate terms.
    noise: estimated for each column; what the smoother left of it.
    smoothed: whether the data were smoothed before the search.
    held_out: indices of the trajectories that gave the evidence.
    messages: what a user should know.
    p_value: how often broken trajectories show a quantity as constant as the
      best one here; NaN where that was not tried.
    count: how many independent quantities are conserved, with a formula or
      without; None where that was not found out.
    rungs: names of the rungs that were climbed.

  Example:
    >>> import numpy as np
    >>> from noether_jax import discover
    >>> angle = np.linspace(0, 6, 60)
    >>> circle = np.stack([np.cos(angle), np.sin(angle)], -1)
    >>> discover([r * circle for r in (1., 2., 3., 4.)], degree=2,
    ...          columns="q,p")
    Discovery('1 independent conservation law found': q^2 + p^2)
  """
  data: Trajectories
  laws: tuple[Law, ...]
  independent: int
  best_rejected: Law | None
  num_terms: int
  noise: StateNoise
  smoothed: bool
  held_out: tuple[int, ...]
  messages: tuple[str, ...]
  p_value: float = math.nan
  rungs: tuple[str, ...] = ()
  count: Count | None = None

  @property
  def variables(self) -> tuple[Variable, ...]:
    """The D columns."""
    return self.data.variables

  @property
  def verdict(self) -> str:
    """One line."""
    if self.independent:
      plural = "s" if self.independent > 1 else ""
      balance = any(law.verdict == verdicts.BALANCE for law in self.laws)
      more = ", and a balance law" if balance else ""
      return (f"{self.independent} independent conservation law{plural} found"
              f"{more}")
    kinds = {law.verdict: law.reason for law in self.laws}
    if verdicts.BALANCE in kinds:
      return "no law without losses; a balance law found"
    if verdicts.UNKNOWN in kinds:
      why = verdicts.REASONS[kinds[verdicts.UNKNOWN]]
      return f"cannot tell: {why.headline}"
    if kinds:
      return "no exact law found; approximately conserved quantity found"
    return "no law found"

  def save(self, out: str | os.PathLike[str]) -> None:
    """Write result.json, law.py, report.html and the figures.

    Args:
      out: the folder; made if it is missing. Results that it holds already are
        replaced. Each file is written whole or not at all.

    Raises:
      InputError: if a file cannot be written.
    """
    saving.save_discovery(out, self, self.data)

  def __str__(self) -> str:
    return report.plain_text(self, None, (), self.data, program=False)

  def __repr__(self) -> str:
    laws = "; ".join(law.text for law in self.laws)
    return f"Discovery({self.verdict!r}{': ' if laws else ''}{laws})"

  def _repr_html_(self) -> str:
    return report.discovery_html(self, self.data)
