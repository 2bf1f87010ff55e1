"""Tables in JSON: records, columns, trials; and lines of records."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from noether_jax.data.frames import Table
from noether_jax.data.frames import table_from_frame
from noether_jax.data.frames import table_from_frames
from noether_jax.errors import InputError

_KINDS = ("a list of records [{\"t\": 0, \"x\": 1}, ...], a record on each "
          "line, or columns {\"t\": [...], \"x\": [...]}")


def read_json(stream: Any, name: str) -> Table:
  """Read records, columns, or a list of trials of columns.

  Args:
    stream: of the file.
    name: of the file, for messages.

  Returns:
    The table; nested records have names such as `position.x`.

  Raises:
    InputError: if the file holds something else.

  Example:
    >>> import io
    >>> raw = io.BytesIO(b'{"t": 0, "x": 1}\\n{"t": 1, "x": 2}')
    >>> table = read_json(raw, "a.json")
    >>> table.frame["x"].tolist()
    [1, 2]
  """
  text = stream.read().decode("utf-8-sig")
  try:
    data = json.loads(text)
  except json.JSONDecodeError:
    try:
      data = [json.loads(line) for line in text.splitlines() if line.strip()]
    except json.JSONDecodeError as error:
      raise InputError(f"{name}: not readable as JSON: {error}") from error
  if isinstance(data, dict) and not _is_columns(data):
    lists = [v for v in data.values() if _is_table(v)]
    if len(lists) == 1:  # Beside notes on the experiment.
      data = lists[0]
  if not _is_table(data):
    raise InputError(f"{name}: no table in this JSON file: write {_KINDS}.")
  import pandas  # pylint: disable=import-outside-toplevel
  if isinstance(data, dict):
    return table_from_frame(pandas.DataFrame(data), name)
  if _is_columns(data[0]):
    frames = [pandas.DataFrame(trial) for trial in data]
    joined = table_from_frames(frames)
    return Table(joined.frame,
                 name,
                 joined.units,
                 joined.aliases, [f"{len(frames)} trials of columns"],
                 trial=joined.trial)
  return table_from_frame(pandas.json_normalize(data), name)


def _is_columns(value: Any) -> bool:
  """A mapping to lists of one length."""
  return isinstance(value, dict) and bool(value) and all(
      isinstance(v, list) and np.ndim(v[:1]) == 1
      for v in value.values()) and len({len(v) for v in value.values()}) == 1


def _is_table(value: Any) -> bool:
  if _is_columns(value):
    return True
  if not isinstance(value, list) or not value:
    return False
  columns = _is_columns(value[0])
  return all(isinstance(v, dict) and _is_columns(v) == columns for v in value)
