"""The columns of a state: names, units and vectors."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import keyword

from noether_jax.errors import InputError
from noether_jax.symbolic import units

# Names that the generated law.py uses itself.
_RESERVED = ("states", "np", "xp", "law", "namespace", "COEFFICIENTS")


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


def parse_vectors(text: str,
                  variables: Sequence[Variable]) -> tuple[tuple[int, ...], ...]:
  """Reads `x,y,z;vx,vy,vz` into indices.

  Args:
    text: vectors separated by semicolons; "none" for no vector.
    variables: the columns.

  Returns:
    Indices of each vector's components.

  Raises:
    InputError: for an unknown column, fewer than two components, or units that
      differ.

  Example:
    >>> parse_vectors("b,a", parse_columns("a:m,b:m"))
    ((1, 0),)
  """
  if text.strip() == "none":
    return ()
  names = [v.name for v in variables]
  out = []
  for piece in text.split(";"):
    parts = [p.strip() for p in piece.split(",")]
    missing = [p for p in parts if p not in names]
    if missing:
      raise InputError(f"--vectors: no column {missing[0]!r}; columns are "
                       f"{', '.join(names)}.")
    index = tuple(names.index(p) for p in parts)
    if len(set(index)) < 2 or len(set(index)) < len(index):
      raise InputError(f"--vectors: {piece!r} needs two different columns or "
                       "more.")
    if len({variables[i].unit for i in index}) > 1:
      raise InputError(f"--vectors: the components {piece} must have one unit.")
    out.append(index)
  return tuple(out)
