"""The six problems, COMET's protocol, and how everything is trained."""

import dataclasses

from datasets.systems.catalogue import SYSTEMS
from datasets.systems.starts import bound_pair
from datasets.systems.starts import box
from datasets.systems.starts import hanging
from datasets.systems.system import Sampling
from datasets.systems.system import Solver
from datasets.systems.system import Start


@dataclasses.dataclass(frozen=True)
class Problem:
  """A system and what was published about it.

  Attributes:
    title: for people.
    system: its name in the catalogue.
    start: the protocol's initial states.
    published: COMET's median RMSE.
    best: the smallest published median of another method, and its name.
    places: columns that are the place of a body, for each body.
  """
  title: str
  system: str
  start: Start
  published: float
  best: tuple[str, float] | None = None
  places: tuple[tuple[int, ...], ...] = ()


_PLANE = ((0, 1),)
PROBLEMS = {
    "mass_spring":
        Problem("mass-spring", "unit_spring", box(-.5, .5, 2), .10),
    "pendulum":
        Problem("2-D pendulum", "rod_pendulum", hanging, .18, ("LNN", .029),
                _PLANE),
    "damped_pendulum":
        Problem("damped pendulum",
                "damped_rod_pendulum",
                hanging,
                .007,
                places=_PLANE),
    "two_body":
        Problem("two-body", "two_body", bound_pair, .42, ("HNN", .13),
                ((0, 1), (2, 3))),
    "nonlinear_spring":
        Problem("2-D nonlinear spring",
                "cubic_spring",
                box(-1, 1, 4),
                .23,
                places=_PLANE),
    "lotka_volterra":
        Problem("Lotka-Volterra", "lotka_volterra", box(.5, 2, 2), .048),
}


@dataclasses.dataclass(frozen=True)
class Config:
  """One protocol; times are in the systems' own unit.

  Attributes:
    train: simulations for training, of `duration` and `num_samples`.
    validation: simulations that choose.
    unused: simulations that the protocol sets aside; none looks at them.
    duration: of these.
    num_samples: of these, at equal steps with both ends.
    tests: new simulations that judge.
    test_duration: of these.
    test_samples: of these.
    noise: standard deviation of the noise on derivatives; states have none.
    substeps: steps of the Runge-Kutta method between two samples.
    hidden: widths of all networks.
    steps: Adam steps of a network.
    fine_steps: further steps, of the control and of training through laws.
    learning_rate: Adam's; further steps begin with a tenth of it.
    batch: rows of a step.
    checks: how often a network is compared with its best one so far.
    degrees: of the polynomials from which sparse regression chooses.
    thresholds: the same.
  """
  train: int = 70
  validation: int = 10
  unused: int = 20
  duration: float = 10.
  num_samples: int = 100
  tests: int = 100
  test_duration: float = 100.
  test_samples: int = 1000
  noise: float = .05
  substeps: int = 4
  hidden: tuple[int, ...] = (128, 128)
  steps: int = 10_000
  fine_steps: int = 2_000
  learning_rate: float = 3e-3
  batch: int = 512
  checks: int = 20
  degrees: tuple[int, ...] = (1, 2, 3)
  thresholds: tuple[float, ...] = (0., .01, .02, .05, .1, .2)

  def sampling(self, problem: Problem) -> Sampling:
    """How the simulations of a problem are drawn."""
    return Sampling(SYSTEMS[problem.system],
                    problem.start,
                    self.duration,
                    self.num_samples,
                    solver=Solver("DOP853", 1e-12, 1e-12),
                    together=True)


def make(*, quick: bool = False) -> Config:
  """The settings of one run.

  Args:
    quick: few simulations and steps: shows that everything runs.

  Returns:
    A `Config`.

  Example:
    >>> make(quick=True).steps
    200
  """
  if quick:
    return Config(train=12,
                  validation=3,
                  unused=1,
                  tests=3,
                  num_samples=50,
                  test_duration=5.,
                  test_samples=50,
                  substeps=1,
                  hidden=(16,),
                  steps=200,
                  fine_steps=40,
                  checks=4,
                  degrees=(1, 2),
                  thresholds=(.02, .1))
  return Config()
