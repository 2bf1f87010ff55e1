"""Decodes the middle of a video: 15 frames a second, square, small."""

from collections.abc import Iterator
import contextlib
import dataclasses
import math
import os
from typing import Any

import numpy as np

from datasets import frames
from datasets import sources

RATE = 15.0
_TOLERANCE = 0.1


@dataclasses.dataclass(frozen=True)
class Survey:
  """What is known of a video before it is decoded.

  Attributes:
    frames: how many it shows.
    stride: one frame is taken out of so many.
  """
  frames: int
  stride: int

  @property
  def taken(self) -> int:
    """How many frames there are at 15/s, the first included."""
    return math.ceil(self.frames / self.stride)


def choose_stride(rate: float) -> int:
  """Return the stride between frames that gives 15 frames/s.

  Args:
    rate: of the video, frames/s.

  Returns:
    The stride that comes nearest to 15/s.

  Raises:
    ValueError: if that is more than 10 % off.

  Example:
    >>> choose_stride(29.97), choose_stride(15.), choose_stride(60.)
    (2, 1, 4)
  """
  near = {max(1, math.floor(rate / RATE)), max(1, math.ceil(rate / RATE))}
  stride = min(sorted(near), key=lambda stride: abs(rate / stride - RATE))
  if abs(rate / stride - RATE) > _TOLERANCE * RATE:
    raise ValueError(f"{rate:g} frames/s are no multiple of {RATE:g}: every "
                     f"{stride}. frame would give {rate / stride:.3g} frames/s")
  return stride


def survey(path: str | os.PathLike[str], name: str = "") -> Survey:
  """Counts a video's frames without decoding them.

  Args:
    path: the file.
    name: what to call it in errors; the path by default.

  Returns:
    `Survey`.

  Raises:
    DataError: if it is no video, is truncated, or has an unsuitable frame rate.
    ImportError: naming the extra, if PyAV is not installed.
  """
  name = name or os.fspath(path)
  # An edit list hides frames that the file's header counts.
  with _opened(path, name, ignore_editlist="1") as (container, stream):
    stored = sum(1 for _ in _packets(container, stream, name))
    if stored < stream.frames:
      raise sources.DataError(f"{name}: is truncated: it has {stored} of its "
                              f"{stream.frames} frames")
  with _opened(path, name) as (container, stream):
    count = sum(
        not packet.is_discard for packet in _packets(container, stream, name))
    if not count:
      raise sources.DataError(f"{name}: holds no frames")
    if not stream.average_rate:
      raise sources.DataError(f"{name}: has no frame rate")
    try:
      return Survey(count, choose_stride(float(stream.average_rate)))
    except ValueError as error:
      raise sources.DataError(f"{name}: {error}") from error


def read(path: str | os.PathLike[str],
         found: Survey,
         *,
         size: int,
         length: int,
         name: str = "") -> np.ndarray:
  """The middle frames, as in the code of Noether Networks.

  V frames are taken at 15/s. The result has those from floor((V - length) / 2)
  on, each cropped to the largest central square. One frame of the file is in
  memory at a time.

  Args:
    path: the file.
    found: its survey.
    size: height and width that the square is brought to, by area averages.
    length: T.
    name: see `survey`.

  Returns:
    `[length, size, size, 3]` uint8, RGB.

  Raises:
    DataError: if a frame cannot be decoded, is lacking or is too small.
    ValueError: if the video has fewer than `length` frames at 15/s.
  """
  name = name or os.fspath(path)
  if found.taken < length:
    raise ValueError(f"{name}: has {found.taken} frames at {RATE:g}/s, not "
                     f"{length}")
  start = (found.taken - length) // 2
  wanted = range(start * found.stride, (start + length) * found.stride,
                 found.stride)
  kept, count = [], 0
  with _opened(path, name) as (container, stream):
    for frame in container.decode(stream):
      # FFmpeg conceals errors; they spread to the frames that follow.
      if frame.is_corrupt and count <= wanted[-1]:
        raise sources.DataError(f"{name}: is damaged: frame {count} of "
                                f"{found.frames} cannot be decoded in full")
      if count in wanted:
        kept.append(_square(frame.to_ndarray(format="rgb24"), size, name))
      count += 1
  if count != found.frames:
    raise sources.DataError(f"{name}: is damaged: {count} of its "
                            f"{found.frames} frames can be decoded")
  return np.stack(kept)


def _square(image: np.ndarray, size: int, name: str) -> np.ndarray:
  """The largest central square, `[H, W, 3]` to `[size, size, 3]`."""
  height, width = image.shape[:2]
  side = min(height, width)
  if side < size:
    raise sources.DataError(f"{name}: its frames have {width} x {height} "
                            f"pixels, too few for {size} x {size}")
  top, left = (height - side) // 2, (width - side) // 2
  return frames.resized(image[top:top + side, left:left + side], size)


@contextlib.contextmanager
def _opened(path: str | os.PathLike[str], name: str,
            **options: str) -> Iterator[tuple[Any, Any]]:
  """A container and its video stream; FFmpeg's errors become DataErrors."""
  av = frames.optional("av")
  # PyAV 19 lost the argument: it raises no error for undecodable metadata.
  old = int(av.__version__.split(".")[0]) < 19
  keywords = {"metadata_errors": "ignore"} if old else {}
  try:
    with av.open(os.fspath(path), options=options, **keywords) as container:
      # Decoding without a codec context crashes older versions of PyAV.
      streams = [
          stream for stream in container.streams.video if stream.codec_context
      ]
      if not streams:
        raise sources.DataError(f"{name}: holds no video that can be decoded")
      yield container, streams[0]
  except av.FFmpegError as error:
    raise sources.DataError(f"{name}: cannot be decoded: "
                            f"{error.strerror or error}") from error


def _packets(container: Any, stream: Any, name: str) -> Iterator[Any]:
  """A stream's packets, which hold one frame each."""
  for packet in container.demux(stream):
    if packet.is_corrupt:
      raise sources.DataError(f"{name}: is damaged or truncated")
    if packet.size:
      yield packet
