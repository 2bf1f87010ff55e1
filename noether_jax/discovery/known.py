"""Laws that a user knows: a search looks for what is independent of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from noether_jax.discovery.evidence import Evidence
from noether_jax.discovery.forms import Combination
from noether_jax.discovery.law import Law
from noether_jax.discovery.subject import Subject
from noether_jax.reporting import verdicts


def known_laws(formulas: Sequence[str], subject: Subject) -> tuple[Law, ...]:
  """Read laws that are known.

  Args:
    formulas: of the columns, such as `"v^2 + x^2"`.
    subject: the columns.

  Returns:
    One law for each, which is not tested.

  Raises:
    InputError: if a text is no formula of the columns.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> (law,) = known_laws(["v^2 + x^2"], Subject(parse_columns("x,v")))
    >>> law.verdict, law.gradient([1., 2.]).tolist()
    ('known', [2.0, 4.0])
  """
  terms = subject.terms(*formulas)
  return tuple(
      Law(subject.variables, Combination((term,), np.ones(1), np.zeros(1)),
          Evidence(0., 0., 0., 0.), verdicts.KNOWN) for term in terms)
