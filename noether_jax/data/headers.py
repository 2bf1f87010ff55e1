"""Names and units of columns, as the tools of this trade write them."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import re

from noether_jax.errors import InputError
from noether_jax.symbolic import units

_BRACKETS = re.compile(r"(.*?\S)(\s*)[(\[]([^()\[\]]*(?:\([^()]*\)[^()\[\]]*)*)"
                       r"[)\]]")
_IN = re.compile(r"(.*\S)\s+in\s+(\S+)")
_SLASH = re.compile(r"(.*?\S)\s+/\s+(\S.*)")
_SUFFIX = re.compile(r".*[^\W_]_(deg|degrees|rad|radians)(_(?:per_)?s)?",
                     re.IGNORECASE)
_CLOCK = re.compile(r"(?:t|time|timestamp|elapsed)_(s|ms|us|ns|min)")
_STAMP = re.compile(r"(?:h+:)?m+:s+(?:\.[msf]+)?", re.IGNORECASE)
_RUN = re.compile(r"(.*\S)\s+((?:Run|Trial) #?\d+)")


@dataclasses.dataclass(frozen=True)
class Header:
  """What a table's header says.

  Attributes:
    names: of the columns, without units and typesetting.
    units: of columns whose unit is given, by name.
    aliases: names by what stands in the file.
    messages: what was decided, one line each.
  """
  names: tuple[str, ...]
  units: dict[str, str]
  aliases: dict[str, str]
  messages: tuple[str, ...] = ()

  @classmethod
  def read(cls,
           cells: Sequence[str],
           unit_cells: Sequence[str] = (),
           *,
           file: str = "") -> Header:
    """Read names such as `v (m/s)`, `v_{x}`, and a row of units below.

    Args:
      cells: one for each column, as written.
      unit_cells: the row of units, or none.
      file: for messages.

    Returns:
      The header.

    Raises:
      InputError: if a name is empty or stands twice.

    Example:
      >>> header = Header.read(["t", "v_{x} (m/s)"])
      >>> header.names, header.units
      (('t', 'v_x'), {'v_x': 'm/s'})
    """
    written = [str(cell).strip() for cell in cells]
    runs = [_RUN.fullmatch(name) for name in written]
    if all(runs):  # As `Run 1: Time (s)`.
      written = [f"{m[2]}: {m[1]}" for m in runs if m]
    if len(set(written)) < len(written) or "" in written:
      raise InputError(f"{file}: the first line must name every column "
                       f"once: got {', '.join(written)[:60]!r}.")
    split = [_split(name) for name in written]
    names = [_plain(name) for name, _ in split]
    # Columns that differ only by their unit keep their whole name.
    names = [
        name if names.count(name) == 1 else whole
        for name, whole in zip(names, written)
    ]
    found = {name: unit for name, (_, unit) in zip(names, split) if unit}
    below = {name: _bare(cell) for name, cell in zip(names, unit_cells)}
    found |= {
        name: unit
        for name, unit in below.items()
        if unit and not _STAMP.fullmatch(unit)
    }
    messages = []
    if found:
      pairs = ", ".join(f"{n} in {u}" for n, u in found.items())
      messages.append(f"units taken from the header: {pairs}")
    renamed = [(w, n)
               for (w, _), n, whole in zip(split, names, written)
               if n not in (w, whole)]
    if renamed:
      messages.append("renamed " + ", ".join(f"{a} to {b}" for a, b in renamed))
    return cls(tuple(names), found, dict(zip(written, names)), tuple(messages))


def is_unit_row(cells: Sequence[str]) -> bool:
  """Return whether the cells below a header are units.

  Args:
    cells: one for each column; some may be blank.

  Returns:
    True if each cell that is not blank is a unit, and one is known.

  Example:
    >>> is_unit_row(["", "(s)", "m/s"]), is_unit_row(["run", "x", "y"])
    (True, False)
  """
  filled = [
      c for c in map(_bare, cells)
      if c not in ("", "1", "-") and not _STAMP.fullmatch(c)
  ]
  return bool(filled) and all(units.is_known(c) for c in filled)


def _bare(cell: str) -> str:
  return str(cell).strip().strip("()[]").strip()


def _split(name: str) -> tuple[str, str]:
  """A name and its unit, empty if there is none."""
  match = _BRACKETS.fullmatch(name)
  if match:
    base, space, unit = match.groups()
    # x(t) is a function of time, not a column in tonnes.
    if units.is_known(unit) and (space or unit != "t"):
      return base, unit
  match = _SLASH.fullmatch(name) or _IN.fullmatch(name)
  if match and units.is_known(match[2]):
    return match[1], match[2]
  match = _CLOCK.fullmatch(name)
  if match:
    return name, match[1].lower()
  match = _SUFFIX.fullmatch(name)
  return name, match[1].lower() + "/s" * bool(match[2]) if match else ""


def _plain(name: str) -> str:
  """Without TeX: `v_{x}` is `v_x`."""
  plain = re.sub(r"[{}$]", "", name)
  return re.sub(r"\\(?=[A-Za-z])", "", plain).strip() or name
