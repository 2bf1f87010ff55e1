"""SHA-256 of every file of a folder, in the format of `sha256sum`."""

from __future__ import annotations

import hashlib
import os
import pathlib

NAME = "SHA256SUMS"


def _files(folder: pathlib.Path) -> list[str]:
  return sorted(
      p.relative_to(folder).as_posix()
      for p in folder.rglob("*")
      if p.is_file() and p.name != NAME)


def _digest(path: pathlib.Path) -> str:
  with path.open("rb") as file:
    return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: pathlib.Path) -> None:
  """Have the operating system write a file or a folder's entries to the disk.

  Args:
    path: of the file or folder.

  Example:
    >>> sync(pathlib.Path("."))
  """
  descriptor = os.open(path, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)


def write_checksums(folder: pathlib.Path) -> None:
  """Write `SHA256SUMS` into a folder; everything in it is then on the disk.

  Args:
    folder: any folder; the files in its subfolders are listed too.

  Example:
    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a").write_text("")
    >>> write_checksums(folder)
    >>> (folder / "SHA256SUMS").read_text()
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\\n'
  """
  lines = [f"{_digest(folder / name)}  {name}\n" for name in _files(folder)]
  (folder / NAME).write_text("".join(lines))
  for path in [folder, *folder.rglob("*")]:
    sync(path)


def find_damage(folder: pathlib.Path) -> str | None:
  """Return the first file that is not as `write` found it.

  Args:
    folder: that `write` was given.

  Returns:
    None, or the file's path and what is the matter with it.

  Example:
    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a").write_text("1")
    >>> write_checksums(folder)
    >>> _ = (folder / "a").write_text("2")
    >>> find_damage(folder)
    '.../a is damaged: its SHA-256 is not that in SHA256SUMS'
  """
  if not (folder / NAME).is_file():
    return f"{folder / NAME} is missing"
  text = (folder / NAME).read_bytes().decode(errors="replace")
  listed = dict(
      (line + "  ").split("  ", 2)[1::-1] for line in text.split("\n"))
  there = _files(folder)
  for name in there:
    if name not in listed:
      return f"{folder / name} is not listed in {NAME}, which may be damaged"
    if _digest(folder / name) != listed[name]:
      return (f"{folder / name} is damaged: its SHA-256 is not that in {NAME}")
  for name in sorted(listed.keys() - set(there) - {""}):
    return f"{folder / name} is missing"
  return None
