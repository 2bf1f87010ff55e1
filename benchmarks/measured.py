"""What is found in measured data, and in points that a peer published.

  python -m benchmarks.measured --data=DIR [--sets=arm,air_track]
      [--split_seed=0]

DIR holds schmidt_lipson/ (Schmidt and Lipson 2009), multiarm_pendulum/ (Kaheman
et al. 2022) and kernel_laws/ (arXiv 2405.20857); what is missing is left out.
Prints a line per law on standard error, and one JSON object: by data set,

  verdict, count, seconds  of the search;
  laws                     of each its text and verdict, `ratio` (held-out
                           within/total), `coefficients` with `uncertainties`,
                           and `losses`: of each its text, coefficient,
                           uncertainty and share of the quantity's spread.

Processor time is reported, which other programs do not change.
"""

from collections.abc import Callable, Sequence
import json
import pathlib
import sys
import time
from typing import Any, NamedTuple

from absl import app
from absl import flags
import numpy as np
from scipy import io as scipy_io

from noether_jax import discover
from noether_jax.discovery.law import Law

_DATA = flags.DEFINE_string("data", None, "Folder of measured data.")
_SETS = flags.DEFINE_list("sets", None, "Names of data sets; all by default.")
_SEED = flags.DEFINE_integer("split_seed", 0, "Of the split and the bootstrap.")


class Source(NamedTuple):
  """Trajectories of one experiment."""
  states: Sequence[np.ndarray]
  times: Sequence[np.ndarray] | None
  columns: str


def _text_table(columns: str) -> Callable[[pathlib.Path], Source]:
  """Columns of a text table behind the trial and the time."""
  width = len(columns.split(","))

  def load(path: pathlib.Path) -> Source:
    table = np.loadtxt(path, comments="%")
    parts = [table[table[:, 0] == k] for k in np.unique(table[:, 0])]
    return Source([p[:, 2:2 + width] for p in parts], [p[:, 1] for p in parts],
                  columns)

  return load


def _points(columns: str) -> Callable[[pathlib.Path], Source]:
  """Points without times behind the number of their trial."""

  def load(path: pathlib.Path) -> Source:
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    parts = [table[table[:, 0] == k, 1:] for k in np.unique(table[:, 0])]
    return Source(parts, None, columns)

  return load


def _arm(columns: str,
         keys: Sequence[str],
         step: int = 1) -> Callable[[pathlib.Path], Source]:
  """Cell arrays of MATLAB, every `step`th row."""

  def load(path: pathlib.Path) -> Source:
    arm = scipy_io.loadmat(path)
    cells = lambda name: [c for k in keys for c in arm[f"{name}_{k}"].ravel()]
    return Source([y.T[::step] for y in cells("Y")],
                  [t.ravel()[::step] for t in cells("Time")], columns)

  return load


_DOUBLE = "o1:rad,o2:rad,w1:1/s,w2:1/s"
_TRIPLE = "a1:rad,a2:rad,a3:rad,w1:1/s,w2:1/s,w3:1/s"
_FOUR = "x1,x2,x3,x4"
# 1 kHz of the single arm resolves far more than a law needs.
DATA_SETS: dict[str, tuple[str, Callable[[pathlib.Path], Source]]] = {
    "real_double_pendulum": ("schmidt_lipson/real_double_pend_h_1.txt",
                             _text_table(_DOUBLE)),
    "real_pendulum": ("schmidt_lipson/real_pend_h_1.txt",
                      _text_table("o:rad,v:1/s")),
    "air_track": ("schmidt_lipson/real_linear_h_1.txt",
                  _text_table("x:px,v:px/s")),
    "circle": ("schmidt_lipson/circle_1.txt", _text_table("x,y")),
    "pendulum": ("schmidt_lipson/pendulum_h_1.txt", _text_table("o:rad,v:1/s")),
    "double_pendulum": ("schmidt_lipson/double_pend_h_1.txt",
                        _text_table(_DOUBLE)),
    "arm": ("multiarm_pendulum/SinglePendulumDataForParameterEstimation.mat",
            _arm("q:rad,w:1/s", ["id"], step=10)),
    "triple_pendulum":
        ("multiarm_pendulum/TriplePendulumDataForParameterEstimation.mat",
         _arm(_TRIPLE, ["id", "vad"])),
    "lotka_volterra_20": ("kernel_laws/4D_Lotka_T5_N20.csv",
                          _points("x1,x2,x3,x4,x5,x6,x7,x8")),
    "lotka_volterra_40": ("kernel_laws/4D_Lotka_T5_N40.csv",
                          _points("x1,x2,x3,x4,x5,x6,x7,x8")),
    "lorenz":
        ("kernel_laws/Lorenz_System_T5_40.csv", _points("x1,x2,x3,x4,x5")),
    "henon_chaotic": ("kernel_laws/Henon_chaotic_T5_50.csv", _points(_FOUR)),
    "henon_regular":
        ("kernel_laws/Henon_non_chaotic_T5_40.csv", _points(_FOUR)),
}


def _described(law: Law) -> dict[str, Any]:
  return {
      "law":
          law.text,
      "verdict":
          law.verdict,
      "ratio":
          law.evidence.ratio,
      "coefficients":
          law.coefficients.tolist(),
      "uncertainties":
          law.uncertainties.tolist(),
      "losses": [{
          "term": loss.term.text,
          "coefficient": loss.coefficient,
          "uncertainty": loss.uncertainty,
          "share": loss.share
      } for loss in law.losses]
  }


def run(name: str, folder: pathlib.Path, seed: int) -> dict[str, Any]:
  """Search one data set.

  Args:
    name: one of DATA_SETS.
    folder: of all data.
    seed: of the search.

  Returns:
    What was found.
  """
  place, load = DATA_SETS[name]
  source = load(folder / place)
  start = time.process_time()
  found = discover(source.states,
                   source.times,
                   columns=source.columns,
                   seed=seed)
  seconds = time.process_time() - start
  for law in found.laws:
    print(f"{name}: {law.verdict}: {law.text}", file=sys.stderr)
  return {
      "verdict": found.verdict,
      "count": str(found.count),
      "seconds": round(seconds, 2),
      "laws": [_described(law) for law in found.laws]
  }


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("No positional arguments are known.")
  if not _DATA.value:
    raise app.UsageError("Give the folder of the data with --data=DIR.")
  folder = pathlib.Path(_DATA.value)
  names = _SETS.value or [
      name for name, (place, _) in DATA_SETS.items()
      if (folder / place).exists()
  ]
  for name in names:
    if name not in DATA_SETS:
      raise app.UsageError(f"{name!r} is none of: {', '.join(DATA_SETS)}.")
    if not (folder / DATA_SETS[name][0]).exists():
      raise app.UsageError(f"There is no {folder / DATA_SETS[name][0]}.")
  if not names:
    raise app.UsageError(f"{folder} holds none of the data sets.")
  print(json.dumps({name: run(name, folder, _SEED.value) for name in names}))


if __name__ == "__main__":
  app.run(main)
