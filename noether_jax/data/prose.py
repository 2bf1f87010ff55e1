"""Text between the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
import io
from typing import Any

from noether_jax.data.layouts import Layout
from noether_jax.data.layouts import split_cells
from noether_jax.data.values import is_blank
from noether_jax.data.values import is_value


def without_text(stream: Any, layout: Layout,
                 dialect: Mapping[str, Any]) -> tuple[Any, int]:
  """Leave out lines that are no rows: reports, repeated headers, footers.

  Args:
    stream: of the whole file.
    layout: of its table.
    dialect: as pandas takes it.

  Returns:
    The rows as a stream, and how many lines were left out.

  Example:
    >>> from noether_jax.data.headers import Header
    >>> layout = Layout(Header(("t", "x"), {}, {}), 1)
    >>> raw = io.BytesIO(b"t,x\\n0,1\\nLoop done\\nt,x\\n1,2\\n")
    >>> kept, count = without_text(raw, layout, {"sep": ",", "decimal": "."})
    >>> kept.read(), count
    (b'0,1\\n1,2\\n', 2)
  """
  encoding = dialect.get("encoding") or "utf-8"
  delimiter = " " if dialect["sep"] == r"\s+" else dialect["sep"]
  width = len(layout.header.names)
  kept: list[str] = []
  count = 0
  try:
    text = stream.read().decode(encoding)
  except UnicodeDecodeError:
    return stream, 0
  for line in text.splitlines()[layout.first:]:
    cells = split_cells(line, delimiter)
    filled = [c for c in cells if not is_blank(c)]
    good = sum(is_value(c, dialect["decimal"]) for c in filled)
    # A row of another width that holds numbers is a fault, and is reported.
    odd = good <= len(filled) / 2 if len(cells) != width else (good
                                                               <= len(filled) /
                                                               4)
    if filled and odd and dialect.get("comment") is None:
      count += 1
    else:
      kept.append(line)
  return io.BytesIO("\n".join([*kept, ""]).encode(encoding)), count
