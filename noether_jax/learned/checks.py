"""What the functions of this room ask of their arguments."""

from __future__ import annotations

from noether_jax.types import Array


def check_derivatives(states: Array, derivatives: Array) -> None:
  """Check that both are trajectories of equal size.

  Args:
    states: `[N, T, D]`.
    derivatives: `[N, T, D]`.

  Raises:
    ValueError: if they are not.
  """
  if states.shape != derivatives.shape or states.ndim != 3:
    raise ValueError("`states` and `derivatives` must both be [N, T, D]: got "
                     f"{states.shape} and {derivatives.shape}.")
