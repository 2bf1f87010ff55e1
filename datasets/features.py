"""What the builders share: features, and where files are looked for."""

import pathlib
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from datasets import sources


def array(*shape: int | None, doc: str) -> tfds.features.Tensor:
  """A float64 array.

  Args:
    *shape: sizes; None where examples differ.
    doc: meaning and unit.

  Returns:
    The feature.
  """
  # Without an encoding TFDS stores floats in a protocol buffer of float32.
  return tfds.features.Tensor(shape=shape,
                              dtype=np.float64,
                              encoding=tfds.features.Encoding.BYTES,
                              doc=doc)


def index(doc: str) -> tfds.features.Scalar:
  """An integer.

  Args:
    doc: its meaning.

  Returns:
    The feature.
  """
  return tfds.features.Scalar(dtype=np.int64, doc=doc)


def locate(source: sources.Source, dl_manager: Any,
           subfolder: str) -> pathlib.Path:
  """Finds a builder's file; see `sources.locate`.

  Args:
    source: the file.
    dl_manager: TFDS's download manager of the builder's run.
    subfolder: folder inside the manual one where the file may lie too.

  Returns:
    An existing path.

  Raises:
    DataError: if the file is nowhere and the download fails.
  """
  try:
    manual_dir = dl_manager.manual_dir
  except AssertionError:  # The folder does not exist or is empty.
    manual_dir = None
  return sources.locate(source,
                        manual_dir=manual_dir,
                        cache_dir=dl_manager.download_dir,
                        subfolder=subfolder)


def frames(length: int,
           size: int,
           doc: str = "RGB in 0..255") -> tfds.features.Tensor:
  """A sequence of square frames.

  Args:
    length: T.
    size: height and width.
    doc: what is seen.

  Returns:
    The feature, `[T, size, size, 3]` uint8.
  """
  return tfds.features.Tensor(shape=(length, size, size, 3),
                              dtype=np.uint8,
                              encoding=tfds.features.Encoding.ZLIB,
                              doc=doc)
