"""The rungs that a user of the program names."""

from __future__ import annotations

from collections.abc import Sequence

from noether_jax.discovery import rungs
from noether_jax.discovery.rungs.default import Rung
from noether_jax.errors import InputError

_DEFAULT = "default"


def chosen_rungs(
    names: Sequence[str], terms: Sequence[str] = ()) -> list[Rung] | None:
  """Return the rungs of a search.

  Args:
    names: of rungs, in their order; "default" stands for all default rungs.
    terms: formulas of further terms, which are searched first.

  Returns:
    The rungs; None for the default ones.

  Raises:
    InputError: if no rung has one of the names.

  Example:
    >>> [rung.__name__ for rung in chosen_rungs(["linear", "network"])]
    ['linear', 'network']
  """
  known: dict[str, Rung] = {r.__name__: r for r in rungs.default}
  known[rungs.network.__name__] = rungs.network
  chosen: list[Rung] = [rungs.given(*terms)] if terms else []
  for name in names or [_DEFAULT]:
    if name == _DEFAULT:
      chosen += rungs.default
    elif name in known:
      chosen.append(known[name])
    else:
      raise InputError(f"--rungs={name}: no rung has this name; rungs are "
                       f"{_DEFAULT}, {', '.join(known)}.")
  return chosen if names or terms else None
