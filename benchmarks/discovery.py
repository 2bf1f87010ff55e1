"""How often laws are found in systems with laws, and in systems without.

  python -m benchmarks.discovery [--trajectories=20] [--seeds=3]
      [--noises=0,0.01,0.1] [--kinds=plain,losses] [--systems=Kepler]
      [--rungs=network]

Prints a line per data set on standard error and one JSON object: by number of
trajectories, then by noise, and by kind and noise,

  detected     share of the data sets with laws in which a true law is found;
  exact_count  in which as many laws are found as are known, all independent;
  form_right   in which all laws found are functions of the known ones: their
               gradients lie in the span within 2 degrees (5 with noise);
  cannot_tell  in which nothing is found and the engine says that it cannot
               tell; N trajectories tell at most N - 1 laws apart, so for fewer
               these words are the exact count, too;
  false        number of laws that are no function of the known ones: further
               off than 5 degrees, or changing along exact trajectories;
  seconds      of a search, the median;

and with --rungs=network, or where a network was trained,

  count_right  share of all data sets, also of those without laws, in which as
               many quantities are counted, with a formula or without, as the
               system conserves; losses make no conserved quantity;
  count_high   in which more are counted;
  count_open   in which the engine says that the count cannot be known.

A law is found if its verdict is "conserved" or "balance". A balance law is
judged by its function of the state. Measured data have a program of their own,
`benchmarks.measured`.
"""

from collections.abc import Iterator, Sequence
import json
import statistics
import sys
import time
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import truth
from benchmarks.systems import KINDS
from benchmarks.systems import SAMPLINGS
from datasets.systems.system import Sampling
from noether_jax import discover
from noether_jax.app.rungs import chosen_rungs
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.result import Discovery
from noether_jax.errors import InputError

_COUNTS = flags.DEFINE_list("trajectories", ["20"],
                            "Numbers of trajectories per data set.")
_SEEDS = flags.DEFINE_integer("seeds", 3, "Data sets per system and noise.")
_FIRST = flags.DEFINE_integer("first_seed", 0, "The first seed.")
_NOISES = flags.DEFINE_list("noises", ["0", "0.01", "0.1"], "Noise levels.")
_KINDS = flags.DEFINE_list("kinds", None, "Kinds of systems; all by default.")
_SYSTEMS = flags.DEFINE_list("systems", None,
                             "Names of systems, instead of kinds.")
_RUNGS = flags.DEFINE_list("rungs", [], "Rungs to climb, as for the program.")

# How far the gradient of a law may lie from those of the known laws.
_DEGREES, _NOISY_DEGREES = 2., 5.
_CANNOT_TELL = "cannot tell"


def _discovered(data: Trajectories,
                seed: int) -> tuple[Discovery | None, float]:
  """What is found, None for data that are refused; and the seconds."""
  start = time.perf_counter()
  try:
    found = discover(data.states,
                     data.times,
                     columns=data.variables,
                     seed=seed,
                     rungs=chosen_rungs(_RUNGS.value))
  except InputError as error:
    print(error, file=sys.stderr)
    found = None
  return found, time.perf_counter() - start


def judge(found: Discovery | None, name: str, count: int,
          noise: float) -> dict[str, Any]:
  """Compare what was found with the known laws of a system.

  Args:
    found: with `laws` and `verdict`; None for data that were refused.
    name: one of SAMPLINGS.
    count: number of trajectories that were given.
    noise: of the data; it decides how exact a form must be.

  Returns:
    See `judge_sampling`.
  """
  return judge_sampling(found, SAMPLINGS[name], count, noise, name
                        not in KINDS["lawless"])


def judge_sampling(found: Discovery | None,
                   sampling: Sampling,
                   count: int,
                   noise: float,
                   lawful: bool = True) -> dict[str, Any]:
  """Compare what was found with the known laws of any system.

  Args:
    found: with `laws` and `verdict`; None for data that were refused.
    sampling: of the system.
    count: number of trajectories that were given.
    noise: of the data.
    lawful: whether its laws hold in the data.

  Returns:
    The number of known laws (none for a lawless system), of true and of false
    laws found, and whether count and form are right.
  """
  system, known = sampling.system, truth.exact(sampling)
  number = (system.num_conserved + system.num_balances) * lawful
  laws = found.laws if found else ()
  named = [law for law in laws if law.verdict in truth.FOUND]
  degrees = _DEGREES if noise == 0 else _NOISY_DEGREES
  angles = [truth.angle(law, known) for law in named]
  # A form that is a little off is no false law.
  true = [law for law in named if truth.is_true(law, known, noise)]
  slopes = [truth.gradient(law, system, known.states) for law in true]
  rank = truth.num_independent(np.stack(slopes, axis=1)) if slopes else 0
  told = any(law.verdict.startswith(_CANNOT_TELL) for law in laws) or (
      found is not None and _CANNOT_TELL in found.verdict)
  exact = len(named) == rank == number
  return {
      "laws": number,
      "found": len(true),
      "false": len(named) - len(true),
      "independent": rank,
      "exact": exact or (told and count <= number),
      "form": bool(named) and len(true) == len(named) and max(angles) < degrees,
      "cannot_tell": told and not true,
      **_counted(found, system.num_conserved * lawful),
      "angles": [round(a, 3) for a in angles],
      "text": [f"{law.verdict}: {law.text}" for law in laws],
      "verdict": found.verdict if found else "refused",
      "count": str(found.count) if found else "",
  }


def _counted(found: Discovery | None, number: int) -> dict[str, Any]:
  """How many quantities are counted; None where no network was trained."""
  count = found.count if found else None
  if count is None or count.estimate is None:
    return {"conserved": number, "counted": None, "open": False}
  return {"conserved": number, "counted": count.estimate, "open": count.is_open}


def simulated(name: str, noises: Sequence[float], seed: int,
              counts: Sequence[int]) -> Iterator[dict[str, Any]]:
  """Draw trajectories of a system once; search them, each noise and count."""
  sampling = SAMPLINGS[name]
  clean = sampling.paths(max(counts), np.random.default_rng(seed))
  for count in counts:
    for noise in noises:
      data = sampling.observed(clean[:count], noise,
                               np.random.default_rng([seed, 1]))
      found, seconds = _discovered(data, seed)
      yield {
          "system": name,
          "kind": next(k for k, group in KINDS.items() if name in group),
          "trajectories": count,
          "noise": noise,
          "seed": seed,
          **judge(found, name, count, noise), "seconds": round(seconds, 2)
      }


def summarise(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
  """Shares of the data sets with laws; the number of false laws in all."""
  lawful = [row for row in rows if row["laws"]]

  def share(key: str) -> float | None:
    if not lawful:
      return None
    return round(sum(row[key] > 0 for row in lawful) / len(lawful), 4)

  known = [row for row in rows if row.get("counted") is not None]
  counts = {}
  if known:
    part = lambda true: round(sum(true) / len(known), 4)
    counts = {
        "count_right": part(r["counted"] == r["conserved"] for r in known),
        "count_high": part(r["counted"] > r["conserved"] for r in known),
        "count_open": part(r["open"] for r in known),
    }
  return {
      **counts, "detected": share("found"),
      "exact_count": share("exact"),
      "form_right": share("form"),
      "cannot_tell": share("cannot_tell"),
      "false": sum(row["false"] for row in rows),
      "seconds": round(statistics.median(row["seconds"] for row in rows), 2)
  }


def _groups(rows: Sequence[dict[str, Any]],
            key: str) -> dict[str, list[dict[str, Any]]]:
  out: dict[str, list[dict[str, Any]]] = {}
  for row in rows:
    out.setdefault(str(row[key]), []).append(row)
  return out


def tables(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
  """By number of trajectories: by noise, and by kind and noise."""
  noises = lambda some: {
      f"{float(noise):g}": summarise(part)
      for noise, part in _groups(some, "noise").items()
  }
  return {
      count: {
          "by_noise": noises(some),
          "by_kind": {
              kind: noises(part) for kind, part in _groups(some, "kind").items()
          }
      } for count, some in _groups(rows, "trajectories").items()
  }


def _chosen() -> list[str]:
  """Names of the systems that the flags choose."""
  kinds, names = _KINDS.value or list(KINDS), _SYSTEMS.value
  for given, known in ((kinds, KINDS), (names or (), SAMPLINGS)):
    unknown = [name for name in given if name not in known]
    if unknown:
      raise app.UsageError(f"{unknown[0]!r} is none of: {', '.join(known)}.")
  return names or [name for kind in kinds for name in KINDS[kind]]


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("No positional arguments are known.")
  rows = []
  for name in _chosen():
    for seed in range(_FIRST.value, _FIRST.value + _SEEDS.value):
      for row in simulated(name, list(map(float, _NOISES.value)), seed,
                           list(map(int, _COUNTS.value))):
        rows.append(row)
        print(*row.values(), file=sys.stderr)
  record: dict[str, Any] = {
      "systems": len({row["system"] for row in rows}),
      "by_trajectories": tables(rows),
      "data_sets": rows
  }
  print(json.dumps(record))


if __name__ == "__main__":
  app.run(main)
