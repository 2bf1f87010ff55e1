"""What a search costs: time to the verdict after imports, and memory.

  python -m benchmarks.cost [--cost_cases=planets,4_columns]

Every case is searched in a process of its own, the program's modules imported
and the data made before the clock starts; what JAX compiles counts. Cases:

  planets       the four inner planets, as `noether-discover` reads them;
  4_columns     20 Kepler orbits of 240 samples;
  6_columns     20 Toda lattices of 240 samples;
  12_columns    20 times three bodies of unequal masses, 200 samples;
  million_rows  20 Kepler orbits of 50,000 samples;

each but the planets also as NAME_noisy, with noise of 1 % of a column's spread.

Prints one JSON object, by case:

  rows, columns  of the data;
  laws           that are found;
  processor      seconds of all threads, which other programs hardly change;
  wall           seconds;
  megabytes      the largest memory of the process, JAX and data included.
"""

from collections.abc import Sequence
import dataclasses
import json
import multiprocessing
import resource
import sys
import time
from typing import Any

from absl import app
from absl import flags

from benchmarks import truth
from benchmarks.systems import SAMPLINGS
from noether_jax.app.builtin import planets
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.engine import discover

_CASES = flags.DEFINE_list("cost_cases", None,
                           "Names of cases; all by default.")

_COUNT, _MANY = 20, 50000
_NOISE = .01
_NOISY = "_noisy"
_SYSTEMS = {
    "4_columns": SAMPLINGS["Kepler"],
    "6_columns": SAMPLINGS["Toda lattice"],
    "12_columns": SAMPLINGS["three unequal bodies"],
    "million_rows": dataclasses.replace(SAMPLINGS["Kepler"], num_samples=_MANY),
}
CASES = ("planets", *(name + end for name in _SYSTEMS for end in ("", _NOISY)))


def case_data(case: str) -> Trajectories:
  """The data of a case, one of CASES; always the same."""
  if case == "planets":
    return planets()
  noise = _NOISE if case.endswith(_NOISY) else 0.
  return _SYSTEMS[case.removesuffix(_NOISY)].draw(_COUNT, noise, 0)


def search(case: str) -> dict[str, Any]:
  """Search the data of a case in this process.

  Args:
    case: one of CASES.

  Returns:
    The row; its memory is that of the whole process until now.
  """
  data = case_data(case)
  wall, processor = time.perf_counter(), time.process_time()
  found = discover(data)
  processor = time.process_time() - processor
  wall = time.perf_counter() - wall
  # Linux counts kilobytes, macOS bytes.
  unit = 1e6 if sys.platform == "darwin" else 1e3
  return {
      "rows":
          sum(map(len, data.states)),
      "columns":
          len(data.variables),
      "laws":
          sum(law.verdict in truth.FOUND for law in found.laws),
      "processor":
          round(processor, 2),
      "wall":
          round(wall, 2),
      "megabytes":
          round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit),
  }


def measure(case: str) -> dict[str, Any]:
  """Search the data of a case in a new process; see `search`."""
  # A forked process would inherit what this one imported and compiled.
  with multiprocessing.get_context("spawn").Pool(1) as pool:
    return pool.apply(search, (case,))


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("No positional arguments are known.")
  cases = _CASES.value or CASES
  for case in cases:
    if case not in CASES:
      raise app.UsageError(f"{case!r} is none of: {', '.join(CASES)}.")
  print(json.dumps({case: measure(case) for case in cases}))


if __name__ == "__main__":
  app.run(main)
