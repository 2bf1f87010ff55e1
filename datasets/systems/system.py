"""A system of differential equations, and how its trajectories are drawn."""

from collections.abc import Callable
import dataclasses
from typing import Any, NamedTuple

import numpy as np
import scipy.integrate

from noether_jax.data.columns import parse_columns
from noether_jax.data.columns import Variable
from noether_jax.data.trajectories import Trajectories

Start = Callable[[np.random.Generator], np.ndarray]


class Solver(NamedTuple):
  """How exactly the equations are solved.

  Attributes:
    method: of `scipy.integrate.solve_ivp`.
    rtol: relative tolerance of a step.
    atol: absolute tolerance of a step, in the states' units.
  """
  method: str = "DOP853"
  rtol: float = 1e-12
  atol: float = 1e-13


@dataclasses.dataclass(frozen=True)
class System:
  """A system of ordinary differential equations.

  Field and laws are written once, for NumPy and for JAX: `xp` is the module to
  compute with.

  Attributes:
    name: what it is called.
    columns: names and units, as `noether-discover --columns` takes them.
    field: `(states [..., D], xp) -> d states / dt [..., D]`; a driven system's
      takes the time as its third argument. None for a measured system.
    laws: `(states [..., D], xp) -> [..., K]`, the known conserved quantities;
      None where there are none.
    law_names: K names.
    momenta: columns that are momenta or velocities; the others are positions,
      or without any, neither.
    driven: whether the field depends on time.
  """
  name: str
  columns: str
  field: Callable[..., Any] | None
  laws: Callable[..., Any] | None = None
  law_names: tuple[str, ...] = ()
  momenta: tuple[int, ...] = ()
  driven: bool = False

  @property
  def variables(self) -> tuple[Variable, ...]:
    """The columns."""
    return parse_columns(self.columns)

  def derivatives(self, states: Any, xp: Any, time: Any = 0.0) -> Any:
    """The field at states `[..., D]`, per unit of time.

    Raises:
      ValueError: if the system has no equations.
    """
    if self.field is None:
      raise ValueError(f"{self.name} is measured: it has no equations.")
    more = (time,) if self.driven else ()
    return self.field(states, xp, *more)

  def simulate(self,
               initial: np.ndarray,
               times: np.ndarray,
               solver: Solver = Solver(),
               *,
               end: float | None = None) -> np.ndarray:
    """One exact trajectory.

    Args:
      initial: `[D]`, the state at times[0].
      times: `[T]`, increasing.
      solver: how exact; by default the laws hold to about 1e-10.
      end: until when the solver goes; times[-1] if None.

    Returns:
      `[T, D]` float64.

    Raises:
      RuntimeError: if the solver gives up.
      ValueError: if the system has no equations.
    """
    span = times[0], times[-1] if end is None else end
    solution = scipy.integrate.solve_ivp(
        lambda t, s: self.derivatives(s, np, t),
        span,
        initial,
        method=solver.method,
        t_eval=times,
        rtol=solver.rtol,
        atol=solver.atol)
    if not solution.success:
      raise RuntimeError(f"{self.name}: {solution.message}")
    return solution.y.T


@dataclasses.dataclass(frozen=True)
class Sampling:
  """How an experiment draws trajectories of a system.

  Attributes:
    system: which one.
    start: `random -> [D]`, an initial state.
    duration: of a trajectory, in the system's unit of time.
    num_samples: T, at equal steps.
    closed: whether the last sample lies at `duration`, or one step before it.
    relative_noise: whether noise is in units of each column's spread; else in
      the states' own.
    solver: how exactly the equations are solved.
  """
  system: System
  start: Start
  duration: float
  num_samples: int
  closed: bool = True
  relative_noise: bool = True
  solver: Solver = Solver()

  @property
  def times(self) -> np.ndarray:
    """`[T]`, from 0 on."""
    return np.linspace(0.0,
                       self.duration,
                       self.num_samples,
                       endpoint=self.closed)

  def paths(self,
            count: int,
            random: np.random.Generator,
            times: np.ndarray | None = None) -> np.ndarray:
    """`[N, T, D]`, exact trajectories from random starts.

    Args:
      count: N.
      random: of the starts.
      times: `[T]`, if not the protocol's own.

    Raises:
      RuntimeError: if the solver gives up.
    """
    end = self.duration if times is None else None
    times = self.times if times is None else times
    return np.stack([
        self.system.simulate(self.start(random), times, self.solver, end=end)
        for _ in range(count)
    ])

  def draw(self, count: int, noise: float, seed: int) -> Trajectories:
    """Observed trajectories; one stream of random numbers for all of them.

    Args:
      count: N.
      noise: standard deviation, see `relative_noise`.
      seed: of the starts, then of the noise.

    Raises:
      RuntimeError: if the solver gives up.
    """
    random = np.random.default_rng(seed)
    return self.observed(self.paths(count, random), noise, random)

  def observed(self, clean: np.ndarray, noise: float,
               random: np.random.Generator) -> Trajectories:
    """What is observed of exact trajectories.

    Args:
      clean: `[N, T, D]`, at `times`.
      noise: standard deviation, see `relative_noise`.
      random: of the noise.

    Returns:
      States with noise, exact derivatives, and the states without noise.
    """
    spread = clean.reshape(-1, clean.shape[-1]).std(0)
    scale = spread if self.relative_noise else np.ones_like(spread)
    states = clean + noise * scale * random.normal(size=clean.shape)
    return trajectories(
        self.system, self.times, states, clean,
        np.asarray(self.system.derivatives(clean, np, self.times)))


def trajectories(system: System, times: np.ndarray, states: np.ndarray,
                 clean: np.ndarray, derivatives: np.ndarray) -> Trajectories:
  """Simulated arrays as the library's container.

  Args:
    system: which one.
    times: `[T]`, common to all trajectories.
    states: `[N, T, D]`.
    clean: `[N, T, D]`, without noise.
    derivatives: `[N, T, D]`.

  Returns:
    N trajectories, named after their numbers.
  """
  count = len(states)
  return Trajectories(variables=system.variables,
                      labels=tuple(map(str, range(count))),
                      times=(times,) * count,
                      states=tuple(states),
                      derivatives=tuple(derivatives),
                      clean=tuple(clean))
