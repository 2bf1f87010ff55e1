"""The columns of a state: names and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
import keyword

from noether_jax.errors import InputError
from noether_jax.symbolic import units

# Names that the generated law.py uses itself.
_RESERVED = ("states", "np", "xp", "_arrays")


@dataclasses.dataclass(frozen=True)
class Variable:
  """One column of the state.

  Attributes:
    name: as in the data.
    unit: its unit; a variable in `rad` enters by sine and cosine, and as it is
      in the rung `torques` only.
    factor: takes data in the unit that was written to `unit`, as from degrees
      to radians; 1 for data that are converted.
  """
  name: str
  unit: units.Unit = units.Unit()
  factor: float = 1.

  @classmethod
  def parse(cls, name: str, unit: str) -> Variable:
    """Return a variable whose unit is text.

    Args:
      name: as in the data.
      unit: such as `m/s` or `deg`; empty for a pure number.

    Returns:
      The variable.

    Raises:
      InputError: if the unit cannot be read.

    Example:
      >>> round(Variable.parse("angle", "deg").factor, 6)
      0.017453
    """
    try:
      return cls(name, *units.parse_with_factor(unit))
    except ValueError as error:
      raise InputError(f"`columns`, {name}: {error}") from error

  @property
  def identifier(self) -> str:
    """The name as a valid Python identifier."""
    kept = [c if f"a{c}".isidentifier() else "_" for c in self.name]
    plain = "".join(kept) or "_"
    if not plain.isidentifier() or plain in _RESERVED or keyword.iskeyword(
        plain):
      plain = f"v_{plain}"
    return plain


def name_and_unit(text: str,
                  names: Mapping[str, str] | None = None) -> tuple[str, str]:
  """Split `name:unit`; the name may contain colons and commas if it is known.

  Args:
    text: a name, perhaps in quotes, and a unit after a colon.
    names: columns by the names that they may be given.

  Returns:
    The column and the unit's text, empty if there is none.

  Example:
    >>> name_and_unit("Run 1: Time (s)", {"Run 1: Time (s)": "Run 1: Time"})
    ('Run 1: Time', '')
  """
  found = _split(text, names or {})
  return found[0] if len(found) == 1 else (text.strip(), "")


def _split(text: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
  """Pairs (column, unit) of `name:unit,name:unit`."""
  out = []
  rest = text.strip()
  while True:
    name, rest = _take_name(rest, names)
    unit = ""
    if rest.startswith(":"):
      unit, comma, after = rest[1:].partition(",")
      rest = comma + after
    out.append((names.get(name, name), unit.strip()))
    if not rest.startswith(","):
      return out
    rest = rest[1:].strip()


def _take_name(text: str, names: Mapping[str, str]) -> tuple[str, str]:
  """The name at the beginning, and what follows it: empty, `:` or `,`."""
  if text[:1] in ("'", '"') and text.find(text[0], 1) > 0:
    end = text.index(text[0], 1)
    return text[1:end], text[end + 1:].lstrip()
  for name in sorted(names, key=len, reverse=True):
    rest = text[len(name):].lstrip()
    if name and text.startswith(name) and (not rest or rest[0] in ":,"):
      return name, rest
  end = min([i for i in (text.find(":"), text.find(",")) if i >= 0] or
            [len(text)])
  return text[:end].strip(), text[end:]


def column_pairs(
    columns: str | Sequence[str | Variable] | Mapping[str, str],
    names: Mapping[str, str] | None = None) -> list[tuple[str, str | Variable]]:
  """Return columns and their units, from any way to write them.

  Args:
    columns: text `q:rad,p:1/s`; a sequence of names, `name:unit` strings or
      `Variable`s; or a mapping from name to unit.
    names: columns by the names that they may be given.

  Returns:
    The column, and the unit's text or the variable, for each.

  Raises:
    InputError: if a name is empty or repeated.

  Example:
    >>> column_pairs({"q": "rad"}), column_pairs("q:rad,p")
    ([('q', 'rad')], [('q', 'rad'), ('p', '')])
  """
  names = names or {}
  pairs: list[tuple[str, str | Variable]] = []
  if isinstance(columns, str):
    pairs.extend(_split(columns, names))
  elif isinstance(columns, Mapping):
    pairs.extend((names.get(n, str(n)), str(u)) for n, u in columns.items())
  else:
    for column in columns:
      if isinstance(column, Variable):
        pairs.append((names.get(column.name, column.name), column))
      else:
        pairs.append(name_and_unit(str(column), names))
  given = [name for name, _ in pairs]
  if "" in given or not given:
    raise InputError(f"`columns`, {columns!r}: a name is empty. Write it like "
                     "q:rad,p:1/s.")
  twice = [n for n in given if given.count(n) > 1]
  if twice:
    raise InputError(f"`columns` names {twice[0]!r} twice.")
  return pairs


def as_variables(
    columns: str | Sequence[str | Variable] | Mapping[str, str]
) -> tuple[Variable, ...]:
  """Return the columns of a state, from any way to write them.

  Args:
    columns: see `column_pairs`.

  Returns:
    The variables.

  Raises:
    InputError: if a name is empty or repeated, or a unit cannot be read.

  Example:
    >>> [str(v.unit) for v in as_variables({"q": "rad", "p": "1/s"})]
    ['rad', '1/s']
  """
  return tuple(
      unit if isinstance(unit, Variable) else Variable.parse(name, unit)
      for name, unit in column_pairs(columns))


def parse_columns(text: str) -> tuple[Variable, ...]:
  """Read `q:rad,p:1/s`.

  Args:
    text: comma-separated names, each with an optional unit after a colon. A
      name that holds a colon or a comma stands in quotes.

  Returns:
    The variables.

  Raises:
    InputError: if a name is empty or repeated, or a unit cannot be read.

  Example:
    >>> [(v.name, str(v.unit)) for v in parse_columns("q:rad, p:1/s")]
    [('q', 'rad'), ('p', '1/s')]
  """
  return as_variables(text)


def check_names(variables: Sequence[Variable], where: str) -> None:
  """Refuse names that cannot stand in formulas, code and a report.

  Args:
    variables: columns.
    where: the file, for the message.

  Raises:
    InputError: if a name has quotes, or equals another one as an identifier.

  Example:
    >>> check_names(parse_columns("q_a,q a"), "a.csv")
    Traceback (most recent call last):
    ...
    noether_jax.errors.InputError: a.csv: rename column 'q a': as a Python ...
  """
  for v in variables:
    if not v.name.isprintable() or set(v.name) & set("\"'\\"):
      raise InputError(f"{where}: rename column {v.name[:40]!r}; quotes, "
                       "backslashes and control characters cannot be used.")
  seen: dict[str, str] = {}
  for v in variables:
    other = seen.setdefault(v.identifier, v.name)
    if other != v.name:
      raise InputError(f"{where}: rename column {v.name!r}: as a Python name "
                       f"it equals {other!r}.")
