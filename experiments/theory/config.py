"""The setting of the simulation; lengths are in units of the noise."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Config:
  """The problems and what is drawn from them.

  Attributes:
    free_dimensions: pairs of d and the values of m measured there.
    num_examples: values of n.
    training_sets: of one seed, whose gap is their mean. The gap of a single
      training set scatters many times more than the constraint changes it.
    noise: standard deviation of the noise in each of the d directions.
    shift: |v*|, unless m = 0.
    radius: R; |v| is at most that.
    width: the loss's, in units of sqrt(d).
    loss_bound: C.
    delta: the probability with which the bound may fail.
    max_rho: the tightest bound is sought among 1, ..., max_rho.
    tolerance: learning ends when a step is shorter.
    max_steps: or after so many steps.
  """
  free_dimensions: tuple[tuple[int, tuple[int, ...]],
                         ...] = ((2, (0, 1, 2)), (8, (0, 1, 2, 4, 7, 8)),
                                 (64, (0, 1, 4, 16, 32, 63, 64)))
  num_examples: tuple[int, ...] = (16, 128, 1024)
  training_sets: int = 2000
  noise: float = 1.0
  shift: float = 1.0
  radius: float = 4.0
  width: float = 1.0
  loss_bound: float = 1.0
  delta: float = 0.05
  max_rho: int = 64
  tolerance: float = 1e-5
  max_steps: int = 100

  def scale(self, dimension: int) -> float:
    """s of the loss C (1 - exp(-|e|^2 / (2 s^2)))."""
    return self.width * math.sqrt(dimension)

  def lipschitz(self, dimension: int) -> float:
    """zeta: twice the loss's own constant, C exp(-1/2) / s.

    Expected and empirical loss are means of losses, and change at most as fast.
    """
    return 2 * self.loss_bound * math.exp(-0.5) / self.scale(dimension)


def make(*, quick: bool = False) -> Config:
  """The settings of one run.

  Args:
    quick: few and small problems: shows that everything runs.

  Returns:
    A `Config`.

  Example:
    >>> make(quick=True).num_examples
    (16,)
  """
  if quick:
    return Config(free_dimensions=((2, (0, 1, 2)), (8, (0, 4, 8))),
                  num_examples=(16,),
                  training_sets=40)
  return Config()
