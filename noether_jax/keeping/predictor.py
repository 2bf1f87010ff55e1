"""A predictor that keeps its laws, as a value."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import Any

import jax

from noether_jax.keeping.targets import as_state
from noether_jax.types import Key
from noether_jax.types import MetaParams
from noether_jax.types import Prediction
from noether_jax.types import PyTree
from noether_jax.types import State

Run = Callable[[MetaParams, State, Key | None], Prediction]


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, eq=False)
class Predictor:
  """A model whose predictions keep their laws, for ONE example.

  It composes with `jax.jit`, `jax.vmap` and `jax.grad`, and is itself a tree
  whose leaves are its parameters.

  Attributes:
    params: parameters of the model and of the conserved quantity.
    run: `(params, x, key) -> Prediction`, compiled at the first call.

  Example:
    >>> import noether_jax as nj
    >>> keeps = nj.conserve((lambda w, x: w @ x, jax.numpy.eye(2)),
    ...                     lambda x: x @ x)
    >>> type(keeps).__name__, keeps.params.predictor.shape
    ('Predictor', (2, 2))
  """
  params: MetaParams
  run: Run = dataclasses.field(metadata={"static": True})

  @classmethod
  def make(cls, run: Run, params: MetaParams) -> Predictor:
    """Compile a function together with its parameters.

    Args:
      run: `(params, x, key) -> Prediction`.
      params: its parameters.

    Returns:
      The predictor.
    """
    return cls(params, jax.jit(run))

  def predict(self, x: State, key: Key | None = None) -> Prediction:
    """Predict, and tell how.

    Args:
      x: one state.
      key: for models that draw random numbers; consumed.

    Returns:
      `Prediction`: its `value` keeps the laws; where that failed it is the
      plain prediction, and `accepted` is False.

    Raises:
      InputError: if the model, the laws and the state do not fit each other.
    """
    return self.run(self.params, as_state(x), key)

  def __call__(self, x: State, key: Key | None = None) -> PyTree:
    """Predict `value` only; see `predict`."""
    return self.predict(x, key).value

  def __repr__(self) -> str:
    shapes: Any = jax.tree.map(jax.numpy.shape, self.params)
    return f"Predictor({shapes})"
