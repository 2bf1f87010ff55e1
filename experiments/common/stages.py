"""What was done, how long it took, and the arrays it left for a resumed run."""

from collections.abc import Callable, Iterator
import contextlib
import io
import json
import pathlib
import re
import time
from typing import Any
import zipfile

from absl import logging
import jax
import numpy as np

from noether_jax.data.files import write_atomically
from noether_jax.errors import InputError


def slug(name: str) -> str:
  """A file name for the name of a row or a stage.

  Example:
    >>> slug("vanilla, Euler")
    'vanilla_euler'
  """
  return re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")


def _read(path: pathlib.Path) -> list[np.ndarray]:
  try:
    # From memory: NumPy leaves the file of a damaged archive open.
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
      return [archive[key] for key in archive.files]
  except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
    raise InputError(f"{path} is damaged: delete it.") from error


class Stages:
  """Times and counts of the stages of one run, kept in a folder.

  A stage within a stage counts for itself only: the seconds of all stages add
  up to the time spent.

  Attributes:
    records: `{"name", "seconds", **counts}` of the finished stages, also those
      of the runs that this one resumes.
  """

  def __init__(self, folder: pathlib.Path | None = None):
    self._folder = folder
    self._inner = [0.0]
    self._path = None if folder is None else folder / "stages.json"
    self.records: list[dict[str, Any]] = []
    if self._path is not None and self._path.exists():
      self.records = json.loads(self._path.read_text())

  @contextlib.contextmanager
  def stage(self, name: str) -> Iterator[dict[str, Any]]:
    """Times what is done within; prints and keeps it unless that fails.

    Args:
      name: a finished stage of the same name is replaced.

    Yields:
      A dict, to be filled with counts and other results that JSON can hold.

    Example:
      >>> stages = Stages()
      >>> with stages.stage("count") as counts:
      ...   counts["numbers"] = 3
      >>> stages.records[0]["name"], stages.records[0]["numbers"]
      ('count', 3)
    """
    counts: dict[str, Any] = {}
    self._inner.append(0.0)
    start, own = time.perf_counter(), 0.0
    try:
      yield counts
    finally:
      spent = time.perf_counter() - start
      own = spent - self._inner.pop()
      self._inner[-1] += spent
    self._record(name, own, counts)

  def _record(self, name: str, seconds: float, counts: dict[str, Any]) -> None:
    """Prints and keeps a finished stage."""
    self.records = [r for r in self.records if r["name"] != name]
    self.records.append({"name": name, "seconds": round(seconds, 3), **counts})
    if self._path is not None:
      write_atomically(self._path, json.dumps(self.records, indent=1) + "\n")
    told = "".join(f", {key} {value}" for key, value in counts.items())
    logging.info("%s: %.1f s%s", name, seconds, told)

  def add(self, name: str, seconds: float, counts: dict[str, Any]) -> None:
    """Keeps a stage that was timed elsewhere, outside the current stage's time.

    Args:
      name: of the stage.
      seconds: how long it took.
      counts: its results.
    """
    self._inner[-1] += seconds
    self._record(name, seconds, counts)

  def noted(self, name: str, make: Callable[[], Any]) -> Any:
    """A value that JSON can hold, made here or found in the folder.

    Args:
      name: of the file.
      make: `() -> value`.

    Returns:
      The value.

    Raises:
      InputError: if the file is damaged.
    """
    if self._folder is None:
      return make()
    path = self._folder / f"{slug(name)}.json"
    if path.exists():
      try:
        return json.loads(path.read_text())
      except ValueError as error:
        raise InputError(f"{path} is damaged: delete it.") from error
    value = make()
    write_atomically(path, json.dumps(value, indent=1) + "\n")
    return value

  def kept(self, name: str, make: Callable[[dict[str, Any]], Any],
           like: Any) -> Any:
    """A tree of arrays, made in a stage of this name or found in the folder.

    Args:
      name: of the stage and of the file.
      make: `counts -> tree`; it may add to the stage's counts.
      like: a tree of the same structure, leaves with shape and dtype
        (`jax.eval_shape` gives one): what is found must fit it.

    Returns:
      The tree; from a folder, its leaves are NumPy arrays.

    Raises:
      InputError: if the file is damaged or does not fit `like`.
    """
    leaves, treedef = jax.tree.flatten(like)
    path = None if self._folder is None else self._folder / f"{slug(name)}.npz"
    if path is not None and path.exists():
      found = _read(path)
      wanted = [(leaf.shape, leaf.dtype) for leaf in leaves]
      if [(leaf.shape, leaf.dtype) for leaf in found] != wanted:
        raise InputError(f"{path} does not hold the arrays that this run "
                         "makes: delete it.")
      logging.info("%s: found in %s", name, path)
      return jax.tree.unflatten(treedef, found)
    with self.stage(name) as counts:
      tree = make(counts)
      if path is not None:
        buffer = io.BytesIO()
        np.savez(buffer, *(np.asarray(leaf) for leaf in jax.tree.leaves(tree)))
        write_atomically(path, buffer.getvalue())
    return tree
