"""How a function that a user brings is called, read off its signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import inspect
from typing import Any

from noether_jax.errors import InputError
from noether_jax.types import Key

# Arguments by which models are told to predict, not to train.
_EVALUATION = {
    "train": False,
    "training": False,
    "is_training": False,
    "deterministic": True,
    "use_running_average": True,
    "inference": True,
}
_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY,
             inspect.Parameter.POSITIONAL_OR_KEYWORD)


def evaluation_fields(module: Any, flags: frozenset[str]) -> dict[str, Any]:
  """Fields of a module that tell it to predict, not to train.

  Args:
    module: any object, such as a linen module.
    flags: names of arguments of its call, which must not be set as fields, too.

  Returns:
    The new values of those of its fields that are booleans.

  Example:
    >>> import types
    >>> evaluation_fields(types.SimpleNamespace(train=True), frozenset())
    {'train': False}
  """
  return {
      name: None if name in flags else value
      for name, value in _EVALUATION.items()
      if isinstance(getattr(module, name, None), bool)
  }


def _names_a_key(name: str) -> bool:
  return "key" in name or "rng" in name


class Call:
  """Which arguments a function takes: its leading ones, flags and a key.

  Attributes:
    flags: names of its evaluation flags (`train`, `deterministic`, ...).
  """

  def __init__(self,
               function: Callable[..., Any],
               leading: Sequence[str],
               name: str,
               convert_key: Callable[[str, Key], Any] = lambda _, key: key):
    """Read the signature.

    Args:
      function: whose signature is read; its evaluation flags are set, other
        optional arguments are left alone.
      leading: names of the arguments passed by place, for messages.
      name: what the caller calls the function, for messages.
      convert_key: `(parameter name, key) -> value` of the key's parameter.

    Raises:
      InputError: if the function takes other arguments.
    """
    self._name = name
    self._convert_key = convert_key
    self._leading = tuple(leading)
    try:
      signature = inspect.signature(function)
    except (TypeError, ValueError):  # Some builtins have none.
      signature = inspect.Signature([
          inspect.Parameter(f"_{i}", inspect.Parameter.POSITIONAL_ONLY)
          for i in range(len(leading))
      ])
    self._parameters = list(signature.parameters.values())
    self._assign()

  def _assign(self) -> None:
    """Decide which parameters take the leading arguments and the key."""
    role: dict[str, str] = {}
    free, variadic = [], False
    for p in self._parameters:
      if p.kind is inspect.Parameter.VAR_POSITIONAL:
        variadic = True
      elif p.kind is inspect.Parameter.VAR_KEYWORD:
        continue
      elif _names_a_key(p.name) and "key" not in role.values():
        role[p.name] = "key"
      elif p.name in _EVALUATION:
        role[p.name] = "flag"
      elif p.kind in _BY_PLACE:
        free.append(p)
      elif p.default is p.empty:
        self._refuse()
    needed = [p for p in free if p.default is p.empty]
    count = len(self._leading)
    if len(needed) == count + 1 and needed[-1].name in ("k", "_"):
      role[needed[-1].name] = "key"
      free.remove(needed.pop())
    if len(needed) > count or (len(free) < count and not variadic):
      self._refuse()
    role.update({p.name: "leading" for p in free[:count]})
    self._role = role
    self.flags = frozenset(n for n, r in role.items() if r == "flag")

  def _refuse(self) -> None:
    plain = ", ".join(self._leading)
    given = ", ".join(str(p) for p in self._parameters)
    raise InputError(
        f"{self._name} must take ({plain}) or ({plain}, key): it takes "
        f"({given}). Wrap it in a function with these arguments.")

  def __call__(self, function: Callable[..., Any], *leading: Any,
               key: Key | None) -> Any:
    """Call a function with this signature.

    Args:
      function: what is called.
      *leading: the arguments named when the signature was read.
      key: for the key's parameter; None leaves it at its default.

    Returns:
      What the function returns.

    Raises:
      InputError: if the function needs a key and `key` is None.
    """
    rest, places, keywords = list(leading), [], {}
    last = max((i for i, p in enumerate(self._parameters)
                if p.kind in _BY_PLACE and p.name in self._role),
               default=-1)
    for i, p in enumerate(self._parameters):
      role = self._role.get(p.name)
      if role is None and (p.kind not in _BY_PLACE or i > last):
        continue
      value = self._value(p, role, rest, key)
      if p.kind in _BY_PLACE:
        places.append(value)
      else:
        keywords[p.name] = value
    return function(*places, *rest, **keywords)

  def _value(self, p: inspect.Parameter, role: str | None, rest: list[Any],
             key: Key | None) -> Any:
    if role == "leading":
      return rest.pop(0)
    if role == "flag":
      return _EVALUATION[p.name]
    if role == "key" and key is not None:
      return self._convert_key(p.name, key)
    if role == "key" and p.default is p.empty:
      raise InputError(f"{self._name} takes a random key: pass one, as in "
                       "keeps(x, jax.random.key(0)).")
    return p.default
