"""Tables from arrays, DataFrames and xarray objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from typing import Any

from noether_jax.data.headers import Header
from noether_jax.data.naming import is_time_name
from noether_jax.data.naming import is_trial_name
from noether_jax.errors import InputError


@dataclasses.dataclass(frozen=True)
class Table:
  """Columns of equal length, with what is known of them.

  Attributes:
    frame: pandas.DataFrame with unique text names.
    name: of the file, for messages; empty for an object in memory.
    units: text by column, where known.
    aliases: columns by the name that the file gives them.
    messages: what was decided, one line each.
    trial: column that tells trials apart, where the source says so.
    time: column of times, likewise.
    header: names that the source gives if it gives fewer or more names than
      columns, which are then called c1, c2, ...; None if all columns have
      names.
  """
  frame: Any
  name: str = ""
  units: Mapping[str, str] = dataclasses.field(default_factory=dict)
  aliases: Mapping[str, str] = dataclasses.field(default_factory=dict)
  messages: Sequence[str] = ()
  trial: str | None = None
  time: str | None = None
  header: Sequence[str] | None = None


def is_from(value: Any, *packages: str) -> bool:
  """Return whether an object's class comes from a package not imported here.

  Example:
    >>> import fractions
    >>> is_from(fractions.Fraction(1), "fractions"), is_from([], "pandas")
    (True, False)
  """
  return any(
      cls.__module__.split(".")[0] in packages for cls in type(value).__mro__)


def table_from_frame(frame: Any, name: str = "") -> Table:
  """Return a table from a pandas, polars or Arrow one.

  Args:
    frame: DataFrame; named levels of its index are columns, too.
    name: for messages.

  Returns:
    The table.

  Raises:
    InputError: if names stand twice.

  Example:
    >>> import pandas
    >>> table = table_from_frame(pandas.DataFrame({"x (m)": [1., 2.]}))
    >>> table.units
    {'x': 'm'}
  """
  import pandas  # pylint: disable=import-outside-toplevel
  if not isinstance(frame, pandas.DataFrame):
    frame = frame.to_pandas()
  time = None
  levels = [n for n in frame.index.names if n is not None]
  if levels:
    frame = frame.reset_index(level=levels)
  elif isinstance(frame.index, (pandas.DatetimeIndex, pandas.TimedeltaIndex)):
    time = "time"
    frame = frame.rename_axis("time").reset_index()
  else:
    frame = frame.reset_index(drop=True)
  names = [
      " ".join(map(str, c)).strip() if isinstance(c, tuple) else str(c)
      for c in frame.columns
  ]
  header = Header.read(names, file=name or "the table")
  frame = frame.set_axis(list(header.names), axis=1)
  return Table(frame,
               name,
               units=header.units,
               aliases=header.aliases,
               messages=header.messages,
               time=time)


def table_from_dataset(dataset: Any, name: str = "") -> Table:
  """Return a table from an xarray.Dataset or DataArray.

  Args:
    dataset: variables over a dimension of times, one of trials, and others,
      whose entries become columns (`x_0`, `x_1`).
    name: for messages.

  Returns:
    The table.

  Raises:
    InputError: if there is no dimension of times.

  Example:
    >>> import xarray
    >>> data = xarray.Dataset({"x": (("trial", "time"), [[1., 2.], [3., 4.]])})
    >>> table_from_dataset(data).trial
    'trial'
  """
  import xarray  # pylint: disable=import-outside-toplevel
  if isinstance(dataset, xarray.DataArray):
    dataset = dataset.to_dataset(name=str(dataset.name or "x"))
  sizes = {str(d): n for d, n in dataset.sizes.items()}
  if not sizes:
    raise InputError(f"{name or 'the dataset'}: has no dimension of times.")
  time = next((d for d in sizes if is_time_name(d)),
              max(sizes, key=lambda d: sizes[d]))
  used: dict[str, Any] = {}
  units: dict[str, str] = {}
  rest = [d for d in sizes if d != time]
  trial = next((d for d in rest if is_trial_name(d)), None)
  if trial is None and len(rest) == 1 and all(
      set(v.dims) <= {rest[0], time} for v in dataset.data_vars.values()):
    trial = rest[0]
  for key, variable in dataset.data_vars.items():
    extra = [d for d in variable.dims if d not in (time, trial)]
    parts = {str(key): variable}
    for dim in extra:
      parts = {
          f"{k}_{v[dim].values[i] if dim in v.coords else i}":
              v.isel({dim: i}, drop=True) for k, v in parts.items()
          for i in range(v.sizes[dim])
      }
    used |= parts
    unit = str(variable.attrs.get("units", "")).strip()
    units |= {k: unit for k in parts if unit}
  order = [d for d in (trial, time) if d is not None]
  clock = str(dataset[time].attrs.get("units", "")) if time in dataset else ""
  frame = xarray.Dataset(used).to_dataframe(dim_order=order).reset_index()
  table = table_from_frame(frame, name)
  if clock:
    units[time] = clock
  units |= table.units
  return dataclasses.replace(table, units=units, trial=trial, time=time)


def table_from_frames(frames: Sequence[Any]) -> Table:
  """Return one table from several DataFrames, each of which is a trial.

  Args:
    frames: with the same columns.

  Returns:
    The table, with a column "trial".

  Raises:
    InputError: if columns differ.

  Example:
    >>> import pandas
    >>> one = pandas.DataFrame({"x": [1., 2.]})
    >>> table_from_frames([one, one]).frame["trial"].tolist()
    [0, 0, 1, 1]
  """
  import pandas  # pylint: disable=import-outside-toplevel
  parts = [table_from_frame(frame) for frame in frames]
  names = [sorted(map(str, p.frame)) for p in parts]
  odd = next((n for n in names if n != names[0]), None)
  if odd is not None:
    raise InputError("all DataFrames must have the same columns: got "
                     f"{names[0]} and {odd}.")
  label = "trial" if "trial" not in parts[0].frame else "dataframe"
  joined = pandas.concat(
      [p.frame.assign(**{label: n}) for n, p in enumerate(parts)],
      ignore_index=True)
  return dataclasses.replace(parts[0], frame=joined, trial=label)


def stack_runs(table: Table) -> Table:
  """Put runs that stand beside each other below each other.

  The columns of such a table are `Run 1: Time`, `Run 2: Time`, and so on.

  Args:
    table: with names of the form `run: quantity`.

  Returns:
    A table with a column "run", if each run has the same quantities, a time
    among them; else the table as it is.

  Example:
    >>> import pandas
    >>> wide = {"A: t": [0., 1.], "A: x": [2., 3.], "B: t": [0., 2.],
    ...         "B: x": [4., 5.]}
    >>> stack_runs(table_from_frame(pandas.DataFrame(wide))).frame["x"].tolist()
    [2.0, 3.0, 4.0, 5.0]
  """
  import pandas  # pylint: disable=import-outside-toplevel
  runs: dict[str, dict[str, str]] = {}
  for name in table.frame:
    run, colon, quantity = str(name).partition(": ")
    if not colon:
      return table
    runs.setdefault(run, {})[quantity] = name
  kinds = {tuple(sorted(r)) for r in runs.values()}
  if len(runs) < 2 or len(kinds) > 1 or not any(map(is_time_name, kinds.pop())):
    return table
  parts = [
      table.frame[list(r.values())].set_axis(list(r), axis=1).dropna(how="all")
      for r in runs.values()
  ]
  frame = pandas.concat([p.assign(run=run) for p, run in zip(parts, runs)],
                        ignore_index=True)
  names = {n: q for r in runs.values() for q, n in r.items()}
  return dataclasses.replace(table,
                             frame=frame,
                             units={
                                 names[n]: u for n, u in table.units.items()
                             },
                             aliases={},
                             messages=[
                                 *table.messages,
                                 f"{len(runs)} runs stood beside each other: "
                                 "each is a trial"
                             ],
                             trial="run")
