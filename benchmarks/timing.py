"""Alternated timings: ratios within one run, so that drift cancels."""

from __future__ import annotations

from collections.abc import Callable
import statistics
import time


def alternate(functions: dict[str, Callable[[], object]],
              *,
              rounds: int,
              seconds: float = 0.2) -> dict[str, float]:
  """Median seconds per call of each function, timed in turn.

  Args:
    functions: name -> a call that blocks until its result is there.
    rounds: how many turns each gets after one that is not counted.
    seconds: how long a turn repeats a short call.

  Returns:
    name -> median over the rounds of the mean time of a call, s.
  """
  repeats = {}
  for name, call in functions.items():
    call()
    start = time.perf_counter()
    call()
    once = time.perf_counter() - start
    repeats[name] = max(1, min(50, int(seconds / max(once, 1e-6))))
  times: dict[str, list[float]] = {name: [] for name in functions}
  for _ in range(rounds):
    for name, call in functions.items():
      start = time.perf_counter()
      for _ in range(repeats[name]):
        call()
      times[name].append((time.perf_counter() - start) / repeats[name])
  return {name: statistics.median(values) for name, values in times.items()}
