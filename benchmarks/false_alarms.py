"""How often a law is claimed that is none, and whether p-values are honest.

  python -m benchmarks.false_alarms [--runs=1000] [--joined=500] [--first=0]
      [--of=steps,counts]

The runs go through the kinds of data in `benchmarks.lawless` in turn. A verdict
"conserved" or "balance" is false if the law is no function of the laws that the
system has; most kinds have none. Then --joined data sets are made of halves of
different trajectories, in which nothing is conserved: p-values below .05 should
be one in twenty. Prints false laws on standard error, and one JSON object:

  runs, verdicts, false  data sets; laws found in them; those that are false
  by_kind                the same by kind of data
  joined                 number of joined data sets
  share_below_05         the share of them with p < .05, null if there are none
  seconds                of all searches together
"""

from collections.abc import Iterator, Sequence
import json
import sys
import time
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import lawless
from benchmarks import truth
from benchmarks.pool import DataSet
from noether_jax import discover
from noether_jax.discovery.result import Discovery
from noether_jax.errors import InputError
from noether_jax.symbolic.units import Unit

_RUNS = flags.DEFINE_integer("runs", 1000, "Data sets of all kinds.")
_JOINED = flags.DEFINE_integer("joined", 500, "Data sets of joined halves.")
_FIRST = flags.DEFINE_integer("first", 0, "Number of the first run.")
_KINDS = flags.DEFINE_list("of", None, "Kinds of data; all by default.")


def search(data: DataSet, seed: int) -> Discovery | None:
  """Search a data set; None if the engine refuses the data.

  Units are told where there are any: a pure number may be an angle.
  """
  columns = {
      v.name: "" if v.unit == Unit() else str(v.unit) for v in data.variables
  }
  try:
    return discover(data.states, data.times, columns=columns, seed=seed)
  except InputError:
    return None


def false_laws(laws: Sequence[truth.Quantity],
               data: DataSet) -> list[truth.Quantity]:
  """The laws found that are no functions of the true ones."""
  found = [law for law in laws if law.verdict in truth.FOUND]
  if data.known is None:
    return found
  return [
      law for law in found if not truth.is_true(law, data.known, data.noise)
  ]


def p_value(found: Discovery | None) -> float:
  """The p-value of a search against coincidence; 1 if data were refused.

  Raises:
    app.UsageError: if the engine gives none.
  """
  if found is None:
    return 1.
  value = getattr(found, "p_value", None)
  if value is None:
    raise app.UsageError("A `Discovery` of this engine has no `p_value`: "
                         "leave the joined data sets out with --joined=0.")
  return float(value)


def run(kind: str, number: int) -> dict[str, Any]:
  """One data set of a kind: what is found, and what of that is false."""
  data = lawless.KINDS[kind](np.random.default_rng([number, 0]))
  start = time.perf_counter()
  found = search(data, number)
  seconds = time.perf_counter() - start
  laws = found.laws if found else ()
  false = false_laws(laws, data)
  for law in false:
    print(f"{kind}, run {number}: {law.verdict}: {law}", file=sys.stderr)
  return {
      "kind": kind,
      "verdicts": sum(law.verdict in truth.FOUND for law in laws),
      "false": len(false),
      "seconds": seconds
  }


def joined_p_values(count: int, first: int) -> Iterator[float]:
  """The p-values of data sets of joined halves, whose laws are broken."""
  for number in range(first, first + count):
    data = lawless.joined(np.random.default_rng([number, 1]))
    yield p_value(search(data, number))


def _counted(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
  return {
      "runs": len(rows),
      "verdicts": sum(row["verdicts"] for row in rows),
      "false": sum(row["false"] for row in rows)
  }


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("No positional arguments are known.")
  kinds = _KINDS.value or list(lawless.KINDS)
  unknown = [kind for kind in kinds if kind not in lawless.KINDS]
  if unknown:
    raise app.UsageError(f"{unknown[0]!r} is none of: "
                         f"{', '.join(lawless.KINDS)}.")
  start = time.perf_counter()
  values = list(joined_p_values(_JOINED.value, _FIRST.value))
  joined_seconds = time.perf_counter() - start
  numbers = range(_FIRST.value, _FIRST.value + _RUNS.value)
  rows = [run(kinds[number % len(kinds)], number) for number in numbers]
  below = [value < .05 for value in values]
  print(
      json.dumps({
          **_counted(rows), "by_kind": {
              kind: _counted([row for row in rows if row["kind"] == kind])
              for kind in kinds
          },
          "joined":
              len(values),
          "share_below_05":
              sum(below) / len(below) if below else None,
          "seconds":
              round(joined_seconds + sum(row["seconds"] for row in rows), 1)
      }))


if __name__ == "__main__":
  app.run(main)
