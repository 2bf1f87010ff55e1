"""Measures tailoring with conserved formulas on the spring and the pendulum."""

import dataclasses
import json
import pathlib
import re
import time

from absl import app
from absl import flags
from absl import logging

from experiments.scientific import config as configs
from experiments.scientific import rows
from experiments.scientific import tables

_SYSTEM = flags.DEFINE_enum("system", "pendulum", sorted(rows.FORMULAS),
                            "the system")
_PROTOCOL = flags.DEFINE_enum("protocol", "physics", sorted(configs.PROTOCOLS),
                              "how data are made and integrated")
_SEEDS = flags.DEFINE_integer("seeds", 10, "number of seeds", lower_bound=1)
_OUT = flags.DEFINE_string("out", None, "folder of the results", required=True)
_QUICK = flags.DEFINE_bool("quick", False, "a short run to see that it works")
_ROWS = flags.DEFINE_multi_enum("row", list(rows.ROWS), list(rows.ROWS),
                                "rows to measure; all if not given")


def _claim(out: pathlib.Path, settings: object) -> None:
  """Rows of other settings must not end up in one table."""
  path = out / "settings.json"
  text = json.dumps(settings)
  if path.exists() and json.loads(path.read_text()) != json.loads(text):
    raise app.UsageError(f"--out={out} holds results of other settings: name "
                         "another folder.")
  tables.store(path, settings)


def main(argv: list[str]) -> None:
  """Measures the rows that --out does not hold yet, then writes the table."""
  if len(argv) > 1:
    raise app.UsageError(f"unexpected arguments: {' '.join(argv[1:])}")
  config = configs.PROTOCOLS[_PROTOCOL.value]
  if _QUICK.value:
    config = configs.quick(config)
  out = pathlib.Path(_OUT.value)
  out.mkdir(parents=True, exist_ok=True)
  _claim(out, {
      "system": _SYSTEM.value,
      "seeds": _SEEDS.value,
      **dataclasses.asdict(config)
  })
  experiment = rows.Experiment(_SYSTEM.value, config, _SEEDS.value)
  done = []
  for name in rows.ROWS:
    path = out / f"row_{re.sub('[^a-z]+', '_', name.lower())}.json"
    if not path.exists():
      if name not in _ROWS.value:
        continue
      start = time.perf_counter()
      row = experiment.evaluate(name)
      row["seconds"] = time.perf_counter() - start
      tables.store(path, row)
    done.append(json.loads(path.read_text()))
    logging.info("%s: done", name)
  text = tables.markdown(done)
  tables.store(out / "results.json", {"rows": done})
  tables.write(out / "table.md", text)
  print(text)


if __name__ == "__main__":
  logging.set_verbosity(logging.INFO)
  app.run(main)
