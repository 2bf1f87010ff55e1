"""The measured single pendulum of Kaheman et al. (2022)."""

import dataclasses
import pathlib

import numpy as np
import scipy.io

from datasets import sources

SOURCE = sources.Source(
    filename="SinglePendulumDataForParameterEstimation.mat",
    sha256="f3b8cdda4a6e86405ec37ff32b98be76fd37806a609cba7870628c1e40377a98",
    url="https://raw.githubusercontent.com/dynamicslab/MultiArm-Pendulum/"
    "master/ParameterEstimation/SinglePendulum/"
    "SinglePendulumDataForParameterEstimation.mat",
    title="github.com/dynamicslab/MultiArm-Pendulum, "
    "ParameterEstimation/SinglePendulum")

CITATION = """\
@article{kaheman2022experimental,
  title={The Experimental Multi-Arm Pendulum on a Cart: A Benchmark System for
    Chaos, Learning, and Control},
  author={Kaheman, Kadierdan and Fasel, Urban and Bramburger, Jason J. and
    Strom, Benjamin and Kutz, J. Nathan and Brunton, Steven L.},
  journal={arXiv:2205.06231}, year={2022},
}"""
LICENSE = "MIT (dynamicslab/MultiArm-Pendulum)."


@dataclasses.dataclass(frozen=True)
class Recording:
  """One stretch of free swinging; float64.

  Attributes:
    time: `[T]`, s, 1 kHz.
    states: `[T, 2]`, angle in rad (zero is upright) and angular velocity in
      rad/s, filtered by the authors.
  """
  time: np.ndarray
  states: np.ndarray


def parse(path: pathlib.Path) -> dict[str, tuple[Recording, ...]]:
  """Reads the MATLAB file and checks its form.

  SciPy may crash the process on a damaged file of this format, so `load`
  verifies the checksum first.

  Args:
    path: the .mat file (MATLAB 5 format).

  Returns:
    {"train": the cells *_id, "test": the cells *_vad}, in the authors' order:
    the arm swings lower and lower.

  Raises:
    DataError: if there is no such file, a variable is missing, a shape does not
      fit, a value is not finite, or time does not increase.
  """
  try:
    with open(path, "rb") as file:
      content = scipy.io.loadmat(file)
  except OSError as error:
    raise sources.DataError(
        f"{path}: cannot be read: {error.strerror or error}") from error
  except (ValueError, TypeError, LookupError, NotImplementedError,
          scipy.io.matlab.MatReadError) as error:
    reason = " ".join(str(error).split()) or type(error).__name__
    raise sources.DataError(
        f"{path}: not a readable MATLAB 5 file: {reason}") from error
  recordings = {}
  for split, suffix in (("train", "id"), ("test", "vad")):
    times = _cells(path, content, f"Time_{suffix}")
    values = _cells(path, content, f"Y_{suffix}")
    if len(times) != len(values):
      raise sources.DataError(f"{path}: Time_{suffix} has {len(times)} cells, "
                              f"Y_{suffix} {len(values)}")
    recordings[split] = tuple(
        _recording(path, f"Y_{suffix}{{{index + 1}}}", time, value)
        for index, (time, value) in enumerate(zip(times, values)))
  return recordings


def load(path: pathlib.Path) -> dict[str, tuple[Recording, ...]]:
  """Reads the published file and verifies its checksum.

  Args:
    path: where the file is.

  Returns:
    See `parse`.

  Raises:
    DataError: if the file is not the published one.
  """
  sources.verify(SOURCE, path)
  return parse(path)


def _cells(path: pathlib.Path, content: dict[str, np.ndarray],
           name: str) -> list[np.ndarray]:
  """The entries of a cell array."""
  if name not in content:
    raise sources.DataError(f"{path}: the variable {name} is missing")
  value = content[name]
  if value.dtype != object or value.size == 0:
    raise sources.DataError(f"{path}: {name} is not a filled cell array")
  return list(value.ravel())


def _recording(path: pathlib.Path, name: str, time: np.ndarray,
               value: np.ndarray) -> Recording:
  """Checks one cell; `name` is MATLAB's, for the message."""
  if value.ndim != 2 or value.shape != (2, time.size):
    raise sources.DataError(f"{path}: {name} has shape {value.shape} instead "
                            f"of (2, {time.size})")
  if not all(np.issubdtype(part.dtype, np.floating) for part in (time, value)):
    raise sources.DataError(f"{path}: {name} or its time is not real numbers")
  finite = np.isfinite(value) & np.isfinite(time.ravel())
  if not finite.all():
    row, column = np.argwhere(~finite)[0] + 1
    raise sources.DataError(
        f"{path}: {name} is not finite at row {row}, column {column}")
  if np.any(np.diff(time.ravel()) <= 0):
    raise sources.DataError(f"{path}: the time of {name} does not increase")
  return Recording(time.ravel(), value.T)
