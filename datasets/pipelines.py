"""Batches of examples: shuffled, augmented, sharded, and resumable, with grain.

Everything random is a function of the seed and of an example's place in the
sequence of all batches, so that an iterator's state is one number: save
`iterator.get_state()` with a checkpoint, give it to `set_state` of a new one.
"""

from collections.abc import Callable, Mapping, Sequence
import importlib
from typing import Any, Protocol

import numpy as np

Example = Mapping[str, Any]
Augment = Callable[[Example, np.random.Generator], Example]


class RandomAccess(Protocol):
  """Random access to examples: `builder.as_data_source(split)`, or `Arrays`."""

  def __len__(self) -> int:
    ...

  def __getitem__(self, index: int) -> Example:
    ...


class Arrays:
  """What `loading.load` returns, as a `RandomAccess`.

  Args:
    arrays: for each feature `[N, ...]`.

  Raises:
    ValueError: if there is no feature, or their N differ.

  Example:
    >>> source = Arrays({"x": np.arange(3), "y": np.eye(3)})
    >>> len(source), source[1]["y"].tolist()
    (3, [0.0, 1.0, 0.0])
  """

  def __init__(self, arrays: Mapping[str, Sequence[Any]]):
    counts = {name: len(values) for name, values in arrays.items()}
    if len(set(counts.values())) != 1:
      raise ValueError("features need one and the same number of examples: got "
                       f"{counts}.")
    self._arrays = dict(arrays)
    self._count = next(iter(counts.values()))

  def __len__(self) -> int:
    return self._count

  def __getitem__(self, index: int) -> Example:
    return {name: values[index] for name, values in self._arrays.items()}


class HorizontalFlip:
  """Mirrors every other example, at random: its frames and what they show.

  Args:
    mirrored: what a reflection makes of each further feature, for instance
      `{"actions": np.negative}`; a feature without an entry stays as it is.
    feature: the name of the frames `[T, H, W, C]`.

  Example:
    >>> flip = HorizontalFlip({"x": np.negative})
    >>> clip = {"frames": np.arange(4).reshape(1, 1, 4, 1), "x": np.ones(1)}
    >>> flipped = flip(clip, np.random.default_rng(0))
    >>> flipped["frames"].ravel().tolist(), flipped["x"].tolist()
    ([3, 2, 1, 0], [-1.0])
  """

  def __init__(self,
               mirrored: Mapping[str, Callable[[Any], Any]] | None = None,
               *,
               feature: str = "frames"):
    self._mirrored = dict(mirrored or {})
    self._feature = feature

  def __call__(self, example: Example, random: np.random.Generator) -> Example:
    """The example, or its mirror image."""
    if random.random() < 0.5:
      return example
    out = {**example, self._feature: example[self._feature][:, :, ::-1]}
    return out | {
        name: mirror(example[name]) for name, mirror in self._mirrored.items()
    }


def batches(source: RandomAccess,
            batch_size: int,
            *,
            seed: int,
            features: Sequence[str] | None = None,
            augment: Augment | None = None,
            shuffle: bool = True,
            num_epochs: int | None = None,
            start: int = 0,
            process: tuple[int, int] = (0, 1),
            num_threads: int = 2) -> Any:
  """An iterator over batches.

  Every epoch has an order of its own, and each process its share of it; a batch
  may hold the end of one epoch and the beginning of the next. Examples at the
  very end that do not fill a batch are left out.

  Args:
    source: the examples, dicts of arrays.
    batch_size: B, of this process.
    seed: of order and augmentation.
    features: names of those that are wanted, None for all.
    augment: `(example, random) -> example`.
    shuffle: whether the order is random.
    num_epochs: after which it ends, None for never.
    start: batches that are passed over at the beginning.
    process: `(jax.process_index(), jax.process_count())`.
    num_threads: that read ahead.

  Returns:
    A `grain.DatasetIterator` of dicts, leaves `[B, ...]`, whose `get_state` and
    `set_state` take up the sequence at any batch.

  Raises:
    ImportError: if the extra `data` is missing.
    ValueError: if there are too few examples for a batch, a feature is not in
      them, or the process is out of range.

  Example:
    >>> source = Arrays({"x": np.arange(10)})
    >>> first = batches(source, 4, seed=0)
    >>> _ = next(first)
    >>> again = batches(source, 4, seed=0, start=1)
    >>> bool((next(first)["x"] == next(again)["x"]).all())
    True
  """
  index, count = process
  if not 0 <= index < count:
    raise ValueError(f"`process` must be (i, n) with 0 <= i < n: got {process}")
  total = len(source) if num_epochs is None else len(source) * num_epochs
  if batch_size < 1 or total // count < batch_size:
    raise ValueError(f"a batch needs 1 to {total // count} examples: got "
                     f"{batch_size}")
  names = list(source[0]) if features is None else list(features)
  if missing := set(names) - set(source[0]):
    raise ValueError(f"no such feature: {', '.join(sorted(missing))}; there "
                     f"are {', '.join(source[0])}")
  grain = _grain()
  data = grain.MapDataset.source(source).seed(seed)
  if shuffle:
    data = data.shuffle()
  # All processes get equally many, or the others would wait for a last batch.
  end = None if num_epochs is None else total // count * count
  data = data.repeat(num_epochs)[index:end:count]
  # Augmentation may need features that are not wanted afterwards.
  if augment is not None:
    data = data.random_map(augment)
  data = data.map(lambda e: {name: np.asarray(e[name]) for name in names})
  data = data.batch(batch_size, drop_remainder=True)[start:]
  return iter(
      data.to_iter_dataset(
          grain.ReadOptions(num_threads=num_threads,
                            prefetch_buffer_size=2 * num_threads)))


def _grain() -> Any:
  try:
    return importlib.import_module("grain")
  except ImportError as error:
    raise ImportError(f"input pipelines need grain ({error}): "
                      "pip install 'noether-jax[data]'") from error
