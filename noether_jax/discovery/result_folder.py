"""A folder of results, in which each file is written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
import os
import pathlib

from noether_jax.data.files import write_atomically
from noether_jax.errors import InputError

# Files that a run can write. A later run removes those that it does not write.
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
