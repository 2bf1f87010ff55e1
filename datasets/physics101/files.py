"""Finds the ramp videos of Physics 101: in a folder, an archive, or online.

Wu, Lim, Zhang, Tenenbaum and Freeman, "Physics 101: Learning Physical Object
Properties from Unlabeled Videos" (BMVC 2016). No checksum of the archive is
published: videos are recognised by where they lie,

  scenarios/ramp/OBJECT/20_0{1,2}/TRIAL/Kinect_RGB_1.mp4

`decoding` decodes them, `splits` splits them.
"""

from collections.abc import Callable, Iterator
import contextlib
import dataclasses
import functools
import os
import pathlib
import re
import shutil
import tarfile
import tempfile
from typing import Any
import zipfile
import zlib

from datasets import sources
from datasets.physics101 import download

HOMEPAGE = download.HOMEPAGE
VIDEO = "Kinect_RGB_1.mp4"
LAYOUT = f"scenarios/ramp/OBJECT/20_0{{1,2}}/TRIAL/{VIDEO}"

_TRIAL = re.compile(r"(?P<prefix>(?:.*/)?)"
                    r"(?P<trial>scenarios/ramp/[^/]+/20_0[12]/[^/]+)/"
                    r"(?P<file>.*)")
_ARCHIVE = re.compile(r".*phys(ics)?[-_ ]?101.*\.(zip|tar)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Collection:
  """The 20-degree ramp videos of somebody's copy.

  Attributes:
    origin: the folder that is above all, or the zip or tar file.
    prefix: folders between the origin and `scenarios`, with a slash at the end.
    videos: paths from `scenarios` on, sorted.
    missing: likewise, where there is the trial's folder but no video in it.
  """
  origin: pathlib.Path
  prefix: str
  videos: tuple[str, ...]
  missing: tuple[str, ...]


def object_of(video: str) -> str:
  """The object that slides in a video.

  Args:
    video: its path from `scenarios` on.

  Returns:
    The object's folder.

  Example:
    >>> object_of("scenarios/ramp/dough_01/20_02/03/Kinect_RGB_1.mp4")
    'dough_01'
  """
  return video.split("/")[2]


def in_folder(folder: pathlib.Path) -> Collection | None:
  """The videos below a folder.

  Args:
    folder: one that holds `scenarios`, or up to two folders above it.

  Returns:
    The collection, or None if there is no video.
  """
  roots = [folder, *sorted(folder.glob("*")), *sorted(folder.glob("*/*"))]
  for root in roots:
    found = {
        f"{path.relative_to(root).as_posix()}/{VIDEO}":
            (path / VIDEO).is_file()
        for path in root.glob("scenarios/ramp/*/20_0[12]/*")
        if path.is_dir()
    }
    if any(found.values()):
      return _collection(root, "", found)
  return None


def in_archive(path: pathlib.Path) -> Collection | None:
  """The videos in a zip or tar file.

  Args:
    path: the file.

  Returns:
    The collection, or None if there is no video.

  Raises:
    DataError: if the file is damaged.
  """
  found: dict[str, dict[str, bool]] = {}
  with _opened(path) as archive:
    names = (archive.namelist()
             if isinstance(archive, zipfile.ZipFile) else archive.getnames())
  for name in names:
    match = _TRIAL.fullmatch(name)
    if match:
      trials = found.setdefault(match["prefix"], {})
      video = f"{match['trial']}/{VIDEO}"
      trials[video] = trials.get(video, False) or match["file"] == VIDEO
  prefix = max(sorted(found),
               key=lambda key: sum(found[key].values()),
               default="")
  if not any(found.get(prefix, {}).values()):
    return None
  return _collection(path, prefix, found[prefix])


def _collection(origin: pathlib.Path, prefix: str,
                found: dict[str, bool]) -> Collection:
  """A collection from which trials have their video."""
  return Collection(
      origin=origin,
      prefix=prefix,
      videos=tuple(sorted(video for video, there in found.items() if there)),
      missing=tuple(sorted(
          video for video, there in found.items() if not there)))


def locate(manual_dir: str | os.PathLike[str] | None,
           cache_dir: str | os.PathLike[str]) -> Collection:
  """The videos that the user has brought, or else the publisher's.

  Args:
    manual_dir: folder with the unpacked archive, or with the zip or tar file,
      whose name must then hold "phys101" or "physics101"; either may lie in a
      folder in it. With None the archive is downloaded.
    cache_dir: where the download is kept, created on need.

  Returns:
    The collection.

  Raises:
    DataError: if no video is found or the download fails.
  """
  if manual_dir is not None:
    folder = pathlib.Path(manual_dir).expanduser()
    found = in_folder(folder) or _first_archive(folder)
    if found is None:
      raise sources.DataError(
          f"--manual_dir={manual_dir}: holds neither {LAYOUT} (up to two "
          "folders down) nor a phys101*.zip or phys101*.tar with it; get it "
          f"from {HOMEPAGE}")
    return found
  folder = pathlib.Path(cache_dir).expanduser()
  found = _first_archive(folder) or in_archive(download.download(folder))
  if found is None:
    raise sources.DataError(f"{folder}: the downloaded archive does not hold "
                            f"{LAYOUT}; get it from {HOMEPAGE} and pass "
                            "--manual_dir=FOLDER_WITH_IT")
  return found


def _first_archive(folder: pathlib.Path) -> Collection | None:
  for path in [*sorted(folder.glob("*")), *sorted(folder.glob("*/*"))]:
    if _ARCHIVE.fullmatch(path.name) and path.is_file():
      found = in_archive(path)
      if found is not None:
        return found
  return None


@contextlib.contextmanager
def reader(collection: Collection) -> Iterator[Callable[[str], pathlib.Path]]:
  """Gives access to a collection's files, one after the other.

  Args:
    collection: where they are.

  Yields:
    A function from a video to a path of its file. Out of an archive the file is
    a copy that lasts until the next call; it raises DataError if that part of
    the archive is damaged.
  """
  if collection.origin.is_dir():
    yield lambda video: collection.origin / collection.prefix / video
    return
  with tempfile.TemporaryDirectory() as folder:
    copy = pathlib.Path(folder) / VIDEO
    with _opened(collection.origin) as archive:
      yield functools.partial(_extract, archive, collection, copy)


def _opened(path: pathlib.Path) -> Any:
  """An open zip or tar file; DataError if it is none."""
  try:
    if path.suffix.lower() == ".zip":
      return zipfile.ZipFile(path)
    with contextlib.ExitStack() as stack:
      archive = stack.enter_context(tarfile.open(path, "r:"))
      archive.getmembers()
      stack.pop_all()
      return archive
  except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError) as error:
    raise sources.DataError(f"{path}: is no complete {path.suffix[1:]} file "
                            f"({error}); get it from {HOMEPAGE}") from error


def _extract(archive: Any, collection: Collection, target: pathlib.Path,
             video: str) -> pathlib.Path:
  name = collection.prefix + video
  opener = (archive.open
            if isinstance(archive, zipfile.ZipFile) else archive.extractfile)
  try:
    with opener(name) as source, target.open("wb") as copy:
      shutil.copyfileobj(source, copy)
  except (zipfile.BadZipFile, zlib.error, tarfile.TarError, EOFError,
          NotImplementedError, RuntimeError, TypeError) as error:
    raise sources.DataError(f"{collection.origin}: {name}: cannot be unpacked "
                            f"({error})") from error
  return target
