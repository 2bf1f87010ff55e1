"""Feeds noether-discover 200 malformed or odd inputs and judges each answer.

  python -m benchmarks.fuzz_discover [--inputs=200] [--seed=0]

Every input (`benchmarks.malformed`) must end in exit code 2 with one line, or
in the right verdict.
"""

from collections.abc import Sequence
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import time
import traceback

from absl import app
from absl import flags
import numpy as np

from benchmarks import malformed
from noether_jax.app import cli

_INPUTS = flags.DEFINE_integer("inputs", 200, "How many inputs.")
_SEED = flags.DEFINE_integer("seed", 0, "Seed of the mutations.")


def _judge(truth: str, code: int, errors: str,
           record: dict | None) -> str | None:
  """None if the answer is acceptable, else why not."""
  if code == 2:
    if truth not in ("error", "any"):
      return f"refused good data: {errors.strip()[:200]}"
    lines = errors.strip().splitlines()
    told = [line for line in lines if not line.startswith("[")]
    return None if len(told) == 1 else f"{len(told)} lines on standard error"
  if code != 0 or record is None:
    return f"exit code {code}"
  exact = [law for law in record["laws"] if law["verdict"] == "conserved"]
  if truth == "error":
    return f"accepted; {record['verdict']}"
  if truth == "none" and exact:
    return f"false law {exact[0]['law']}"
  if truth == "law":
    terms = {
        t["term"]: t["coefficient"] for t in exact[0]["terms"]
    } if exact else {}
    if set(terms) != {"q^2", "p^2"} or abs(terms["p^2"] - 1) > 1e-3:
      return f"missed the law: {record['verdict']} {terms}"
  return None


def run_case(case: malformed.Case, seed: int, folder: pathlib.Path) -> dict:
  """Writes one input, runs the program on it, judges the answer."""
  random = np.random.default_rng(seed)
  content = case.content(malformed.good_rows(random), random)
  path = folder / case.name
  path.write_bytes(content.encode() if isinstance(content, str) else content)
  out = folder / "out"
  result = out / "result.json"
  result.unlink(missing_ok=True)
  args = [
      "noether-discover",
      str(path), f"--out={out}", "--nopredict", *case.args
  ]
  errors, printed = io.StringIO(), io.StringIO()
  try:
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(
        printed):
      code = cli.main(args)
  except Exception:  # pylint: disable=broad-exception-caught
    return {"code": -1, "wrong": traceback.format_exc(), "args": args}
  record = json.loads(result.read_text()) if result.exists() else None
  return {
      "code": code,
      "wrong": _judge(case.truth, code, errors.getvalue(), record),
      "args": args
  }


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("Only --inputs and --seed are known.")
  start = time.perf_counter()
  every = malformed.cases()
  with tempfile.TemporaryDirectory() as name:
    done = [
        run_case(every[n % len(every)], _SEED.value + n, pathlib.Path(name))
        for n in range(_INPUTS.value)
    ]
  for result in done:
    if result["wrong"]:
      print(" ".join(result["args"]),
            result["wrong"],
            sep="\n",
            file=sys.stderr)
  print(
      json.dumps({
          "inputs":
              len(done),
          "kinds":
              len(every),
          "tracebacks":
              sum(d["code"] == -1 for d in done),
          "exit_2":
              sum(d["code"] == 2 for d in done),
          "verdicts":
              sum(d["code"] == 0 for d in done),
          "wrong_verdicts":
              sum(d["wrong"] is not None and d["code"] != -1 for d in done),
          "seconds":
              round(time.perf_counter() - start, 1)
      }))


if __name__ == "__main__":
  app.run(main)
