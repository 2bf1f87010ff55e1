"""Systems with an input: the work that it does enters the balance law.

The input u is a sum of two oscillations, whose amplitudes, phases and
frequencies differ by trial. Its own columns follow the system's two.
"""

from collections.abc import Callable
from typing import Any

from datasets.systems.equations import by_columns
from datasets.systems.equations import unchanged
from datasets.systems.system import Quantities
from datasets.systems.system import System

# The input, one of its oscillations, both slopes and squared frequencies.
INPUT = ("u", "input_part", "input_slope1", "input_slope2", "input_k1",
         "input_k2")
# What the input is made of: no columns of data.
HIDDEN = INPUT[1:]


def _driven(name: str, columns: str, force: Callable[..., Any],
            energy: Callable[..., Any], damping: float) -> System:
  """A mass with a force by place, viscous damping and an input."""

  def field(q: Any, p: Any, u: Any, b: Any, c: Any, d: Any, k: Any, l: Any,
            xp: Any) -> Any:
    return (p, force(q, xp) - damping * p + u, c + d, d, -k * (u - b), -l * b,
            unchanged(k), unchanged(l))

  return System(
      name,
      ",".join([columns, "u:1/s^2", *HIDDEN]),
      by_columns(field),
      momenta=(1,),
      constants=(6, 7),
      balances=Quantities(
          ("energy",), lambda s, xp:
          (s[..., 1]**2 / 2 + energy(s[..., 0], xp))[..., None], lambda s, xp:
          (s[..., 1] * s[..., 2] - damping * s[..., 1]**2)[..., None]))


SYSTEMS = (
    _driven("pushed_spring", "q:1,p:1/s", lambda q, xp: -q,
            lambda q, xp: q**2 / 2, 0.),
    _driven("pushed_damped_spring", "q:1,p:1/s", lambda q, xp: -q,
            lambda q, xp: q**2 / 2, .1),
    _driven("pushed_pendulum", "q:rad,p:1/s", lambda q, xp: -4 * xp.sin(q),
            lambda q, xp: -4 * xp.cos(q), 0.),
    _driven("pushed_duffing", "q:1,p:1/s", lambda q, xp: q - q**3,
            lambda q, xp: q**4 / 4 - q**2 / 2, .1),
)
