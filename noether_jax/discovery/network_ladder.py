"""Which networks are tried on given columns: simple ones first."""

from __future__ import annotations

from collections.abc import Iterable
import itertools
from typing import NamedTuple

import numpy as np

from noether_jax.discovery.samples import Samples
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.vectors import find_points
from noether_jax.networks.structured import Distance
from noether_jax.networks.structured import Structure

# So many features of a library at most, and of a network with hidden units.
_MOST = 300
_MOST_HIDDEN = 400
# Polynomials of the positions, and of few columns without velocities.
_MOST_QUARTIC = 80
_FEW_COLUMNS = 4
# Widths of the hidden layers.
_WIDTH, _NARROW = 16, 6

# The nearest states, how far they are if no distance vanishes, and how much
# faster than usual if a force grows without bound.
_NEAR, _FAR, _FAST = .02, .3, 2.

_Product = tuple[int, ...]
_comb = itertools.combinations_with_replacement


class Ladder(NamedTuple):
  """Networks in the order in which they are tried.

  Attributes:
    library: all monomials of the networks without hidden units.
    levels: of each of these networks, which monomials it has.
    general: with hidden units.
    hidden: widths of its hidden layers.
  """
  library: Structure
  levels: tuple[tuple[int, ...], ...]
  general: Structure
  hidden: tuple[int, int]


class _Roles(NamedTuple):
  """Numbers of inputs by what they are.

  Attributes:
    structure: without monomials.
    base: columns, logarithms, sines and cosines; no constants.
    momenta: those that are momenta.
    constants: constants of a trial.
    further: of distances.
  """
  structure: Structure
  base: tuple[int, ...]
  momenta: tuple[int, ...]
  constants: tuple[int, ...]
  further: tuple[int, ...]


def make_ladder(samples: Samples, subject: Subject) -> Ladder:
  """Return the networks that are tried.

  Args:
    samples: the trajectories.
    subject: the roles of the columns. If velocities are known, a network is a
      polynomial in them, whose coefficients are functions of the positions; and
      terms of even and of odd degree in them are tried apart, as in most laws
      of mechanics.

  Returns:
    Polynomials first, one after the other; then hidden units. Constants of a
    trial multiply everything.
  """
  roles = _roles(samples, subject)
  levels = []
  factors: list[_Product] = [()]
  for size in (1, 2):
    factors += list(_comb(roles.constants, size))
  for level in _levels(roles):
    products = [(*t, *c) for c in factors for t in level]
    if len(products) <= _MOST:
      levels.append(products)
  every = {t: k for k, t in enumerate(dict.fromkeys(sum(levels, [])))}
  general, hidden = _general(roles)
  return Ladder(roles.structure._replace(monomials=tuple(every)),
                tuple(tuple(every[t] for t in level) for level in levels),
                general, hidden)


def _roles(samples: Samples, subject: Subject) -> _Roles:
  velocities = {v for _, v in subject.velocities}
  fixed = set(subject.constants)
  free = [i for i in subject.plain if i not in fixed]
  order = (*free, *subject.constants)
  momenta = tuple(order.index(v) for v in sorted(velocities & set(free)))
  structure = Structure(
      order, tuple(i for i in subject.positive if i not in velocities | fixed),
      subject.angles, _distances(samples, subject, velocities), momenta)
  plain = len(order) + len(structure.positive) + 2 * len(subject.angles)
  constants = tuple(range(len(free), len(order)))
  return _Roles(structure, tuple(k for k in range(plain) if k not in constants),
                momenta, constants, tuple(range(plain, structure.num_inputs)))


def _distances(samples: Samples, subject: Subject,
               velocities: set[int]) -> tuple[Distance, ...]:
  """From the origin for one point, between all pairs of several."""
  points = [v for v in subject.vectors if not velocities & set(v)]
  if len(points) == 1:
    pairs: list[Distance] = [(points[0], ())]
  else:
    points = points or list(find_points(subject.variables))
    pairs = [
        (a, b) for a, b in itertools.combinations(points, 2) if len(a) == len(b)
    ]
  return tuple(pair for pair in pairs if _acts(samples, pair))


def _acts(samples: Samples, pair: Distance) -> bool:
  """Whether 1 / distance may be part of a law.

  Where nothing happens as a distance vanishes, 1 / distance is part of none,
  and would spoil a network near there.
  """
  plus, minus = pair
  states, slopes, _ = samples.rates_of_change
  if not len(states):
    return True
  apart, speed = (np.linalg.norm(a[:, plus] - (a[:, minus] if minus else 0),
                                 axis=1) for a in (states, slopes))
  near = apart <= np.quantile(apart, _NEAR)
  far = apart[near].max() > _FAR * np.median(apart)
  size = lambda a: float(np.sqrt(np.mean(a**2)))
  return bool(far or size(speed[near]) > _FAST * size(speed))


def _levels(roles: _Roles) -> Iterable[list[_Product]]:
  """Products of inputs, network by network."""
  base, momenta = roles.base, roles.momenta
  degree = lambda t: sum(k in momenta for k in t)
  linear: list[_Product] = [(k,) for k in base]
  quadratic = linear + list(_comb(base, 2))
  even = [t for t in quadratic if degree(t) != 1]
  yield linear
  if momenta:
    yield [t for t in quadratic if degree(t) == 1]
    yield even
  yield quadratic
  quartic = _quartic(roles)
  if momenta and quartic:
    yield even + quartic
  if not momenta and len(base) <= _FEW_COLUMNS:
    yield quadratic + list(_comb(base, 3))
  if roles.further:
    alone: list[_Product] = [(k,) for k in roles.further]
    yield [t for t in even if degree(t) == 2] + alone
    yield even + alone
    everything = (*base, *roles.further)
    yield quadratic + alone + [
        t for t in _comb(everything, 2) if t[-1] in roles.further
    ]


def _quartic(roles: _Roles) -> list[_Product]:
  """Products of three and of four positions, if these are few."""
  places = [k for k in roles.base if k not in roles.momenta]
  products = [t for size in (3, 4) for t in _comb(places, size)]
  return products if len(products) <= _MOST_QUARTIC else []


def _general(roles: _Roles) -> tuple[Structure, tuple[int, int]]:
  """With hidden units: polynomials in the momenta, or any function."""
  linear: list[_Product] = [(k,) for k in (*roles.base, *roles.further)]
  products = linear + list(_comb(roles.base, 2))
  products += [
      (c, k) for c in roles.constants for k in (*roles.base, *roles.further)
  ]
  momenta = roles.momenta
  if len(momenta) < 2:
    structure = roles.structure._replace(momenta=(), powers=((),))
    return structure._replace(monomials=tuple(products)), (_WIDTH, _WIDTH)
  powers: list[_Product] = [(), *((k,) for k in momenta), *_comb(momenta, 2)]
  places = roles.structure.positions
  products += [(*p, k) for p in powers for k in places if p]
  products += _comb(momenta, 3)
  products += _quartic(roles)
  products = [tuple(sorted(t)) for t in products]
  width = int(np.clip(_MOST_HIDDEN / len(powers) - len(places), _NARROW,
                      _WIDTH))
  structure = roles.structure._replace(powers=tuple(powers),
                                       monomials=tuple(dict.fromkeys(products)))
  return structure, (_WIDTH, width)
