"""How often laws are found in systems with laws, and in systems without.

  python -m benchmarks.discovery [--trajectories=20] [--seeds=2] [--data=DIR]

Prints a line per data set on standard error and one JSON object. A law counts
as found only if it is a function of the known ones: along fresh exact
trajectories its gradient must lie in the span of theirs, within 5 degrees.
Measured data (Schmidt and Lipson 2009, Kaheman et al. 2022) are added with
--data, the folder that holds schmidt_lipson/ and multiarm_pendulum/.
"""

from collections.abc import Sequence
import json
import pathlib
import sys
import time
from typing import Any

from absl import app
from absl import flags
import numpy as np
from scipy import io as scipy_io

from benchmarks.systems import is_true
from benchmarks.systems import SAMPLINGS
from noether_jax import discover

_COUNT = flags.DEFINE_integer("trajectories", 20, "Trajectories per data set.")
_SEEDS = flags.DEFINE_integer("seeds", 2, "Data sets per system and noise.")
_FIRST = flags.DEFINE_integer("first_seed", 0, "The first seed.")
_NOISES = flags.DEFINE_list("noises", ["0", "0.01", "0.1"], "Noise levels.")
_DATA = flags.DEFINE_string("data", None, "Folder of measured data.")

_MEASURED = {
    "real_double_pend_h_1": "o1:rad,o2:rad,w1:1/s,w2:1/s",
    "real_pend_h_1": "o:rad,v:1/s",
    "real_linear_h_1": "x:px,v:px/s",
    "circle_1": "x,y",
    "pendulum_h_1": "o:rad,v:1/s",
    "double_pend_h_1": "o1:rad,o2:rad,w1:1/s,w2:1/s",
}


def simulated(name: str, noise: float, seed: int, count: int) -> dict[str, Any]:
  """One data set: found, missed and false laws."""
  sampling = SAMPLINGS[name]
  system = sampling.system
  data = sampling.draw(count, noise, seed)
  start = time.perf_counter()
  found = discover(data.states, data.times, columns=data.variables, seed=seed)
  seconds = time.perf_counter() - start
  exact = [law for law in found.laws if law.verdict == "conserved"]
  clean = np.concatenate(sampling.draw(3, 0., seed + 1000).states)[::7]
  true = [law for law in exact if is_true(law, sampling, clean)]
  return {
      "system": name,
      "noise": noise,
      "seed": seed,
      "laws": len(system.law_names),
      "found": len(true),
      "false": len(exact) - len(true),
      "overcount": max(0,
                       len(true) - len(system.law_names)),
      "text": [law.text for law in found.laws],
      "verdict": found.verdict,
      "seconds": round(seconds, 2)
  }


def measured(folder: pathlib.Path) -> list[dict[str, Any]]:
  """What is found in measured data, with uncertainties."""
  sets = {}
  for name, columns in _MEASURED.items():
    table = np.loadtxt(folder / "schmidt_lipson" / f"{name}.txt", comments="%")
    parts = [table[table[:, 0] == k] for k in np.unique(table[:, 0])]
    width = len(columns.split(","))
    sets[name] = ([p[:, 2:2 + width] for p in parts], [p[:, 1] for p in parts],
                  columns)
  arm = scipy_io.loadmat(folder / "multiarm_pendulum" /
                         "SinglePendulumDataForParameterEstimation.mat")
  # 1 kHz resolves far more than a law needs.
  sets["multiarm"] = ([y.T[::10] for y in arm["Y_id"].ravel()
                      ], [t.ravel()[::10] for t in arm["Time_id"].ravel()],
                      "q:rad,w:1/s")
  rows = []
  for name, (states, times, columns) in sets.items():
    found = discover(states, times, columns=columns)
    rows.append({
        "data":
            name,
        "verdict":
            found.verdict,
        "laws": [{
            "law": law.text,
            "verdict": law.verdict,
            "coefficients": law.coefficients.tolist(),
            "uncertainties": law.uncertainties.tolist()
        } for law in found.laws]
    })
    print(name,
          rows[-1]["verdict"],
          found.laws[0].text if found.laws else "",
          file=sys.stderr)
  return rows


def summarise(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
  """Rates by noise level."""
  out = {}
  for noise in sorted({r["noise"] for r in rows}):
    some = [r for r in rows if r["noise"] == noise and r["laws"]]
    none = [r for r in rows if r["noise"] == noise and not r["laws"]]
    out[str(noise)] = {
        "data_sets_with_laws":
            len(some),
        "detected":
            sum(r["found"] > 0 for r in some) / max(1, len(some)),
        "exact_count":
            sum(r["found"] == r["laws"] for r in some) / max(1, len(some)),
        "overcounts":
            sum(r["overcount"] for r in some),
        "false_laws_beside_true":
            sum(r["false"] for r in some),
        "data_sets_without":
            len(none),
        "false_alarms":
            sum(r["false"] > 0 for r in none)
    }
  return out


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("No positional arguments are known.")
  rows = []
  for noise in map(float, _NOISES.value):
    for name in SAMPLINGS:
      for seed in range(_FIRST.value, _FIRST.value + _SEEDS.value):
        rows.append(simulated(name, noise, seed, _COUNT.value))
        print(*rows[-1].values(), file=sys.stderr)
  record: dict[str, Any] = {
      "trajectories": _COUNT.value,
      "by_noise": summarise(rows),
      "data_sets": rows
  }
  if _DATA.value:
    record["measured"] = measured(pathlib.Path(_DATA.value))
  print(json.dumps(record))


if __name__ == "__main__":
  app.run(main)
