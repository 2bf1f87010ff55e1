"""Laws as a Python module that needs NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

from noether_jax.discovery.law import Law
from noether_jax.discovery.network_file import HELPER
from noether_jax.discovery.network_file import network_function
from noether_jax.discovery.network_form import LearnedForm
from noether_jax.discovery.terms import Term

_HELPER = '''def _arrays(states):
  """Return the module that makes such arrays, and the states as one."""
  namespace = getattr(states, "__array_namespace__", None)
  xp = namespace() if namespace else np
  return xp, xp.asarray(states)
'''


def law_module(laws: Sequence[Law]) -> str:
  """Write laws as functions of NumPy or JAX arrays.

  A network that `discover` learned is written with its weights. The module's
  docstring says that any other network is left out, and how to evaluate it.

  Args:
    laws: of the same columns.

  Returns:
    Source text of a module with a function such as `law_1` for each of the K
    laws that are written, numbered as in `laws`, and
    `laws(states [..., D]) -> [..., K]`. A balance law such as
    `law_1` also has `loss_rate_1`, the rate at which it falls.

  Example:
    >>> import numpy as np
    >>> from noether_jax.data import parse_columns
    >>> from noether_jax.discovery import Combination, Evidence, Subject
    >>> columns = parse_columns("q,p")
    >>> form = Combination(Subject(columns).terms("q", "p"), np.array([1., 2.]),
    ...                    np.zeros(2))
    >>> law = Law(columns, form, Evidence(0., 0., 0., 0.), "conserved")
    >>> module = {}
    >>> exec(law_module([law]), module)
    >>> module["laws"]([3., 1.]).tolist()
    [5.0]
  """
  summary = "\n".join(_line(n, law) for n, law in enumerate(laws, 1))
  formulas = {n: law for n, law in enumerate(laws, 1) if _is_written(law)}
  columns = "\n".join(
      f"  {i}: {v.identifier}, unit {_safe(str(v.unit))}" +
      (f", {_safe(v.name)} in the data" if v.name != v.identifier else "")
      for i, v in enumerate(laws[0].variables))
  functions = "\n\n".join(
      _function(n, law) + (f"\n\n{_loss_rate(n, law)}" if law.losses else "")
      for n, law in formulas.items())
  calls = ", ".join(f"law_{n}(states)" for n in formulas)
  learned = any(isinstance(law.form, LearnedForm) for law in laws)
  helpers = f"{_HELPER}\n\n{HELPER}" if learned else _HELPER
  return f'''"""Conserved quantities found by noether-discover.

{summary}

Columns of the states:
{columns}
"""

import numpy as np


def laws(states):
  """Return the quantities, `[..., {len(formulas)}]`.

  Args:
    states: `[..., {len(laws[0].variables)}]`, a NumPy or JAX array.
  """
  xp, states = _arrays(states)
  return {f"xp.stack([{calls}], axis=-1)" if calls else "states[..., :0]"}


{functions}

{helpers}'''


def _is_written(law: Law) -> bool:
  return bool(law.terms) or isinstance(law.form, LearnedForm)


def _line(number: int, law: Law) -> str:
  """What the module's docstring says of a law."""
  line = f"  law_{number}: {_safe(law.text)}    [{_safe(law.unit)}]"
  line += f"{f', {law.name}' if law.name else ''}: {law.verdict}"
  if not _is_written(law):
    line += (f".\n    It is a network, so this file leaves it out: call "
             f"`found.laws[{number - 1}](states)` in Python.")
  return line


def _function(number: int, law: Law) -> str:
  """One law; a comment beside each term gives its uncertainty."""
  heading = f"Return {_safe(law.text)}, `[...]`, in {_safe(law.unit)}."
  if isinstance(law.form, LearnedForm):
    return network_function(number, law.form, heading)
  names = [v.identifier for v in law.variables]
  rows = []
  for k, (term, c,
          u) in enumerate(zip(law.terms, law.coefficients, law.uncertainties)):
    note = ("chosen" if k == law.reference else
            f"+- {u:.2g} {_safe(law.coefficient_unit(k))}")
    sign = "  " if not k else "+ "
    rows.append(
        f"      {sign}{float(c)!r} * {term.code(names, 'xp')}  # {note}")
  return f'''def law_{number}(states):
  """{heading}"""
  xp, states = _arrays(states)
{_unpacked(law, law.terms)}
  return (
{chr(10).join(rows)}
  )
'''


def _loss_rate(number: int, law: Law) -> str:
  """What a balance law loses in a unit of time."""
  names = [v.identifier for v in law.variables]
  rows = [
      f"      + {loss.coefficient!r} * {loss.term.rate.code(names, 'xp')}"
      f"  # +- {loss.uncertainty:.2g} {_safe(law.loss_unit(k))}"
      for k, loss in enumerate(law.losses)
  ]
  return f'''def loss_rate_{number}(states):
  """Return the rate at which law_{number} falls, `[...]`."""
  xp, states = _arrays(states)
{_unpacked(law, [loss.term.rate for loss in law.losses])}
  return (
{chr(10).join(rows)}
  )
'''


def _unpacked(law: Law, terms: Sequence[Term]) -> str:
  """The columns that occur in terms, as local variables."""
  return "\n".join(f"  {v.identifier} = states[..., {i}]"
                   for i, v in enumerate(law.variables)
                   if any(_uses(term, i) for term in terms))


def _uses(term: Term, index: int) -> bool:
  return any(index in atom.plus + atom.minus for atom, _ in term.factors)


def _safe(text: str) -> str:
  """Text that cannot leave a string or a comment."""
  return "".join(c if c.isprintable() and c not in '"\\' else "_" for c in text)
