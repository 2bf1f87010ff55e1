"""Finds, downloads and verifies the files of others.

Nothing is redistributed here: a file comes from the user's `--manual_dir` or
from its publisher, and its SHA-256 must be the one of the file that the
experiments were run on.
"""

import dataclasses
import hashlib
import http.client
import io
import os
import pathlib
import tempfile
import urllib.request
import zipfile
import zlib

_TIMEOUT_SECONDS = 30
_MAX_BYTES = 1 << 28


class DataError(ValueError):
  """A data file is missing or not what it should be; the message is a line."""


@dataclasses.dataclass(frozen=True)
class Source:
  """Where a file comes from and how to recognise it.

  Attributes:
    filename: its name, in `--manual_dir` too.
    sha256: its checksum, 64 hexadecimal digits.
    url: the publisher's address of the file, or of a zip archive that holds it.
    title: what to look for by hand when the address does not answer.
    archived: whether the address is a zip archive's.
  """
  filename: str
  sha256: str
  url: str
  title: str
  archived: bool = False


def sha256(path: str | os.PathLike[str]) -> str:
  """The SHA-256 of a file as 64 hexadecimal digits.

  Args:
    path: the file.

  Returns:
    Lower-case hexadecimal digits.

  Raises:
    OSError: if the file cannot be read.
  """
  with open(path, "rb") as file:
    return hashlib.file_digest(file, "sha256").hexdigest()


def verify(source: Source, path: pathlib.Path) -> None:
  """Checks that a file is the published one.

  Args:
    source: what the file should be.
    path: where it is.

  Raises:
    DataError: if it cannot be read, or its checksum differs.
  """
  try:
    found = sha256(path)
  except OSError as error:
    raise DataError(f"{path}: cannot be read: {error.strerror}") from error
  if found != source.sha256:
    raise DataError(
        f"{path}: checksum mismatch: SHA-256 is {found[:12]}..., expected "
        f"{source.sha256[:12]}...; get the original from {source.title}")


def locate(source: Source,
           *,
           manual_dir: str | os.PathLike[str] | None,
           cache_dir: str | os.PathLike[str],
           subfolder: str = "") -> pathlib.Path:
  """The path of a file, which is downloaded if the user has not brought it.

  Args:
    source: the file.
    manual_dir: the user's folder; the file may also lie in its `subfolder`.
    cache_dir: where a download is kept, created on need.
    subfolder: see manual_dir.

  Returns:
    A path to an existing file; its content is not yet verified.

  Raises:
    DataError: if the file is nowhere and the download fails.
  """
  tried = []
  if manual_dir is not None:
    folder = pathlib.Path(manual_dir).expanduser()
    candidates = [folder / source.filename]
    if subfolder:
      candidates.append(folder / subfolder / source.filename)
    for path in candidates:
      if path.is_file():
        return path
    tried.append(f"it is not in --manual_dir={manual_dir}")
  else:
    tried.append("no --manual_dir with files was given")
  cached = pathlib.Path(cache_dir).expanduser() / source.filename
  if cached.is_file():
    return cached
  try:
    content = _download(source)
  except (OSError, http.client.HTTPException, zipfile.BadZipFile, zlib.error,
          RuntimeError, DataError) as error:
    reason = " ".join(str(error).split()) or type(error).__name__
    tried.append(f"downloading {source.url} failed ({reason})")
    raise DataError(
        f"{source.filename} is missing: {' and '.join(tried)}; get it from "
        f"{source.title} and pass --manual_dir=FOLDER_WITH_IT") from error
  write_atomically(cached, content)
  return cached


def write_atomically(path: pathlib.Path, content: bytes) -> None:
  """Writes a file that is either absent or complete.

  Args:
    path: the file; its folder is created on need.
    content: its bytes.

  Raises:
    OSError: if the file cannot be written.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
  try:
    with os.fdopen(handle, "wb") as file:
      file.write(content)
    os.replace(temporary, path)
  except BaseException:
    os.unlink(temporary)
    raise


def _download(source: Source) -> bytes:
  """The file's verified bytes; see `locate` for what may be raised."""
  request = urllib.request.Request(source.url,
                                   headers={"User-Agent": "noether_jax"})
  with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
    content = response.read(_MAX_BYTES + 1)
  if len(content) > _MAX_BYTES:
    raise DataError(f"more than {_MAX_BYTES} bytes")
  if source.archived:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
      names = [
          name for name in archive.namelist()
          if pathlib.PurePosixPath(name).name == source.filename
      ]
      if not names:
        raise DataError(f"the archive does not hold {source.filename}")
      content = archive.read(names[0])
  found = hashlib.sha256(content).hexdigest()
  if found != source.sha256:
    raise DataError(f"SHA-256 is {found[:12]}..., expected "
                    f"{source.sha256[:12]}...")
  return content
