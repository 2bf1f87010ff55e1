"""Downloads Physics 101, over as many connections as it takes."""

import contextlib
import http.client
import os
import pathlib
import shutil
import sys
import time
import urllib.request

from datasets import sources

HOMEPAGE = "http://phys101.csail.mit.edu/"
# Of the script download_extract_phys101.sh in the Noether Networks code, and
# the same as a tar file, from which others have fetched it.
URLS = (f"{HOMEPAGE}data/phys101_v1.0.zip", f"{HOMEPAGE}data/phys101_v1.0.tar")
_TIMEOUT_SECONDS = 30
_SECONDS_PER_LINE = 10.0
_CHUNK = 1 << 20


def download(folder: pathlib.Path) -> pathlib.Path:
  """The archive, from the first address that has it.

  No checksum is published; only the length is checked.

  Args:
    folder: where to put it, created on need. Parts that an earlier run fetched
      are kept there, and are not fetched again.

  Returns:
    The zip or tar file.

  Raises:
    DataError: if no address has it, or there is too little space.
  """
  tried = []
  for url in URLS:
    path = folder / url.rpartition("/")[2]
    try:
      folder.mkdir(parents=True, exist_ok=True)
      _fetch(url, path)
      return path
    except (OSError, http.client.HTTPException) as error:
      reason = " ".join(str(error).split()) or type(error).__name__
      tried.append(f"{url} ({reason})")
  raise sources.DataError(
      "Physics 101 is missing: no --manual_dir was given and downloading "
      f"{' and '.join(tried)} failed; get it from {HOMEPAGE} and pass "
      "--manual_dir=FOLDER_WITH_IT")


def _fetch(url: str, path: pathlib.Path) -> None:
  """Downloads to path; resumes what broke off, now or in an earlier run."""
  part = path.with_name(f"{path.name}.part")
  received = part.stat().st_size if part.exists() else 0
  before = -1
  while received > before:
    before = received
    total = _continue(url, part, received)
    received = part.stat().st_size
    if received == total:
      os.replace(part, path)
      return
  raise OSError(f"broke off after {received} of {total} bytes")


def _continue(url: str, part: pathlib.Path, offset: int) -> int:
  """Appends what the server sends from offset on; the file's full size."""
  request = urllib.request.Request(url, headers={"User-Agent": "noether_jax"})
  # The last byte again: a server refuses a range that begins at the end.
  offset = max(offset - 1, 0)
  if offset:
    request.add_header("Range", f"bytes={offset}-")
  with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
    # Other answers than "partial content" start at the beginning.
    offset = offset if response.status == 206 else 0
    if response.headers["Content-Length"] is None:
      raise OSError("the server does not say how long it is")
    size = int(response.headers["Content-Length"])
    free = shutil.disk_usage(part.parent).free
    if size > free:
      raise OSError(f"{size} bytes do not fit into the {free} that are free")
    shown = time.monotonic()
    with part.open("r+b" if offset else "wb") as file:
      file.seek(offset)
      file.truncate()
      with contextlib.suppress(ConnectionError, TimeoutError,
                               http.client.HTTPException):
        while chunk := response.read(_CHUNK):
          file.write(chunk)
          if time.monotonic() - shown > _SECONDS_PER_LINE:
            shown = time.monotonic()
            print(
                f"physics101: {file.tell() >> 20} of {offset + size >> 20} MiB"
                " downloaded",
                file=sys.stderr,
                flush=True)
  return offset + size
