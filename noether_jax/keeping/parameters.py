"""Functions with parameters, and the parameters they begin with."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from noether_jax.errors import InputError
from noether_jax.keeping.calls import Call
from noether_jax.keeping.laws import conserved_quantities
from noether_jax.keeping.laws import is_pair
from noether_jax.keeping.models import is_model
from noether_jax.keeping.models import pure_function
from noether_jax.keeping.weights import is_weight
from noether_jax.keeping.weights import to_single
from noether_jax.types import Array
from noether_jax.types import Key
from noether_jax.types import Params
from noether_jax.types import PyTree
from noether_jax.types import State


@dataclasses.dataclass(frozen=True)
class Parametric:
  """A function with parameters.

  Attributes:
    apply: `(params, x, key) -> prediction`.
    params: what it begins with; None if the user must give them.
  """
  apply: Callable[[Params, State, Key | None], Any]
  params: Params | None


def _from_function(function: Callable[..., Any], first: str,
                   name: str) -> Parametric:
  call = Call(function, (first, "x"), name)
  return Parametric(lambda params, x, key: call(function, params, x, key=key),
                    None)


def read_predictor(predict: Any) -> Parametric:
  """Read a prediction model.

  Args:
    predict: `(theta, x)` or `(theta, x, key)`, or a model with weights.

  Returns:
    The function, with the weights of a model.

  Raises:
    InputError: if it is of another kind.

  Example:
    >>> read_predictor(lambda theta, x: theta * x).apply(2., 3., None)
    6.0
  """
  if is_model(predict) or not callable(predict):
    return Parametric(*pure_function(predict, name="`predict`"))
  return _from_function(predict, "theta", "`predict`")


def _without_parameters(laws: Any) -> Parametric:
  quantities = conserved_quantities(laws, name="conserved")
  return Parametric(lambda phi, x, key: quantities(x), ())


def read_quantity(conserved: Any) -> Parametric:
  """Read a conserved quantity.

  Args:
    conserved: `(phi, state) -> scalar or [K]`, a model with weights, or laws
      without parameters.

  Returns:
    A function that returns `[K]`.

  Raises:
    InputError: if it is of another kind.

  Example:
    >>> read_quantity(lambda phi, x: phi * x[0]).apply(2., jnp.ones(1), None)
    Array([2.], dtype=float32)
  """
  if is_model(conserved) or is_pair(conserved):
    found = Parametric(*pure_function(conserved, name="`conserved`"))
  elif not callable(conserved):
    return _without_parameters(conserved)
  else:
    try:
      found = _from_function(conserved, "phi", "`conserved`")
    except InputError:  # A function of the state alone is a law.
      return _without_parameters(conserved)

  def apply(phi: Params, x: State, key: Key | None) -> Array:
    out = found.apply(phi, x, key)
    if len(jax.tree.leaves(out)) != 1 or jnp.ndim(out) > 1:
      raise InputError("`conserved` must return a number or a vector [K] for "
                       f"one state: got shape {jax.tree.map(jnp.shape, out)}.")
    return jnp.atleast_1d(out)

  return Parametric(apply, found.params)


def as_arrays(name: str, tree: PyTree) -> PyTree:
  """Parameters as JAX arrays, weights of at least 32 bits.

  Args:
    name: of the argument, for messages.
    tree: arrays and numbers.

  Returns:
    The tree of arrays.

  Raises:
    InputError: if a leaf is neither.

  Example:
    >>> as_arrays("theta", {"w": 1.5})
    {'w': Array(1.5, dtype=float32)}
  """

  def one(path: Any, leaf: Any) -> Array:
    try:
      return to_single(leaf) if is_weight(leaf) else jnp.asarray(leaf)
    except (TypeError, ValueError) as error:
      where = jax.tree_util.keystr(path, simple=True, separator="/")
      raise InputError(f"`{name}` must hold arrays and numbers: got "
                       f"{type(leaf).__name__} at {where!r}.") from error

  return jax.tree_util.tree_map_with_path(one, tree)


def initial(name: str, given: Params, function: Parametric,
            key: Key | None) -> Params:
  """The parameters that training begins with.

  Args:
    name: "theta" or "phi".
    given: by the user: parameters, an initialiser `key -> params`, or None.
    function: whose parameters they are.
    key: for the initialiser.

  Returns:
    A tree of arrays.

  Raises:
    InputError: if there are none, or the initialiser has no key.

  Example:
    >>> initial("theta", None, Parametric(lambda p, x, key: x, ()), None)
    ()
  """
  if callable(given) and not jax.tree.leaves(given)[1:] and any(
      leaf is given for leaf in jax.tree.leaves(given)):
    if key is None:
      raise InputError(f"`{name}` is an initialiser: pass a key to `init`.")
    given = given(key)
  if given is None:
    given = function.params
  if given is None:
    raise InputError(f"`{name}` is missing: pass parameters or an initialiser "
                     "key -> parameters to `init`, or a model with weights to "
                     "NoetherNetwork.")
  return as_arrays(name, given)


def check_key(key: Any) -> None:
  """Refuse what is no random key.

  Args:
    key: of an outer step.

  Raises:
    InputError: unless it is one key of `jax.random`, typed or as integers.

  Example:
    >>> check_key(jax.random.key(0))
  """
  dtype, shape = getattr(key, "dtype", None), getattr(key, "shape", ())
  typed = dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key)
  if len(shape) != (0 if typed else 1) or not (typed or dtype == jnp.uint32):
    given = type(key).__name__ if dtype is None else f"{dtype}{list(shape)}"
    raise InputError("`key` must be one random key, such as jax.random.key(0): "
                     f"got {given}.")


def check_optimizer(outer: Any) -> None:
  """Refuse what is no optax transformation.

  Args:
    outer: the outer optimizer.

  Raises:
    InputError: if it has no `init` and `update`.

  Example:
    >>> import optax
    >>> check_optimizer(optax.adam(1e-3))
  """
  if not (hasattr(outer, "init") and hasattr(outer, "update")):
    raise InputError("`outer` must be an optax transformation, such as "
                     f"optax.adam(1e-3): got {outer!r}.")


def check_same_form(new: PyTree, old: PyTree) -> None:
  """Refuse an optimizer whose state is of another form.

  Args:
    new: the optimizer's state, or its shapes.
    old: the state to go on with.

  Raises:
    InputError: if their structures differ.

  Example:
    >>> check_same_form({"momentum": 1.0}, {"momentum": 2.0})
  """
  forms: list[Any] = [jax.tree.structure(tree) for tree in (new, old)]
  if forms[0] != forms[1]:
    raise InputError("`outer` does not fit the state: it makes a state "
                     f"{forms[0]}, the state given is {forms[1]}. Pass the "
                     "optimizer that was given to `init`.")


def batch_size(batch: Any) -> int:
  """The number of examples of a batch.

  Args:
    batch: `(x, target)`, leaves `[B, ...]`.

  Returns:
    B.

  Raises:
    InputError: if it is no such pair.

  Example:
    >>> batch_size((jnp.ones((3, 2)), jnp.ones(3)))
    3
  """
  if not isinstance(batch, (tuple, list)) or len(batch) != 2:
    raise InputError("`batch` must be a pair (x, target): got "
                     f"{type(batch).__name__}.")
  shapes = [jnp.shape(leaf) for leaf in jax.tree.leaves(batch)]
  sizes = {shape[0] if shape else None for shape in shapes}
  if len(sizes) != 1 or None in sizes or 0 in sizes:
    raise InputError("Every array of `batch` must have the examples along its "
                     f"first axis: got shapes {shapes}.")
  return shapes[0][0]
