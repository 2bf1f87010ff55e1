"""Which candidate terms a search considers."""

from __future__ import annotations

from collections.abc import Sequence
import itertools
import re

from noether_jax.data.columns import Variable
from noether_jax.discovery.terms import Atom
from noether_jax.discovery.terms import Term
from noether_jax.errors import InputError

# Names of each vector's components.
Vectors = str | Sequence[Sequence[str]]
_VELOCITY = re.compile(r"^(v|p|d|mom)|dot$")
_MAX_TERMS = 150


def default_degree(variables: Sequence[Variable]) -> int:
  """Return the highest polynomial degree that keeps the library small.

  Example:
    >>> default_degree([Variable("q"), Variable("p")])
    4
  """
  if any(v.unit.is_angle for v in variables):
    return 2
  return {1: 4, 2: 4, 3: 3, 4: 3}.get(len(variables), 2)


def find_vectors(variables: Sequence[Variable]) -> tuple[tuple[int, ...], ...]:
  """Recognise vectors by name: x, y (, z) with vx, vy (, vz) or px, py (, pz).

  The components of a vector must have equal units. Trailing numbers tell bodies
  apart: x1, y1, vx1, vy1. Positions without velocities or momenta make no
  vector, because any two coordinates may be called x and y.

  Example:
    >>> find_vectors([Variable(n) for n in ("x", "y", "vx", "vy")])
    ((0, 1), (2, 3))
  """
  where = {v.name: i for i, v in enumerate(variables)}
  found: list[tuple[int, ...]] = []
  for suffix in sorted({re.sub(r"^\D+", "", v.name) for v in variables}):
    for prefix, axes in itertools.product("vp", ("xyz", "xy")):
      pair = [[f"{s}{a}{suffix}" for a in axes] for s in ("", prefix)]
      if not all(name in where for names in pair for name in names):
        continue
      groups = [tuple(where[name] for name in names) for names in pair]
      if all(len({variables[i].unit for i in g}) == 1 for g in groups):
        found += groups
      break
  return tuple(found)


def as_vectors(vectors: Vectors,
               variables: Sequence[Variable]) -> tuple[tuple[int, ...], ...]:
  """Read vectors' components by name.

  Args:
    vectors: a sequence of tuples of names, or text such as `x,y,z;vx,vy,vz`;
      `()` or "none" for no vector.
    variables: the D columns.

  Returns:
    Indices of each vector's components.

  Raises:
    InputError: for an unknown column, fewer than two components, or units that
      differ.

  Example:
    >>> as_vectors("b,a", [Variable("a"), Variable("b")])
    ((1, 0),)
  """
  if isinstance(vectors, str):
    text = "" if vectors.strip() == "none" else vectors
    vectors = [piece.split(",") for piece in text.split(";") if text.strip()]
  names = [v.name for v in variables]
  out = []
  for vector in vectors:
    parts = [str(name).strip() for name in vector]
    shown = ",".join(parts)
    missing = [p for p in parts if p not in names]
    if missing:
      raise InputError(f"vectors: no column {missing[0]!r}; columns are "
                       f"{', '.join(names)}.")
    index = tuple(names.index(p) for p in parts)
    if len(set(index)) < 2 or len(set(index)) < len(index):
      raise InputError(f"vectors: {shown!r} needs two different columns or "
                       "more.")
    if len({variables[i].unit for i in index}) > 1:
      raise InputError(f"vectors: the components {shown} must have one unit.")
    out.append(index)
  return tuple(out)


def _monomials(plain: Sequence[int], degree: int) -> list[list]:
  """Return products of powers [(atom, power)], of degree 1 to `degree`."""
  out = []
  for total in range(1, degree + 1):
    for chosen in itertools.combinations_with_replacement(plain, total):
      out.append([(Atom("var", (i,)), chosen.count(i))
                  for i in sorted(set(chosen), key=chosen.index)])
  return out


def _vector_terms(variables: Sequence[Variable],
                  vectors: Sequence[tuple[int, ...]]) -> list[list]:
  """Return rotational invariants: dot products, distances, their inverses."""
  out: list[list] = []
  places = []
  for n, vector in enumerate(vectors):
    names = [variables[i].name for i in vector]
    out += [[(Atom("dot", vector, other), 1)]
            for other in vectors[n:]
            if len(other) == len(vector)]
    if not all(_VELOCITY.search(name) for name in names):
      places.append(vector)
      out += [[(Atom(kind, vector), 1)] for kind in ("inverse", "norm")]
      out.append([(Atom("dot", vector, vector), 2)])
  for first, second in itertools.combinations(places, 2):
    if variables[first[0]].unit == variables[second[0]].unit:
      out.append([(Atom("inverse", first, second), 1)])
  return out


def _trigonometric(angles: Sequence[int], plain: Sequence[int]) -> list[list]:
  """Return sines and cosines of angles and differences, times velocities."""
  arguments: list[tuple] = [((i,), ()) for i in angles]
  arguments += [((i,), (j,)) for i, j in itertools.combinations(angles, 2)]
  atoms = [Atom(k, *a) for a in arguments for k in ("cos", "sin")]
  return [[*monomial, (atom, 1)]
          for monomial in [[], *_monomials(plain, 2)]
          for atom in atoms]


def library(
    variables: Sequence[Variable],
    *,
    degree: int | None = None,
    vectors: Sequence[tuple[int, ...]] | None = None,
    positive: Sequence[int] = ()
) -> tuple[Term, ...]:
  """Return all candidate terms, simple ones first.

  The terms are polynomials of the plain variables; sine and cosine of angles
  and of their differences, alone and times up to two velocities; invariants of
  vectors (dot products, distance, inverse distance); logarithms. No term is a
  combination of others: the square of a vector's last component is left out,
  because the dot product contains it.

  Args:
    variables: the D columns.
    degree: highest degree of the polynomials; `default_degree` if None.
    vectors: components' indices of each vector; `find_vectors` if None.
    positive: indices of the variables whose logarithm is a term.

  Returns:
    F terms without the constant.

  Raises:
    InputError: if `degree` is below 1, or there would be too many terms.

  Example:
    >>> from noether_jax.symbolic import units
    >>> v = [Variable("q", units.Unit.parse("rad")), Variable("p")]
    >>> [f.text for f in library(v, degree=2)][:5]
    ['p', 'cos(q)', 'sin(q)', 'p^2', 'p*cos(q)']
  """
  degree = default_degree(variables) if degree is None else degree
  if degree < 1:
    raise InputError(f"The degree must be at least 1: got {degree}.")
  vectors = find_vectors(variables) if vectors is None else vectors
  angles = [i for i, v in enumerate(variables) if v.unit.is_angle]
  plain = [i for i in range(len(variables)) if i not in angles]
  dots = _vector_terms(variables, vectors)
  terms = [*dots, *_monomials(plain, degree)]
  if angles:
    terms += _trigonometric(angles, plain)
  terms += [[(Atom("log", (i,)), 1)] for i in positive]
  covered = _covered(dots)
  made = [Term.make(t, variables) for t in terms]
  made = [f for f in made if f.factors not in covered]
  if len(made) > _MAX_TERMS:
    raise InputError(
        f"{len(variables)} columns up to degree {degree} make {len(made)} "
        f"terms, more than {_MAX_TERMS}: choose fewer columns or a lower "
        "degree.")
  return tuple(sorted(made, key=lambda f: f.degree))


def _covered(dots: list[list]) -> set:
  """Return the monomials that dot products and other monomials give."""
  out = set()
  for (atom, power), in dots:
    if atom.kind == "dot" and power == 1:
      i, j = atom.plus[-1], atom.minus[-1]
      one, two = Atom("var", (i,)), Atom("var", (j,))
      out.add(((one, 2),) if i == j else ((one, 1), (two, 1)))
      out.add(((one, 2),) if i == j else ((two, 1), (one, 1)))
  return out
