"""The files that a discovery leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
from typing import Any

from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.law_file import law_module
from noether_jax.discovery.result_folder import write_files
from noether_jax.reporting import figures
from noether_jax.reporting import records
from noether_jax.reporting import report
from noether_jax.reporting import views
from noether_jax.reporting.subjects import ShownDiscovery
from noether_jax.reporting.subjects import ShownOutcome


def save_discovery(out: str | os.PathLike[str],
                   found: ShownDiscovery,
                   data: Trajectories,
                   outcome: ShownOutcome | None = None,
                   *,
                   title: str = "What the data conserve",
                   notes: Sequence[str] = (),
                   footer: str = "Made by: noether_jax.discover",
                   extra: Mapping[str, Any] | None = None) -> None:
  """Write the figures, law.py, report.html and last result.json.

  Args:
    out: the folder; made if it is missing.
    found: the discovery.
    data: its trajectories.
    outcome: the prediction experiment, or None.
    title: of the report.
    notes: remarks on the data set.
    footer: how it was made.
    extra: more entries of result.json.

  Raises:
    InputError: if a file cannot be written.
  """
  law = found.laws[0] if found.laws else found.best_rejected
  pictures = views.law_pictures(law, data, first=True) if law else []
  if outcome is not None:
    pictures.append(figures.horizon(outcome, data.time_unit))
  contents: dict[str, str | bytes] = {
      f"{picture.name}.png": picture.png() for picture in pictures
  }
  if found.laws:
    contents["law.py"] = law_module(found.laws)
  contents["report.html"] = report.page(found,
                                        outcome,
                                        data,
                                        title=title,
                                        notes=notes,
                                        footer=footer)
  record = {
      "title": title,
      "notes": list(notes),
      "trajectories": len(data.states),
      "rows": sum(len(s) for s in data.states),
      **(extra or {})
  }
  contents["result.json"] = records.result(found, outcome, record)
  write_files(out, contents)
