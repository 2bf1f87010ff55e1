"""Loads a data set as NumPy arrays, preparing it on first use."""

from collections.abc import Iterator, Mapping
import contextlib
import fcntl
import functools
import importlib
import io
import os
import pathlib
from typing import Any

from absl import logging
import numpy as np

from datasets import sources

NAMES = ("spring", "pendulum", "real_pendulum", "schmidt_lipson",
         "multiarm_pendulum", "planets", "controlled_pendulum", "ramp_video",
         "physics101")
DEFAULT_DATA_DIR = "~/.cache/noether_jax"

Config = Mapping[str, Any] | str | None
Arrays = dict[str, np.ndarray | list[Any]]


def make_builder(name: str,
                 *,
                 data_dir: str | os.PathLike[str] = DEFAULT_DATA_DIR,
                 config: Config = None) -> Any:
  """The TFDS builder of a data set; nothing is prepared yet.

  Args:
    name: one of NAMES.
    data_dir: where prepared data lie, one folder a configuration.
    config: the keyword arguments of the data set's `config` function, the name
      of a registered configuration, or None for the default.

  Returns:
    A `tfds.core.GeneratorBasedBuilder` of the array_record format.

  Raises:
    ImportError: if the extra `data` is not installed.
    ValueError: for an unknown data set, or a configuration it does not take.
  """
  if name not in NAMES:
    raise ValueError(f"dataset must be one of {', '.join(NAMES)}: "
                     f"got {name!r}")
  module = _builder_module(name)
  resolved = _resolve(name, module, config)
  with _quiet():
    return module.Builder(data_dir=os.path.expanduser(data_dir),
                          config=resolved,
                          file_format="array_record")


def prepare(name: str,
            *,
            data_dir: str | os.PathLike[str] = DEFAULT_DATA_DIR,
            manual_dir: str | os.PathLike[str] | None = None,
            config: Config = None) -> Any:
  """Prepares a data set unless that has been done.

  A prepared folder is moved into place as a whole, and processes that prepare
  at once wait for each other.

  Args:
    name: see `make_builder`.
    data_dir: see `make_builder`.
    manual_dir: folder with the files that have to be brought by hand.
    config: see `make_builder`.

  Returns:
    The prepared builder.

  Raises:
    ImportError: if the extra `data`, or for planets `planets`, is missing.
    ValueError: see `make_builder`; also (as `sources.DataError`) if a file is
      missing or not the published one, or if data_dir cannot be written.
  """
  builder = make_builder(name, data_dir=data_dir, config=config)
  with _quiet():
    if builder.is_prepared():
      return builder
  try:
    with _lock(pathlib.Path(data_dir).expanduser(), name):
      # Another process may have prepared it while this one waited.
      builder = make_builder(name, data_dir=data_dir, config=config)
      download = _tfds().download.DownloadConfig(
          manual_dir=None if manual_dir is None else os.fspath(manual_dir),
          try_download_gcs=False)
      with _quiet():
        builder.download_and_prepare(download_config=download)
  except OSError as error:
    reason = " ".join(str(error).split())
    raise sources.DataError(
        f"{name} cannot be prepared in {data_dir}: {reason}") from error
  return builder


def load(name: str,
         *,
         split: str,
         data_dir: str | os.PathLike[str] = DEFAULT_DATA_DIR,
         manual_dir: str | os.PathLike[str] | None = None,
         config: Config = None) -> Arrays:
  """A split's examples, stacked.

  Args:
    name: see `make_builder`.
    split: such as "train", or what TFDS takes, such as "train[:10]".
    data_dir: see `make_builder`.
    manual_dir: see `prepare`.
    config: see `make_builder`.

  Returns:
    For each feature `[N, ...]` over the N examples, in a fixed order; a list of
    N arrays if their shapes differ; a list of N strings for text. Units are in
    the builder's documentation.

  Raises:
    ImportError: see `prepare`.
    ValueError: see `prepare`; also for a split that does not exist.
  """
  builder = prepare(name,
                    data_dir=data_dir,
                    manual_dir=manual_dir,
                    config=config)
  known = builder.info.splits
  if split.partition("[")[0] not in known:
    raise ValueError(f"split of {name} must be one of {', '.join(known)}: "
                     f"got {split!r}")
  with _quiet():
    examples = _read(builder, split)
  return {
      key: _stack([example[key] for example in examples])
      for key in builder.info.features
  }


def _read(builder: Any, split: str) -> list[dict[str, Any]]:
  """All examples of a split; DataError if the files are damaged."""
  try:
    return list(builder.as_data_source(split=split))
  except Exception as error:
    # array_record and TFDS raise whatever their lower layers do.
    reason = " ".join(str(error).split()) or type(error).__name__
    raise sources.DataError(f"{builder.info.full_name}, split {split!r}, "
                            f"cannot be read ({reason}); if {builder.data_dir} "
                            "is damaged, delete it") from error


def _stack(values: list[Any]) -> np.ndarray | list[Any]:
  """One array where possible."""
  if values and isinstance(values[0], bytes):
    return [value.decode() for value in values]
  arrays = [np.asarray(value) for value in values]
  if len({array.shape for array in arrays}) > 1:
    return arrays
  return np.array(arrays)


def _builder_module(name: str) -> Any:
  """Imports a builder's module; only then is TFDS needed."""
  _tfds()
  return importlib.import_module(f"datasets.{name}.{name}_dataset_builder")


@functools.cache
def _tfds() -> Any:
  try:
    return importlib.import_module("tensorflow_datasets")
  except ImportError as error:
    raise ImportError(f"data sets need tensorflow-datasets and array_record "
                      f"({error}): pip install 'noether-jax[data]'") from error


def _resolve(name: str, module: Any, config: Config) -> Any:
  """The configuration that TFDS wants for one that a user gives."""
  registered = module.Builder.builder_configs
  if config is None or config == {}:
    return None
  if isinstance(config, str):
    if config not in registered:
      raise ValueError(f"config of {name} must be one of "
                       f"{', '.join(registered) or 'none'}: got {config!r}")
    return config
  if not hasattr(module, "config"):
    raise ValueError(f"{name} has no configurations: got {dict(config)}")
  try:
    made = module.config(**config)
  except TypeError as error:
    raise ValueError(f"config of {name}: {error}") from error
  # TFDS refuses a second object of a registered name.
  return registered.get(made.name, made)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
  """Keeps TFDS from printing; its errors are raised all the same."""
  _tfds().disable_progress_bar()
  verbosity = logging.get_verbosity()
  # TFDS warns of every configuration that is not registered. Ours are not.
  logging.set_verbosity(logging.ERROR)
  try:
    with contextlib.redirect_stdout(io.StringIO()):
      yield
  finally:
    logging.set_verbosity(verbosity)


@contextlib.contextmanager
def _lock(folder: pathlib.Path, name: str) -> Iterator[None]:
  """Holds an exclusive lock that the system frees if the process dies."""
  folder.mkdir(parents=True, exist_ok=True)
  with open(folder / f".{name}.lock", "w", encoding="ascii") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    yield
