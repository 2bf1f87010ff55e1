"""noether-discover: what do these trajectories conserve?"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import pathlib
import re
import shlex
import sys
import time
from typing import Any

from absl import flags

from noether_jax.errors import InputError

_USAGE = """usage: noether-discover FILE [FILE ...] [--option=value ...]
       noether-discover FOLDER [--option=value ...]
       noether-discover --dataset=planets

Finds quantities that stay constant along trajectories, says how sure that is,
and shows whether a learned predictor is better for respecting them.
FILE is text (delimiter, decimal mark, header and units are found), .parquet,
.npz, .xlsx, .mat, .h5 or .nc, also compressed, with one row for each sample.
Each of several files, or of a FOLDER, is a trial unless a column tells trials
apart."""

# (kind, group, name, default, help, further arguments)
_OPTIONS: tuple[tuple[str, str, str, Any, str, dict[str, Any]], ...] = (
    ("string", "data", "columns", None,
     "The state's columns with units, as q:rad,p:1/s; a name with a comma or "
     "colon in quotes, if the file has no column of it. Angles enter by sine "
     "and cosine. Default: every column of numbers that is no time, count or "
     "constant.", {}),
    ("string", "data", "trial", None,
     "Column that tells trials apart. Default: found, or each file is one.",
     {}),
    ("string", "data", "time", None,
     "Column of times, as t or t:s. Default: found by name, unit or equal "
     "steps.", {}),
    ("string", "data", "dataset", None,
     "A data set that is built in, instead of a file: planets (the "
     "default without a file).", {}),
    ("integer", "search", "degree", None,
     "Highest polynomial degree. Default: 4 for up to two columns, 3 for "
     "up to four, else 2; 2 with angles.", {
         "lower_bound": 1,
         "upper_bound": 8
     }),
    ("string", "search", "vectors", None,
     "Vectors' components, as 'x,y,z;vx,vy,vz', or none. Default: "
     "x,y(,z) with vx,vy(,vz) or px,py(,pz) are recognised.", {}),
    ("boolean", "prediction", "predict", True,
     "Train a predictor and tailor it with the best law, and with all "
     "laws.", {}),
    ("integer", "prediction", "seeds", 3,
     "Networks trained from different initial weights.", {
         "lower_bound": 1,
         "upper_bound": 64
     }),
    ("integer", "prediction", "steps", 3000, "Updates of training.", {
        "lower_bound": 1
    }),
    ("string", "output", "out", "out/discover",
     "Folder for report.html, result.json, law.py and the figures.", {}),
    ("integer", "running", "seed", 0, "Seed of every random choice.", {}),
    ("boolean", "running", "quick", False,
     "Fewer updates, one seed, a small network: seconds, rougher errors.", {}),
    ("boolean", "running", "debug", False,
     "Show the traceback of a user's mistake too.", {}),
    ("boolean", "running", "help", False, "Show this text.", {}),
)


def _options() -> flags.FlagValues:
  """Fresh options, so that a process can run the program more than once."""
  values = flags.FlagValues()
  for kind, _, name, default, text, more in _OPTIONS:
    define = getattr(flags, f"DEFINE_{kind}")
    define(name, default, text, flag_values=values, **more)
  return values


def help_text() -> str:
  """The program's options by group.

  Example:
    >>> help_text().splitlines()[0]
    'usage: noether-discover FILE [FILE ...] [--option=value ...]'
  """
  lines = [_USAGE]
  last = ""
  for _, group, name, default, text, _ in _OPTIONS:
    if group != last:
      lines += ["", f"{group}:"]
      last = group
    shown = "" if default in (None, False) else f" [{default}]"
    body = flags.text_wrap(text + shown, length=80, indent=" " * 14)
    head = f"  --{name}"
    lines.append(
        head.ljust(14) + body.lstrip() if len(head) < 14 else f"{head}\n{body}")
  return "\n".join(lines)


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
  """Runs the program.

  Args:
    argv: the program's name and its arguments.

  Returns:
    The exit code: 0 if it came to a verdict, 2 for a user's mistake, which is
    told in one line on standard error.

  Raises:
    InputError: for a user's mistake, with --debug.
  """
  options = _options()
  try:
    rest = options(list(argv))[1:]
    if options.help:
      print(help_text())
    else:
      _discover(rest, options, argv[1:])
    return 0
  except (InputError, flags.Error) as error:
    if "--debug" in argv:
      raise
    message = " ".join(str(error).split())
    print(f"noether-discover: {message}", file=sys.stderr)
    return 2


def run() -> None:
  """Entry point of the console script."""
  try:
    sys.exit(main(sys.argv))
  except KeyboardInterrupt:
    print("noether-discover: interrupted; nothing was written.",
          file=sys.stderr)
    sys.exit(130)


def _load(rest: Sequence[str], options: Any) -> tuple[Any, Any, str]:
  """The trajectories, what to note about laws, and a title."""
  # pylint: disable=import-outside-toplevel
  from noether_jax.app import builtin
  from noether_jax.data import reading
  if rest and options.dataset:
    raise InputError("Give a file or --dataset, not both.")
  if not rest:
    name = options.dataset or "planets"
    if name not in builtin.DATASETS:
      raise InputError(f"--dataset={name}: known ones are "
                       f"{', '.join(builtin.DATASETS)}.")
    if options.columns or options.trial or options.time:
      raise InputError("--columns, --trial and --time describe a file; "
                       f"--dataset={name} brings its own.")
    load, notes = builtin.DATASETS[name]
    return load(), notes, f"What the {name} conserve"
  try:
    data = reading.load(rest,
                        columns=options.columns,
                        trial=options.trial,
                        time=options.time)
  except InputError as error:
    # Arguments are named as this program's user wrote them.
    told = re.sub("`(columns|trial|time)`", r"--\1", str(error))
    raise InputError(told) from error
  name = pathlib.Path(rest[0]).name
  title = name if len(rest) == 1 else f"{name} and {len(rest) - 1} more"
  return data, lambda laws: [], f"What {title} conserves"


def _discover(rest: Sequence[str], options: Any,
              command: Sequence[str]) -> None:
  """Load, search, predict, write."""
  with _Progress() as progress:
    data, notes, title = _load(rest, options)
    rows = sum(len(s) for s in data.states)
    progress(f"{len(data.states)} trajectories, {rows} rows, columns "
             f"{', '.join(v.name for v in data.variables)}")
    # Slow imports wait until the arguments and the file are known to be good.
    # pylint: disable=import-outside-toplevel
    from noether_jax.discovery import engine
    from noether_jax.discovery import saving
    from noether_jax.reporting import report
    out = saving.make_folder(options.out)
    found = engine.discover(data,
                            degree=options.degree,
                            vectors=options.vectors,
                            seed=options.seed,
                            progress=progress)
    outcome, why = _predict(data, found, options, progress)
    if why:
      found = dataclasses.replace(found, messages=(*found.messages, why))
    remarks = notes(found.laws)
    line = shlex.join(["noether-discover", *command])
    seconds = time.monotonic() - progress.start
    saving.save_discovery(out,
                          found,
                          data,
                          outcome,
                          title=title,
                          notes=remarks,
                          footer=f"Made by: {line}",
                          extra={
                              "command": line,
                              "seed": options.seed,
                              "seconds": round(seconds, 1)
                          })
    seconds = time.monotonic() - progress.start
  print(report.plain_text(found, outcome, remarks))
  print(f"report: {out / 'report.html'} ({seconds:.0f} s)")


def _predict(data: Any, found: Any, options: Any,
             progress: Any) -> tuple[Any, str]:
  """The prediction experiment, or None and why there is none."""
  if not options.predict:
    return None, ""
  if not found.laws:
    return None, "no law, so no tailored predictor"
  # pylint: disable=import-outside-toplevel
  from noether_jax.app import prediction
  from noether_jax.app import vector_field
  samples = vector_field.split(data.states,
                               data.times,
                               [v.unit.is_angle for v in data.variables],
                               seed=options.seed,
                               smoothed=found.smoothed)
  seeds, steps, hidden = options.seeds, options.steps, (200, 200)
  if options.quick:
    seeds, steps, hidden = 1, min(steps, 300), (64, 64)
  progress(f"training {seeds} predictors; {samples.split}")
  outcome = prediction.compare(
      found.laws,
      samples,
      seeds=seeds,
      steps=steps,
      hidden=hidden,
      seed=options.seed,
      progress=lambda step, loss: progress(
          f"training step {step} of {steps}, loss {loss:.2e}"))
  progress("rolled out with and without the laws")
  return outcome, ""
