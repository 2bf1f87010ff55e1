"""The files that a result leaves behind, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
import pathlib
from typing import Any

from noether_jax.data.files import write_atomically
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.law_file import law_module
from noether_jax.errors import InputError
from noether_jax.reporting import figures
from noether_jax.reporting import records
from noether_jax.reporting import report
from noether_jax.reporting import views
from noether_jax.reporting.subjects import ShownDiscovery
from noether_jax.reporting.subjects import ShownOutcome

# What a run can write: a later one removes what it does not write itself.
_FILES = ("result.json", "law.py", "report.html", "quantity.png",
          "portrait.png", "horizon.png")


def make_folder(out: str | os.PathLike[str]) -> pathlib.Path:
  """Make the folder for the results.

  Args:
    out: its path.

  Returns:
    The path.

  Raises:
    InputError: if it cannot be made or written to.
  """
  path = pathlib.Path(out)
  try:
    path.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    raise InputError(f"The folder {out}: {error.strerror}.") from error
  if not os.access(path, os.W_OK):
    raise InputError(f"The folder {out}: not writable.")
  return path


def write_files(out: str | os.PathLike[str],
                contents: Mapping[str, str | bytes]) -> None:
  """Replace a folder's results.

  Files of an earlier run that this one does not have are removed, so that the
  folder never mixes two runs.

  Args:
    out: the folder; made if it is missing.
    contents: text or bytes by file name, in the order of writing.

  Raises:
    InputError: if a file cannot be written.
  """
  folder = make_folder(out)
  try:
    for stale in _FILES:
      (folder / stale).unlink(missing_ok=True)
    for name, content in contents.items():
      write_atomically(folder / name, content)
  except OSError as error:
    raise InputError(f"The folder {out}: {error.strerror}.") from error


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
  formulas = [law for law in found.laws if law.terms]
  if formulas:
    contents["law.py"] = law_module(formulas)
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
