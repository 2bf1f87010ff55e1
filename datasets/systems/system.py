"""A system of differential equations, and how its trajectories are drawn."""

from collections.abc import Callable, Sequence
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


class Quantities(NamedTuple):
  """Functions of the state.

  Attributes:
    names: K names.
    values: `(states [..., D], xp) -> [..., K]`.
    powers: `(states [..., D], xp) -> [..., K]`, how fast losses and inputs
      change the values; None if they are conserved.
  """
  names: tuple[str, ...]
  values: Callable[..., Any]
  powers: Callable[..., Any] | None = None


@dataclasses.dataclass(frozen=True)
class System:
  """A system of ordinary differential equations.

  Field and laws are written once, for NumPy and for JAX: `xp` is the module to
  compute with.

  Attributes:
    name: what it is called.
    columns: names and units, as `noether-discover --columns` takes them.
    field: `(states [..., D], xp) -> d states / dt [..., D]`; a driven system's
      takes the time as its third argument. None for a measured system and for
      a process.
    laws: `(states [..., D], xp) -> [..., K]`, the known conserved quantities;
      None where there are none. Functionally independent.
    law_names: K names.
    momenta: columns that are momenta or velocities; the others are positions,
      or without any, neither.
    driven: whether the field depends on time.
    constants: columns that differ by trial and do not change within one.
    further: what is conserved too and is independent of `laws`, but is of
      another form than the experiments look for.
    balances: what would be conserved without losses and inputs.
    process: `(random, times [T]) -> [T, D]` where no differential equation
      makes the trajectories.
  """
  name: str
  columns: str
  field: Callable[..., Any] | None
  laws: Callable[..., Any] | None = None
  law_names: tuple[str, ...] = ()
  momenta: tuple[int, ...] = ()
  driven: bool = False
  constants: tuple[int, ...] = ()
  further: Quantities | None = None
  balances: Quantities | None = None
  process: Callable[[np.random.Generator, np.ndarray], np.ndarray] | None = None

  def conserved(self, states: Any, xp: Any) -> Any:
    """All known conserved quantities of states `[..., D]`, `[..., K]`."""
    parts = [] if self.laws is None else [self.laws(states, xp)]
    if self.further is not None:
      parts.append(self.further.values(states, xp))
    return xp.concatenate(parts, axis=-1) if parts else states[..., :0]

  @property
  def num_conserved(self) -> int:
    """How many quantities `conserved` returns."""
    return len(
        self.law_names) + (len(self.further.names) if self.further else 0)

  @property
  def num_balances(self) -> int:
    """How many balance laws are known beside the conserved quantities."""
    return len(self.balances.names) if self.balances else 0

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
      kind = "measured" if self.process is None else "a random process"
      raise ValueError(f"{self.name} is {kind}: it has no equations.")
    more = (time,) if self.driven else ()
    return self.field(states, xp, *more)

  def simulate(self,
               initial: np.ndarray,
               times: np.ndarray,
               solver: Solver = Solver(),
               *,
               end: float | None = None) -> np.ndarray:
    """One exact trajectory, or several that are solved as one system.

    Args:
      initial: `[..., D]`, the states at times[0].
      times: `[T]`, increasing.
      solver: how exact; by default the laws hold to about 1e-10.
      end: until when the solver goes; times[-1] if None.

    Returns:
      `[..., T, D]` float64.

    Raises:
      RuntimeError: if the solver gives up.
      ValueError: if the system has no equations.
    """
    span = times[0], times[-1] if end is None else end
    shape = np.shape(initial)
    solution = scipy.integrate.solve_ivp(
        lambda t, s: self.derivatives(s.reshape(shape), np, t).ravel(),
        span,
        np.ravel(initial),
        method=solver.method,
        t_eval=times,
        rtol=solver.rtol,
        atol=solver.atol)
    if not solution.success:
      raise RuntimeError(f"{self.name}: {solution.message}")
    return np.moveaxis(solution.y.T.reshape(-1, *shape), 0, -2)


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
      the states' own. Constants of a trial have none.
    solver: how exactly the equations are solved.
    hidden: names of columns that are not observed.
    together: whether all trajectories are solved as one system. That is faster,
      but each then depends on the others, within the solver's tolerance.
  """
  system: System
  start: Start | None
  duration: float
  num_samples: int
  closed: bool = True
  relative_noise: bool = True
  solver: Solver = Solver()
  hidden: tuple[str, ...] = ()
  together: bool = False

  @property
  def visible(self) -> list[int]:
    """Indices of the columns that are observed."""
    return [
        i for i, v in enumerate(self.system.variables)
        if v.name not in self.hidden
    ]

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
      ValueError: if there are equations and no `start`.
    """
    end = self.duration if times is None else None
    times = self.times if times is None else times
    system = self.system
    if system.process is not None:
      return np.stack([system.process(random, times) for _ in range(count)])
    if self.start is None:
      raise ValueError(f"{system.name}: equations need a start.")
    initial = np.stack([self.start(random) for _ in range(count)])
    if self.together:
      return system.simulate(initial, times, self.solver, end=end)
    return np.stack(
        [system.simulate(s, times, self.solver, end=end) for s in initial])

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
      The visible columns: with noise, without, and their exact derivatives;
      a process has none.
    """
    system, seen = self.system, self.visible
    spread = clean.reshape(-1, clean.shape[-1]).std(0)
    scale = spread if self.relative_noise else np.ones_like(spread)
    scale[list(system.constants)] = 0
    states = clean + noise * scale * random.normal(size=clean.shape)
    derivatives = None
    if system.process is None:
      derivatives = np.asarray(system.derivatives(clean, np, self.times))
      derivatives = derivatives[..., seen]
    return trajectories([system.variables[i] for i in seen], self.times,
                        states[..., seen], clean[..., seen], derivatives)


def trajectories(variables: Sequence[Variable], times: np.ndarray,
                 states: np.ndarray, clean: np.ndarray,
                 derivatives: np.ndarray | None) -> Trajectories:
  """Simulated arrays as the library's container.

  Args:
    variables: D columns.
    times: `[T]`, common to all trajectories.
    states: `[N, T, D]`.
    clean: `[N, T, D]`, without noise.
    derivatives: `[N, T, D]`, or None.

  Returns:
    N trajectories, named after their numbers.
  """
  count = len(states)
  return Trajectories(
      variables=tuple(variables),
      labels=tuple(map(str, range(count))),
      times=(times,) * count,
      states=tuple(states),
      derivatives=None if derivatives is None else tuple(derivatives),
      clean=tuple(clean))
