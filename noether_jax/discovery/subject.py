"""What a search knows of the columns; from it, rungs make terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import dataclasses
import itertools

from noether_jax.data.columns import Variable
from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.formula_atom import FormulaAtom
from noether_jax.discovery.terms import Power
from noether_jax.discovery.terms import Term
from noether_jax.symbolic import units

Factor = tuple[Atom | FormulaAtom, Power]
Product = tuple[Factor, ...]


@dataclasses.dataclass(frozen=True)
class Subject:
  """The columns of the data, and the roles that they play.

  Attributes:
    variables: the D columns of a state.
    positive: indices of columns that stay positive and vary.
    constants: indices of columns that are constant within each trial, such as
      a mass or a length.
    velocities: pairs (position, its velocity or momentum), by index.
    vectors: indices of the components of each vector.
    inputs: columns that act on the system from outside, such as a force.
    degree: the highest degree of polynomials that the user asks for, or None.
    time: the unit of the times.
    one_sided: indices of columns that hardly ever change their sign.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> subject = Subject(parse_columns("q:rad,p,k"), constants=(2,))
    >>> subject.angles, subject.plain
    ((0,), (1,))
    >>> [t.text for t in subject.terms("cos(q)*p", "p^2")]
    ['cos(q)*p', 'p^2']
  """
  variables: tuple[Variable, ...]
  positive: tuple[int, ...] = ()
  constants: tuple[int, ...] = ()
  velocities: tuple[tuple[int, int], ...] = ()
  vectors: tuple[tuple[int, ...], ...] = ()
  inputs: tuple[int, ...] = ()
  degree: int | None = None
  time: units.Unit = units.Unit()
  one_sided: tuple[int, ...] = ()

  @property
  def angles(self) -> tuple[int, ...]:
    """Columns that enter by sine and cosine; in `torques`, as they are."""
    return tuple(i for i, v in enumerate(self.variables)
                 if v.unit.is_angle and i not in self.constants)

  @property
  def plain(self) -> tuple[int, ...]:
    """Columns of the state that enter as they are."""
    return tuple(i for i, v in enumerate(self.variables)
                 if not v.unit.is_angle and i not in self.constants)

  def terms(self, *texts: str) -> tuple[Term, ...]:
    """Read terms such as `exp(-x/2)*v^2`.

    Args:
      *texts: formulas of the columns.

    Returns:
      One term for each.

    Raises:
      InputError: if a text is no formula of the columns.
    """
    return tuple(
        Term.make([(FormulaAtom.read(text, self.variables), 1)], self.variables)
        for text in texts)

  def make(self, products: Iterable[Product]) -> tuple[Term, ...]:
    """Make terms of products of powers, without repeats, simple ones first.

    Where trials have constants, each term also occurs times each constant, its
    square and its inverse, because a law may be k q^2 or l^2 w^2.

    Args:
      products: tuples of (atom, power).

    Returns:
      The terms.
    """
    seen: dict[frozenset[Factor], Term] = {}
    for product in products:
      for factors in self._with_constants(product):
        key = frozenset(factors)
        if key not in seen:
          seen[key] = Term.make(factors, self.variables)
    return tuple(sorted(seen.values(), key=lambda term: term.degree))

  def _with_constants(self, product: Product) -> list[Product]:
    single = [((Atom("var", (c,)), power),)
              for c in self.constants
              for power in (1, 2, -1)]
    pairs = [((Atom("var", (a,)), 1), (Atom("var", (b,)), 1))
             for a, b in itertools.combinations(self.constants, 2)]
    return [product, *((*factor, *product) for factor in [*single, *pairs])]


def variable(index: int, power: Power = 1) -> Factor:
  """One column as a factor."""
  return Atom("var", (index,)), power


def column_products(columns: Sequence[int], lowest: int,
                    highest: int) -> list[Product]:
  """Return products of columns, of degree `lowest` to `highest`.

  Example:
    >>> [[power for _, power in m] for m in column_products([0, 1], 2, 2)]
    [[2], [1, 1], [2]]
  """
  out: list[Product] = []
  for total in range(lowest, highest + 1):
    for chosen in itertools.combinations_with_replacement(columns, total):
      out.append(
          tuple(variable(i, chosen.count(i)) for i in dict.fromkeys(chosen)))
  return out


def sine_and_cosine(angles: Sequence[int]) -> list[Product]:
  """Return the sine and the cosine of each angle."""
  return [((Atom(kind, (i,)), 1),) for i in angles for kind in ("cos", "sin")]
