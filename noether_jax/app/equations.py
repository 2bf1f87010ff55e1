"""Equations of motion that a user names as module:function."""

from __future__ import annotations

from collections.abc import Callable
import importlib
import os
import sys
from typing import Any

from noether_jax.errors import InputError


def load_equations(place: str) -> Callable[[Any], Any]:
  """Import a function; modules of the current folder are found, too.

  Args:
    place: `module:function`.

  Returns:
    The function.

  Raises:
    InputError: if there is no such function, or the import fails.

  Example:
    >>> load_equations("math:sqrt")(4.)
    2.0
  """
  name, _, attribute = place.partition(":")
  if not name or not attribute:
    raise InputError(f"--equations={place}: write module:function, such as "
                     "orbits:rates for the function rates of orbits.py.")
  here = os.getcwd()
  sys.path.insert(0, here)
  try:
    module = importlib.import_module(name)
  # pylint: disable-next=broad-exception-caught
  except (Exception, SystemExit) as error:
    raise InputError(f"--equations={place}: {name} cannot be imported: "
                     f"{type(error).__name__}: {error}") from error
  finally:
    sys.path.remove(here)
  function = getattr(module, attribute, None)
  if not callable(function):
    raise InputError(f"--equations={place}: {name} has no function "
                     f"{attribute!r}.")
  return function
