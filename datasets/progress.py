"""A line on stderr now and then while a data set is made."""

import sys
import time

SECONDS = 10.0


class ProgressLine:
  """Tells how much is done; stdout is redirected by the loader.

  Args:
    what: is done, for instance "ramp_video train: sequence".
    total: how many.
  """

  def __init__(self, what: str, total: int):
    self._what, self._total, self._done = what, total, 0
    self._start = self._shown = time.monotonic()

  def step(self) -> None:
    """Count one more; print a line if SECONDS have passed since the last."""
    now = time.monotonic()
    if now - self._shown > SECONDS:
      self._shown = now
      print(
          f"[{now - self._start:6.1f} s] {self._what} "
          f"{self._done}/{self._total}",
          file=sys.stderr,
          flush=True)
    self._done += 1
