"""One form for the models that users bring: a pure function and its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import inspect
import sys
from typing import Any

from flax import errors as flax_errors
from flax import linen
from flax import nnx
import jax

from noether_jax.errors import InputError
from noether_jax.keeping.calls import Call
from noether_jax.keeping.calls import evaluation_fields
from noether_jax.keeping.weights import is_array
from noether_jax.keeping.weights import is_weight_array
from noether_jax.keeping.weights import split_weights
from noether_jax.networks import functional
from noether_jax.tailoring.adaptation import combine
from noether_jax.types import Key
from noether_jax.types import Params
from noether_jax.types import PyTree
from noether_jax.types import State

Apply = Callable[[Params, State, Key | None], PyTree]
_KINDS = ("a Flax NNX module, (module, variables) of Flax linen, an Equinox "
          "module, (apply, params), or a function of a state")


def _from_nnx(module: nnx.Module,
              name: str,
              method: str = "__call__") -> tuple[Apply, Params]:
  # A copy: the module of the user stays in its mode.
  module = nnx.merge(*nnx.split(module), copy=True)
  module.eval()
  function, params = functional(module, method)
  call = Call(getattr(module, method), ("x",), name, _nnx_key)

  def apply(params: Params, x: State, key: Key | None) -> PyTree:
    bound = lambda *args, **kwargs: function(params, *args, **kwargs)
    return call(bound, x, key=key)

  return apply, params


def _nnx_key(name: str, key: Key) -> Any:
  return nnx.Rngs(key) if name == "rngs" else key


def _from_linen(module: linen.Module,
                variables: Any,
                name: str,
                method: str = "__call__") -> tuple[Apply, Params]:
  if not isinstance(variables, Mapping) or "params" not in variables:
    keys = list(variables) if isinstance(variables, Mapping) else variables
    raise InputError(f"{name} needs the variables of its linen module, "
                     "{'params': ...}, as module.init returns them: got "
                     f"{keys!r}.")
  call = Call(getattr(module, method), ("x",), name)
  module = module.clone(**evaluation_fields(module, call.flags))
  fixed = {k: v for k, v in variables.items() if k != "params"}

  def apply(params: Params, x: State, key: Key | None) -> PyTree:
    # Flax takes the stream "params" in the place of any that is missing.
    rngs = None if key is None else {"params": key}
    bound = lambda *args, **kwargs: module.apply({
        **fixed, "params": params
    },
                                                 *args,
                                                 rngs=rngs,
                                                 mutable=False,
                                                 method=method,
                                                 **kwargs)
    return call(bound, x, key=key)

  return apply, variables["params"]


def _from_function(function: Callable[..., Any], params: Params,
                   name: str) -> tuple[Apply, Params]:
  call = Call(function, ("params", "x"), name)
  return lambda params, x, key: call(function, params, x, key=key), params


def _evaluation_copy(model: Any) -> Any:
  """An Equinox module in inference mode; any other tree as it is."""
  equinox = sys.modules.get("equinox")  # There if the model is one of its.
  return model if equinox is None else equinox.nn.inference_mode(model)


def _from_tree(model: Any,
               name: str,
               method: str = "__call__") -> tuple[Apply, Params]:
  """Equinox modules, `jax.tree_util.Partial` and the like."""
  model = _evaluation_copy(model)
  call = Call(getattr(model, method), ("x",), name)
  weights, fixed = split_weights(model, is_weight_array)

  def apply(weights: Params, x: State, key: Key | None) -> PyTree:
    bound = getattr(combine(weights, fixed), method)
    return call(bound, x, key=key)

  return apply, weights


def _is_equinox_state(value: Any) -> bool:
  equinox = sys.modules.get("equinox")
  return equinox is not None and isinstance(value, equinox.nn.State)


def _from_stateful_equinox(model: Any, state: Any,
                           name: str) -> tuple[Apply, Params]:
  model = _evaluation_copy(model)
  call = Call(model, ("x", "state"), name)
  weights, fixed = split_weights(model, is_weight_array)
  leaves, treedef = jax.tree.flatten(state)

  def apply(weights: Params, x: State, key: Key | None) -> PyTree:
    # A new copy each time: Equinox lets a state be used only once.
    copy = jax.tree.unflatten(treedef, leaves)
    return call(combine(weights, fixed), x, copy, key=key)[0]

  return apply, weights


def _from_pair(first: Any, second: Any, name: str) -> tuple[Apply, Params]:
  if isinstance(first, nnx.GraphDef):
    return _from_nnx(nnx.merge(first, second), name)
  owner = getattr(first, "__self__", None)
  if isinstance(owner, linen.Module) and first.__name__ == "apply":
    first = owner
  if isinstance(first, linen.Module):
    return _from_linen(first, second, name)
  if _is_equinox_state(second):
    return _from_stateful_equinox(first, second, name)
  if isinstance(first, nnx.Module) or not callable(first):
    raise InputError(f"{name} must be {_KINDS}: got a pair of "
                     f"{type(first).__name__} and {type(second).__name__}.")
  return _from_function(first, second, name)


def _has_arrays(tree: Any) -> bool:
  return any(map(is_array, jax.tree.leaves(tree)))


def _from_method(owner: Any, method: str,
                 name: str) -> tuple[Apply, Params] | None:
  """A method of an object, if it has weights."""
  if isinstance(owner, nnx.Module):
    return _from_nnx(owner, name, method)
  if isinstance(owner, linen.Module) and owner.scope is not None:
    return _from_linen(*owner.unbind(), name, method)
  return _from_tree(owner, name, method) if _has_arrays(owner) else None


def _adapter(model: Any, name: str) -> tuple[Apply, Params]:
  if isinstance(model, linen.Module) and model.scope is None:
    raise InputError(f"{name} is a linen module without its variables: pass "
                     "(module, variables), or module.bind(variables).")
  if isinstance(model, (tuple, list)) and len(model) == 2:
    return _from_pair(model[0], model[1], name)
  if not callable(model) or isinstance(model, type):
    raise InputError(f"{name} must be {_KINDS}: got {type(model).__name__}.")
  owner, method = ((model.__self__,
                    model.__name__) if inspect.ismethod(model) else
                   (model, "__call__"))
  out = _from_method(owner, method, name)
  if out is not None:
    return out
  call = Call(model, ("x",), name)
  return lambda _, x, key: call(model, x, key=key), ()


def is_model(value: Any) -> bool:
  """Whether a value brings its own weights, unlike a plain function.

  Args:
    value: anything.

  Returns:
    True for modules of Flax and Equinox and for other trees with arrays that
    can be called.

  Example:
    >>> is_model(nnx.Linear(2, 2, rngs=nnx.Rngs(0))), is_model(lambda w, x: x)
    (True, False)
  """
  owner = value.__self__ if inspect.ismethod(value) else value
  return (isinstance(owner, (nnx.Module, linen.Module)) or
          callable(value) and _has_arrays(owner))


def pure_function(model: Any, *, name: str = "`model`") -> tuple[Apply, Params]:
  """Make a pure function and a parameter tree of what a user brings.

  Modules predict in evaluation mode: dropout is off, batch statistics are the
  stored ones. Only floating weights are parameters; all else (batch statistics,
  random-number state, integers, keys) stays as it is. Weights of fewer than 32
  bits become float32.

  Args:
    model: for ONE example, one of:
      a Flax NNX module, or one of its methods;
      `(module, variables)` of Flax linen, or a bound linen module;
      an Equinox module, or `(module, state)` where it has state;
      `(apply, params)` with `apply(params, x)` or `apply(params, x, key)`;
      a function `x -> prediction` or `(x, key) -> prediction`, whose
      parameters are `()`.
    name: what messages call the model.

  Returns:
    `(apply, params)` with `apply(params, x, key) -> prediction`; `key` may be
    None if the model draws no random numbers.

  Raises:
    InputError: if the model is of none of these kinds, or, when it is called,
      if it changes its own state or needs a key and has none.

  Example:
    >>> apply, params = pure_function((lambda w, x: w * x, 2.))
    >>> float(apply(params, 3., None))
    6.0
  """
  adapted, tree = _adapter(model, name)
  weights, fixed = split_weights(tree)

  def apply(weights: Params, x: State, key: Key | None) -> PyTree:
    try:
      return adapted(combine(weights, fixed), x, key)
    except (flax_errors.ModifyScopeVariableError,
            flax_errors.TraceContextError) as error:
      raise InputError(
          f"{name} changes its own variables when it is called: it must be "
          "used in evaluation mode, such as use_running_average=True."
      ) from error
    except flax_errors.InvalidRngError as error:
      raise InputError(f"{name} draws random numbers: pass a key, as in "
                       "keeps(x, jax.random.key(0)).") from error
    except jax.errors.TracerArrayConversionError as error:
      raise InputError(f"{name} computes with NumPy, which JAX cannot "
                       "transform: use jax.numpy.") from error

  return apply, weights
