"""The state of an optimizer that remembers whose it is."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import jax

from noether_jax.errors import InputError
from noether_jax.types import PyTree


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class OptimizerState:
  """An optimizer's state and the optimizer; only the state holds arrays.

  A checkpoint stores the state, and restores it into a tree that has the
  optimizer. Pickle stores the optimizer if it can: most of optax's it cannot.

  Attributes:
    state: what `optimizer.init` and `optimizer.update` return.
    optimizer: an optax transformation; None if pickle has lost it.

  Example:
    >>> import optax
    >>> kept = OptimizerState((), optax.sgd(.1))
    >>> jax.tree.leaves(kept), pickle.loads(pickle.dumps(kept)).optimizer
    ([], None)
  """
  state: PyTree
  optimizer: Any = dataclasses.field(metadata={"static": True})

  def known(self) -> Any:
    """Return the optimizer.

    Raises:
      InputError: if pickle has lost it.
    """
    if self.optimizer is None:
      raise InputError(
          "The state has lost its outer optimizer, which pickle cannot store: "
          "use net.with_outer(state, outer) with the optimizer of `init`.")
    return self.optimizer

  def __getstate__(self) -> dict[str, Any]:
    fields = dict(self.__dict__)
    try:
      pickle.dumps(self.optimizer)
    except (pickle.PicklingError, AttributeError, TypeError):
      fields["optimizer"] = None
    return fields

  def __deepcopy__(self, memo: dict[int, Any]) -> OptimizerState:
    return OptimizerState(copy.deepcopy(self.state, memo), self.optimizer)
