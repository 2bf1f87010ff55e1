"""The columns of a state: names and units."""

from __future__ import annotations

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
    unit: its unit; a variable in `rad` enters only through sine and cosine.
  """
  name: str
  unit: units.Unit = units.Unit()

  @property
  def identifier(self) -> str:
    """The name as a valid Python identifier."""
    kept = [c if f"a{c}".isidentifier() else "_" for c in self.name]
    plain = "".join(kept) or "_"
    if not plain.isidentifier() or plain in _RESERVED or keyword.iskeyword(
        plain):
      plain = f"v_{plain}"
    return plain


def parse_columns(text: str) -> tuple[Variable, ...]:
  """Reads `q:rad,p:1/s`.

  Args:
    text: comma-separated names, each with an optional unit after a colon.

  Returns:
    The variables.

  Raises:
    InputError: if a name is empty or repeated, or a unit cannot be read.

  Example:
    >>> [(v.name, str(v.unit)) for v in parse_columns("q:rad, p:1/s")]
    [('q', 'rad'), ('p', '1/s')]
  """
  found = []
  for piece in text.split(","):
    name, _, unit = (part.strip() for part in piece.partition(":"))
    if not name:
      raise InputError(f"--columns={text}: a name is empty. Write it like "
                       "--columns=q:rad,p:1/s.")
    try:
      found.append(Variable(name, units.Unit.parse(unit)))
    except ValueError as error:
      raise InputError(f"--columns, {name}: {error}") from error
  names = [v.name for v in found]
  if len(set(names)) < len(names):
    raise InputError(f"--columns={text} names a column twice.")
  return tuple(found)
