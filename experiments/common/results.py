"""Rows that a folder keeps, and what every program writes at its end."""

from collections.abc import Callable, Iterable, Sequence
import importlib.metadata
import json
import pathlib
from typing import Any

from experiments.common import tables
from experiments.common.stages import slug
from experiments.common.stages import Stages
from noether_jax.data.files import write_atomically


def rows(out: pathlib.Path, names: Iterable[str], wanted: Sequence[str],
         evaluate: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
  """The wanted rows that a folder does not hold yet, and those it holds.

  Args:
    out: the folder; receives a file for each row.
    names: of all rows, in the table's order.
    wanted: those to be measured, with the rows that their ratios need.
    evaluate: `name -> row`, which JSON can hold.

  Returns:
    The rows.
  """
  done = []
  for name in names:
    path = out / f"row_{slug(name)}.json"
    if not path.exists():
      if name not in wanted:
        continue
      write_atomically(path, json.dumps(evaluate(name)) + "\n")
    done.append(json.loads(path.read_text()))
  return done


def write(out: pathlib.Path,
          results: dict[str, Any],
          stages: Stages,
          *,
          header: Sequence[tables.Heading],
          body: Sequence[tables.Line],
          left: int = 1) -> None:
  """Writes results.json, table.md and table.txt, and prints the table.

  Args:
    out: the folder.
    results: what JSON can hold; the versions of the libraries, the stages and
      their seconds are added.
    stages: of the run.
    header: of the table.
    body: of the table.
    left: how many first columns are text.
  """
  seconds = round(sum(record["seconds"] for record in stages.records), 1)
  whole = {
      **results,
      "versions": {
          name: importlib.metadata.version(name)
          for name in ("jax", "noether_jax")
      },
      "seconds": seconds,
      "stages": stages.records,
  }
  text = tables.text(header, body, left=left)
  write_atomically(out / "table.md", tables.markdown(header, body))
  write_atomically(out / "table.txt", text)
  write_atomically(out / "results.json", json.dumps(whole, indent=1) + "\n")
  print(text, end="")
  print(f"{out / 'results.json'} ({seconds:.0f} s in all stages)")
