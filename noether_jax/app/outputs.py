"""The files a discovery leaves behind, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
import os
import pathlib
import time
from typing import Any

from noether_jax.app.prediction import Outcome
from noether_jax.data.files import write_atomically
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.engine import Discovery
from noether_jax.discovery.law import Law
from noether_jax.errors import InputError
from noether_jax.reporting import figures
from noether_jax.reporting import records
from noether_jax.reporting import report
from noether_jax.reporting import views

_FILES = ("result.json", "law.py", "report.html", "quantity.png",
          "portrait.png", "horizon.png")
_MODULE = """  namespace = getattr(states, "__array_namespace__", None)
  xp = namespace() if namespace else np
"""


def _uses(term: Any, index: int) -> bool:
  return any(index in atom.plus + atom.minus for atom, _ in term.factors)


def _needs_module(law: Law) -> bool:
  return any(
      a.kind not in ("var", "dot") for t in law.terms for a, _ in t.factors)


def law_module(law: Law) -> str:
  """A Python module with the law as one function of NumPy or JAX arrays.

  Args:
    law: the law.

  Returns:
    Source text that needs NumPy only.
  """
  names = [v.identifier for v in law.variables]
  columns = "\n".join(f"      {n}: column {i}, {str(v.unit)}, "
                      f"{v.name!r} in the data"
                      for i, (n, v) in enumerate(zip(names, law.variables)))
  rows = []
  for k, term in enumerate(law.terms):
    rows.append(f"  {float(law.coefficients[k])!r},  # {term.text}: +- "
                f"{law.uncertainties[k]:.2g} {law.coefficient_unit(k)}")
  unpack = "\n".join(f"  {n} = states[..., {i}]" for i, n in enumerate(names)
                     if any(_uses(term, i) for term in law.terms))
  products = "\n".join(f"      COEFFICIENTS[{k}] * {term.code(names, 'xp')}" +
                       (" +" if k < len(law.terms) - 1 else "")
                       for k, term in enumerate(law.terms))
  needed = _needs_module(law)
  imports = "import numpy as np\n\n" if needed else ""
  module = _MODULE if needed else ""
  return f'''"""A conserved quantity found by noether-discover.

  {law.text}    [{law.unit}]

Verdict: {law.verdict}; scatter within over total {law.evidence.ratio:.2g}.
"""

{imports}COEFFICIENTS = (
{chr(10).join(rows)}
)


def law(states):
  """The quantity along states.

  Args:
    states: `[..., {len(names)}]`, a NumPy or JAX array with the columns
{columns}

  Returns:
    `[...]`, in {law.unit}.
  """
{module}{unpack}
  return (
{products}
  )
'''


def folder(out: str) -> pathlib.Path:
  """Makes the folder for the results.

  Args:
    out: its path.

  Returns:
    The path.

  Raises:
    InputError: if it cannot be made or written to.
  """
  path = pathlib.Path(out)
  try:
    path.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    raise InputError(f"--out={out}: {error.strerror}.") from error
  if not os.access(path, os.W_OK):
    raise InputError(f"--out={out}: not writable.")
  return path


def _images(data: Trajectories, found: Discovery,
            outcome: Outcome | None) -> dict[str, bytes]:
  """PNG bytes by file name."""
  law = found.laws[0] if found.laws else found.best_rejected
  pictures = views.law_pictures(law, data, first=True) if law else []
  if outcome is not None:
    pictures.append(figures.horizon(outcome, data.time_unit))
  return {f"{picture.name}.png": picture.png() for picture in pictures}


def write_results(out: pathlib.Path, data: Trajectories, found: Discovery,
                  outcome: Outcome | None, *, remarks: Sequence[str],
                  title: str, command: str, seed: int, start: float) -> None:
  """Writes the figures, law.py, report.html and last result.json.

  Files of an earlier run that this one does not have are removed, so that the
  folder never mixes two runs.

  Args:
    out: an existing folder.
    data: the trajectories.
    found: the discovery.
    outcome: the prediction experiment, or None.
    remarks: on the data set.
    title: of the report.
    command: how it was made.
    seed: of every random choice.
    start: time.monotonic() at which the run began.

  Raises:
    InputError: if a file cannot be written.
  """
  contents: dict[str, str | bytes] = {**_images(data, found, outcome)}
  if found.laws:
    contents["law.py"] = law_module(found.laws[0])
  contents["report.html"] = report.page(found,
                                        outcome,
                                        data,
                                        title=title,
                                        notes=remarks,
                                        footer=f"Made by: {command}")
  extra: dict[str, Any] = {
      "title": title,
      "notes": list(remarks),
      "command": command,
      "seed": seed,
      "trajectories": len(data.states),
      "rows": sum(len(s) for s in data.states),
      "seconds": round(time.monotonic() - start, 1)
  }
  contents["result.json"] = records.result(found, outcome, extra)
  try:
    for stale in _FILES:
      (out / stale).unlink(missing_ok=True)
    for name, content in contents.items():
      write_atomically(out / name, content)
  except OSError as error:
    raise InputError(f"--out={out}: {error.strerror}.") from error
