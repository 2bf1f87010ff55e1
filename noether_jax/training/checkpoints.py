"""Checkpoints of any tree of arrays: atomic, checked, the last few kept.

Orbax writes and reads the arrays, sharded or not. This module adds what Orbax
lacks. It finds a flipped byte (every file's SHA-256 is in `SHA256SUMS`, which
`sha256sum --check` reads too), and says in one line where a tree does not fit.

  run/step_00000010/{state/, manifest.json, SHA256SUMS}

A checkpoint is written beside its place and renamed when it is complete, so an
interruption at any moment leaves the earlier ones as they were.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
from typing import Any

import jax
from jax.experimental import multihost_utils
from orbax.checkpoint import v1 as ocp

from noether_jax.errors import CheckpointError
from noether_jax.training import checksums
from noether_jax.training import leaves
from noether_jax.types import PyTree

_MANIFEST = "manifest.json"
_STATE = "state"
_UNFINISHED = ".unfinished-"
_STEP = re.compile(r"step_(\d{8,})")

Path = str | os.PathLike[str]


def _place(directory: Path, step: int) -> pathlib.Path:
  return pathlib.Path(directory).absolute() / f"step_{step:08d}"


def steps(directory: Path) -> tuple[int, ...]:
  """Return the steps that have a complete checkpoint.

  Args:
    directory: where `save` put them; it need not exist.

  Returns:
    The steps in ascending order.

  Example:
    >>> steps("/nonexistent")
    ()
  """
  root = pathlib.Path(directory)
  found = [_STEP.fullmatch(p.name) for p in root.iterdir()
          ] if root.is_dir() else []
  return tuple(sorted(int(match[1]) for match in found if match))


def _barrier(name: str) -> None:
  if jax.process_count() > 1:
    multihost_utils.sync_global_devices(name)


def _manifest(step: int, arrays: dict[str, Any]) -> dict[str, Any]:
  keys = {k: leaves.key_implementation(v) for k, v in arrays.items()}
  return {
      "step": step,
      "leaves": {
          k: leaves.describe(v) for k, v in arrays.items()
      },
      "keys": {
          k: v for k, v in keys.items() if v is not None
      }
  }


def _complete(unfinished: pathlib.Path, place: pathlib.Path,
              manifest: dict[str, Any]) -> None:
  """Add manifest and checksums, and put the checkpoint in its place."""
  (unfinished / _MANIFEST).write_text(json.dumps(manifest, indent=1))
  checksums.write_checksums(unfinished)
  os.rename(unfinished, place)
  checksums.sync(place.parent)


def _remove(place: pathlib.Path) -> None:
  """Remove a checkpoint such that an interruption leaves no half of it."""
  unfinished = place.with_name(_UNFINISHED + place.name)
  os.rename(place, unfinished)
  shutil.rmtree(unfinished)


def save(directory: Path,
         step: int,
         tree: PyTree,
         *,
         keep: int | None = 3) -> pathlib.Path:
  """Save a tree, atomically, and remove all but the newest checkpoints.

  With several processes all of them call it, on a file system they share, and
  arrays of JAX must be global ones.

  Args:
    directory: of this run's checkpoints; made if it is missing.
    step: the checkpoint's number, above all that are there.
    tree: arrays of JAX (sharded or not) or NumPy, typed keys, numbers; for
      instance a `TrainState`.
    keep: how many checkpoints to keep, at least 1; None for all. Keep two or
      more, so that there is an earlier one if the last is damaged.

  Returns:
    The checkpoint's folder.

  Raises:
    TypeError: if a leaf is neither an array nor a number.
    ValueError: if `step` is negative or not above those that are there, or
      `keep` is below 1.

  Example:
    >>> import tempfile
    >>> run = tempfile.mkdtemp()
    >>> for step in (1, 2, 3):
    ...   place = save(run, step, {"w": 1.0}, keep=2)
    >>> place.name, steps(run)
    ('step_00000003', (2, 3))
  """
  if step < 0 or (keep is not None and keep < 1):
    raise ValueError("`step` must be at least 0 and `keep` at least 1: got "
                     f"{step} and {keep}.")
  arrays, place = leaves.by_name(tree), _place(directory, step)
  later = [s for s in steps(directory) if s >= step]
  if later:
    raise ValueError(
        f"{directory} has a checkpoint of step {later[-1]} already: got step "
        f"{step}. Use another directory, or go on from an earlier step after "
        f"remove_after(directory, step).")
  # No process may remove or make a folder before all have listed the folders.
  _barrier("noether_jax.training.checkpoints: read")
  first = jax.process_index() == 0
  unfinished = place.with_name(_UNFINISHED + place.name)
  if first:
    place.parent.mkdir(parents=True, exist_ok=True)
    for left in place.parent.glob(_UNFINISHED + "*"):
      shutil.rmtree(left)
    unfinished.mkdir()
  _barrier("noether_jax.training.checkpoints: begin")
  # Orbax refuses arrays without elements; their shape is in the manifest.
  stored = {k: leaves.as_data(v) for k, v in arrays.items() if v.size}
  if stored:
    ocp.save(unfinished / _STATE, stored)
  _barrier("noether_jax.training.checkpoints: written")
  if first:
    _complete(unfinished, place, _manifest(step, arrays))
    for old in steps(directory)[:-keep] if keep else ():
      _remove(_place(directory, old))
  _barrier("noether_jax.training.checkpoints: end")
  return place


def remove_after(directory: Path, step: int) -> tuple[int, ...]:
  """Remove the checkpoints of later steps, to go on from an earlier one.

  Args:
    directory: of the run's checkpoints.
    step: the last one to stay.

  Returns:
    The steps that were removed.

  Example:
    >>> import tempfile
    >>> run = tempfile.mkdtemp()
    >>> for step in (1, 2, 3):
    ...   _ = save(run, step, {"w": 1.0})
    >>> remove_after(run, 1), steps(run)
    ((2, 3), (1,))
  """
  later = tuple(s for s in steps(directory) if s > step)
  for one in reversed(later):
    _remove(_place(directory, one))
  return later


def _chosen(directory: Path, step: int | None) -> int:
  there = steps(directory)
  if not there:
    raise FileNotFoundError(f"{directory} has no checkpoint: save one first.")
  if step is not None and step not in there:
    raise FileNotFoundError(
        f"{directory} has no checkpoint of step {step}: it has {list(there)}.")
  return there[-1] if step is None else step


def verify(directory: Path, *, step: int | None = None) -> int:
  """Compare every file of a checkpoint with its SHA-256.

  Args:
    directory: of the run's checkpoints.
    step: which one; None for the latest.

  Returns:
    The step.

  Raises:
    FileNotFoundError: if there is no such checkpoint.
    CheckpointError: if a file is damaged, missing or unknown; it names the
      file and the earlier step to restore.

  Example:
    >>> import tempfile
    >>> run = tempfile.mkdtemp()
    >>> _ = save(run, 7, {"w": 1.0})
    >>> verify(run)
    7
  """
  step = _chosen(directory, step)
  place = _place(directory, step)
  damage = checksums.find_damage(place)
  if damage is not None:
    earlier = [s for s in steps(directory) if s < step]
    mend = ("There is no earlier step." if not earlier else
            f"Restore step {earlier[-1]} instead, and before the next save "
            f"remove_after(directory, {earlier[-1]}).")
    raise CheckpointError(f"{damage}. {mend}")
  return step


def _check_fit(place: pathlib.Path, saved: dict[str, Any],
               wanted: dict[str, Any]) -> None:
  """Raise unless the checkpoint has the leaves that are wanted."""
  say = lambda leaf: f"{leaf['dtype']}{leaf['shape']}" if leaf else "nothing"
  unlike = [
      f"{name} is {say(saved.get(name))}, not {say(wanted.get(name))}"
      for name in sorted({
          **saved,
          **wanted
      })
      if saved.get(name) != wanted.get(name)
  ]
  if unlike:
    more = f"; and {len(unlike) - 4} more" if len(unlike) > 4 else ""
    raise CheckpointError(f"{place} does not fit the tree to restore: "
                          f"{'; '.join(unlike[:4])}{more}. Pass a tree like "
                          "the one that was saved.")


def restore(directory: Path,
            like: PyTree,
            *,
            step: int | None = None) -> tuple[PyTree, int]:
  """Restore a tree, after its files' SHA-256 were compared.

  Args:
    directory: where `save` put it.
    like: a tree with the structure, shapes and dtypes that were saved, such as
      the initial `TrainState` or what `jax.eval_shape` returns for it. Arrays
      come back with the sharding that its arrays have, NumPy arrays and
      numbers as such.
    step: which one; None for the latest.

  Returns:
    `(tree, step)`.

  Raises:
    FileNotFoundError: if there is no such checkpoint.
    CheckpointError: if it is damaged, or does not fit `like`.
    TypeError: if a leaf of `like` is neither an array nor a number.

  Example:
    >>> import tempfile
    >>> run = tempfile.mkdtemp()
    >>> _ = save(run, 7, {"w": jax.numpy.arange(2), "epoch": 3})
    >>> restore(run, {"w": jax.numpy.zeros(2, int), "epoch": 0})
    ({'epoch': 3, 'w': Array([0, 1], dtype=int32)}, 7)
  """
  step = verify(directory, step=step)
  place = _place(directory, step)
  manifest = json.loads((place / _MANIFEST).read_text())
  arrays = leaves.by_name(like)
  _check_fit(place, manifest["leaves"], {
      k: leaves.describe(v) for k, v in arrays.items()
  })
  wanted = {
      k: leaves.abstract(leaves.as_data(v)) for k, v in arrays.items() if v.size
  }
  data = ocp.load(place / _STATE, wanted) if wanted else {}

  def one(path: Any, leaf: Any) -> Any:
    name = jax.tree_util.keystr(path)
    return leaves.as_like(leaf, data.get(name), manifest["keys"].get(name))

  return jax.tree_util.tree_map_with_path(one, like), step
