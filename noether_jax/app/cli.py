"""noether-discover: what do these trajectories conserve?"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import pathlib
import re
import sys
import time
from typing import Any

from absl import flags
import numpy as np

from noether_jax.app.options import help_text
from noether_jax.app.options import Options
from noether_jax.app.options import parse_options
from noether_jax.errors import InputError

# Rows of a trial that a predictor needs.
_FEWEST_ROWS = 20


class _Progress:
  """Lines with the time since the start; a status line on a terminal."""

  def __init__(self) -> None:
    self.start = time.monotonic()
    self.status: Any = None

  def __enter__(self) -> _Progress:
    if sys.stderr.isatty():
      import rich.console  # pylint: disable=import-outside-toplevel
      console = rich.console.Console(stderr=True)
      self.status = console.status("reading")
      self.status.start()
    return self

  def __exit__(self, *_: Any) -> None:
    if self.status is not None:
      self.status.stop()

  def __call__(self, text: str) -> None:
    line = f"[{time.monotonic() - self.start:6.1f} s] {text}"
    if self.status is not None:
      self.status.update(line.replace("[", r"\["))
    else:
      print(line, file=sys.stderr, flush=True)


def main(argv: Sequence[str]) -> int:
  """Run the program.

  Args:
    argv: the program's name and its arguments.

  Returns:
    The exit code: 0 after a verdict, 2 after a user's mistake, which is
    reported in one line on standard error.

  Raises:
    InputError: for a user's mistake, with --debug.
  """
  try:
    options = parse_options(argv)
    if options.help:
      print(help_text())
    elif options.check is not None:
      _check(options)
    else:
      _discover(options)
    return 0
  except (InputError, flags.Error) as error:
    if "--debug" in argv:
      raise
    message = " ".join(str(error).split())
    print(f"noether-discover: {message}", file=sys.stderr)
    return 2


def run() -> None:
  """Run the program as the console script."""
  try:
    sys.exit(main(sys.argv))
  except KeyboardInterrupt:
    print("noether-discover: interrupted; nothing was written.",
          file=sys.stderr)
    sys.exit(130)


def _load(options: Options) -> tuple[Any, Any, str]:
  """Return the trajectories, a function for notes on laws, and a title."""
  # pylint: disable=import-outside-toplevel
  from noether_jax.app import builtin
  from noether_jax.data import reading
  if options.paths and options.dataset:
    raise InputError("Give a file or --dataset, not both.")
  if not options.paths:
    name = options.dataset or "planets"
    if name not in builtin.DATASETS:
      raise InputError(f"--dataset={name}: known ones are "
                       f"{', '.join(builtin.DATASETS)}.")
    if options.columns or options.trial or options.time:
      raise InputError("--columns, --trial and --time describe a file; "
                       f"--dataset={name} brings its own.")
    load, notes = builtin.DATASETS[name]
    if options.derivatives:
      raise InputError("--derivatives names columns of a file.")
    return load(), notes, f"What the {name} conserve"
  try:
    data = reading.load(options.paths,
                        columns=options.columns,
                        trial=options.trial,
                        time=options.time)
    if options.derivatives:
      # pylint: disable-next=import-outside-toplevel
      from noether_jax.data.derivatives import with_named_derivatives
      data = with_named_derivatives(data, options.derivatives)
  except InputError as error:
    # Arguments are named as this program's user wrote them.
    told = re.sub("`(columns|trial|time|derivatives)`", r"--\1", str(error))
    raise InputError(told) from error
  name = pathlib.Path(options.paths[0]).name
  title = name if len(
      options.paths) == 1 else (f"{name} and {len(options.paths) - 1} more")
  return data, lambda laws: [], f"What {title} conserves"


def _check(options: Options) -> None:
  """Load, check the quantity, write.

  Raises:
    InputError: if an option of the search is given as well.
  """
  for name in ("degree", "vectors", "rungs", "terms", "known", "certify",
               "equations", "derivatives"):
    if getattr(options, name) not in (None, False, []):
      raise InputError(f"--{name} is for a search: --check makes none.")
  with _Progress() as progress:
    data, _, _ = _load(options)
    # pylint: disable=import-outside-toplevel
    from noether_jax.discovery import checking
    result = checking.check(options.check, data)
    result.save(options.out, extra={"command": options.command})
    seconds = time.monotonic() - progress.start
  print(result)
  place = pathlib.Path(options.out) / "report.html"
  print(f"report: {place} ({seconds:.0f} s)")


def _equations(options: Options) -> Any:
  """Return the equations of motion, or None.

  Raises:
    InputError: if there are no states for them, or an option does not fit.
  """
  if options.equations is None:
    return None
  if options.trial or options.time or options.derivatives:
    raise InputError("--trial, --time and --derivatives describe trajectories; "
                     "--equations takes states in no order.")
  if not options.paths:
    raise InputError("--equations needs a file of states, one a row.")
  # pylint: disable=import-outside-toplevel
  from noether_jax.app import equations
  return equations.load_equations(options.equations)


def _texts(text: str | None) -> list[str]:
  """Return the formulas between semicolons."""
  return [part.strip() for part in (text or "").split(";") if part.strip()]


def _rungs(options: Options) -> Any:
  """Return the rungs that are named, or None."""
  terms = _texts(options.terms)
  if not options.rungs and not terms:
    return None
  # pylint: disable-next=import-outside-toplevel
  from noether_jax.app.rungs import chosen_rungs
  return chosen_rungs(options.rungs, terms)


def _discover(options: Options) -> None:
  """Load, search, predict, write."""
  with _Progress() as progress:
    equations, rungs = _equations(options), _rungs(options)
    data, notes, title = _load(options)
    rows = sum(len(s) for s in data.states)
    kind = f"{len(data.states)} trajectories, {rows} rows"
    progress(f"{f'{rows} states' if equations else kind}, columns "
             f"{', '.join(v.name for v in data.variables)}")
    # Slow imports wait until the arguments and the file are known to be good.
    # pylint: disable=import-outside-toplevel
    from noether_jax.discovery import engine
    from noether_jax.discovery import result_folder
    from noether_jax.discovery import saving
    from noether_jax.reporting import report
    out = result_folder.make_folder(options.out)
    given = {
        "equations": equations,
        "sample": np.concatenate(data.states),
        "columns": data.variables
    } if equations else {
        "data": data,
        "derivatives": data.derivatives if options.derivatives else None
    }
    found = engine.discover(**given,
                            degree=options.degree,
                            vectors=options.vectors,
                            rungs=rungs,
                            seed=options.seed,
                            certify=options.certify,
                            known=_texts(options.known),
                            progress=progress)
    # Columns may have been left out, or estimated, which no predictor takes.
    seen = min(found.data, data, key=lambda d: len(d.variables))
    outcome, why = _predict(seen, found, options, progress)
    if why:
      found = dataclasses.replace(found, messages=(*found.messages, why))
    data = found.data
    remarks = notes(found.laws)
    seconds = lambda: time.monotonic() - progress.start
    saving.save_discovery(out,
                          found,
                          data,
                          outcome,
                          title=title,
                          notes=remarks,
                          footer=f"Made by: {options.command}",
                          extra={
                              "command": options.command,
                              "seed": options.seed,
                              "seconds": round(seconds(), 1)
                          })
  print(report.plain_text(found, outcome, remarks, data))
  print(f"report: {out / 'report.html'} ({seconds():.0f} s)")


def _predict(data: Any, found: Any, options: Options,
             progress: Any) -> tuple[Any, str]:
  """Return the prediction experiment, or None; and what it leaves out."""
  if not options.predict or options.equations:
    return None, ""
  laws, why = _usable_laws(data, found)
  if not laws:
    return None, why
  # pylint: disable=import-outside-toplevel
  from noether_jax.app import held_out
  from noether_jax.app import prediction
  samples = held_out.split(data.states,
                           data.times,
                           [v.unit.is_angle for v in data.variables],
                           derivatives=data.derivatives,
                           seed=options.seed,
                           smoothed=found.smoothed)
  seeds, steps, hidden = options.seeds, options.steps, (200, 200)
  if options.quick:
    seeds, steps, hidden = 1, min(steps, 300), (64, 64)
  progress(f"training {seeds} predictors; {samples.split}")
  outcome = prediction.compare(
      laws,
      samples,
      seeds=seeds,
      steps=steps,
      hidden=hidden,
      seed=options.seed,
      progress=lambda step, loss: progress(
          f"training step {step} of {steps}, loss {loss:.2e}"))
  progress("rolled out with and without the laws")
  return outcome, why


def _usable_laws(data: Any, found: Any) -> tuple[list[Any], str]:
  """Return the laws that a predictor of the data's columns can keep, and why
  others are left out."""
  if not found.laws:
    return [], "no law, so no tailored predictor"
  if not data.timed:
    return [], "no times, so no predictor: rows without times have no rate"
  if min(map(len, data.states)) < _FEWEST_ROWS:
    return [], "trials of so few rows hold no paths to predict"
  kept = [x for x in found.laws if not x.losses]
  if not kept:
    return [], ("balance laws only, so no tailored predictor: losses or inputs "
                "change these quantities")
  columns = [v.name for v in data.variables]
  laws = [x for x in kept if [v.name for v in x.variables] == columns]
  others = sorted(
      {v.name for x in kept for v in x.variables if v.name not in columns})
  if len(laws) == len(kept):
    return laws, ""
  missing = ", ".join(others) or "another order of columns"
  told = f"predictors keep no law of columns that the data lack ({missing})"
  return laws, told + ("" if laws else ", so there is no predictor")


if __name__ == "__main__":
  run()
