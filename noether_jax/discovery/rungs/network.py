"""The rung that counts without formulas."""

from __future__ import annotations

from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term


def network(subject: Subject) -> tuple[Term, ...]:
  """Mark the place in a climb where networks are learned.

  A network is a conserved quantity without a formula. The climb learns as many
  as hold on trajectories that took no part in their fit, each independent of
  the laws before. It then looks for their formulas among the default rungs. A
  quantity without a formula stays a network.

  Args:
    subject: the columns.

  Returns:
    No terms.

  Example:
    >>> import noether_jax as nj
    >>> rungs = [*nj.rungs.default, nj.rungs.network]
    >>> rungs[-1].__name__
    'network'
  """
  del subject
  return ()
