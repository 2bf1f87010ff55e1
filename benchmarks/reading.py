"""How long reading trajectories takes, and how much memory.

  python -m benchmarks.reading [--rows=1000000] [--formats=csv,parquet]

Ten trials of four columns (trial, t, q, p) are written, then read into
`Trajectories`, each format in a process of its own. Prints JSON. Needs Linux.
"""

from collections.abc import Sequence
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from absl import app
from absl import flags
import numpy as np

_ROWS = flags.DEFINE_integer("rows", 1_000_000, "Rows of the table.")
_FORMATS = flags.DEFINE_list("formats", ["csv", "parquet"],
                             "Of csv, csv.gz, parquet, npz, h5.")
_FILE = flags.DEFINE_string("file", None, "Read this one file, in here.")
_TRIALS = 10


def columns(rows: int) -> dict[str, np.ndarray]:
  """Trials of a spring, to full precision."""
  count = rows // _TRIALS
  trial = np.repeat(np.arange(_TRIALS), count)
  t = np.tile(np.arange(count) * 1e-3, _TRIALS)
  return {
      "trial": trial,
      "t": t,
      "q": (1 + trial) * np.cos(t + trial),
      "p": -(1 + trial) * np.sin(t + trial)
  }


def write(path: pathlib.Path, rows: int) -> None:
  """One file; its ending chooses the format."""
  table = columns(rows)
  if path.suffix == ".npz":
    np.savez(path, **table)
  elif path.suffix == ".h5":
    import h5py  # pylint: disable=import-outside-toplevel
    with h5py.File(path, "w") as file:
      for name, values in table.items():
        file[name] = values
  else:
    import pandas  # pylint: disable=import-outside-toplevel
    frame = pandas.DataFrame(table)
    if path.suffix == ".parquet":
      frame.to_parquet(path)
    else:
      frame.to_csv(path, index=False)


def read(path: str) -> dict[str, float]:
  """Seconds and peak memory of this process, imports included."""
  start = time.perf_counter()
  from noether_jax import data  # pylint: disable=import-outside-toplevel
  found = data.load(path)
  assert len(found.states) == _TRIALS and found.states[0].shape[1] == 2
  # The maximum of getrusage would include the parent's.
  status = pathlib.Path("/proc/self/status").read_text()
  peak = int(status.split("VmHWM:")[1].split()[0])
  return {
      "rows": sum(len(s) for s in found.states),
      "file_GB": round(pathlib.Path(path).stat().st_size / 1e9, 3),
      "seconds": round(time.perf_counter() - start, 1),
      "peak_GB": round(peak * 1024 / 1e9, 2)
  }


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("Only --rows, --formats and --file are known.")
  if _FILE.value:
    print(json.dumps(read(_FILE.value)))
    return
  results = {}
  with tempfile.TemporaryDirectory() as folder:
    for ending in _FORMATS.value:
      path = pathlib.Path(folder) / f"data.{ending}"
      write(path, _ROWS.value)
      out = subprocess.run(
          [sys.executable, "-m", "benchmarks.reading", f"--file={path}"],
          capture_output=True,
          check=True,
          text=True)
      results[ending] = json.loads(out.stdout)
      path.unlink()
  print(json.dumps(results))


if __name__ == "__main__":
  app.run(main)
