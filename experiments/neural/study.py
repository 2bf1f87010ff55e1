"""The predictors and quantities of one system, trained on demand."""

from collections.abc import Callable
import copy
import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from datasets.systems.system import System
from experiments.common.stages import Stages
from experiments.neural import fields
from experiments.neural import quantities
from experiments.neural.config import Config
from experiments.neural.data import Data
from experiments.neural.training import TrainingStages
from noether_jax import networks
from noether_jax.dynamics import integrators
from noether_jax.learned import safety
from noether_jax.learned.denoising import shift_loss
from noether_jax.training.outer_loop import mse

Array = jax.Array


class TailoredField(NamedTuple):
  """A vector field for every seed, and the quantity it was tailored with.

  Attributes:
    field: `(params, x [D]) -> dx/dt [D]`.
    params: leaves `[S, ...]`.
    conserved_fn: `(phi, x [D]) -> [K]`, or None.
    phi: leaves `[S, ...]`.
  """
  field: Callable[[Any, Array], Array]
  params: Any
  conserved_fn: Callable[[Any, Array], Array] | None = None
  phi: Any = None


def _single(tree: Any) -> Any:
  return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), tree)


class Study(TrainingStages):
  """What the rows of one table share; trained parameters are kept in a folder.

  Attributes:
    system: what is known of the system.
    seeds: S seeds.
    apply: `(params, x [D]) -> dx/dt [D]`, the predictor f.
    hamiltonian: the same, of the Hamiltonian network.
  """

  def __init__(self,
               system: System,
               config: Config,
               data: Data,
               seeds: list[int],
               stages: Stages,
               suffix: str = ""):
    super().__init__(config, data, stages, suffix)
    self.system, self.seeds = system, seeds
    size = data.states.shape[-1]
    self.num_quantities = len(system.law_names)
    self._make = lambda key: networks.mlp(
        key, size, size, hidden=config.predictor)
    self._make_hamiltonian = lambda key: networks.hamiltonian(
        key, size, hidden=config.predictor)
    self.apply = self._make(jax.random.key(0))[0]
    self.hamiltonian = self._make_hamiltonian(jax.random.key(0))[0]
    self.net = self._net(0, 0)
    self.conserved_fn = self.net.apply

  def without(self, mask: np.ndarray, name: str) -> "Study":
    """The same study without some trajectories.

    Args:
      mask: bool `[N]`, those that are left out.
      name: of what is left out, for its stages.

    Returns:
      A `Study`.
    """
    keep = ~mask
    data = self.data._replace(states=self.data.states[:, keep],
                              derivatives=self.data.derivatives[:, keep],
                              smooth=self.data.smooth[:, keep])
    config = dataclasses.replace(self.config, keep=self.config.fold_keep)
    return Study(self.system, config, data, self.seeds, self.stages,
                 f"{self.suffix}, without {name}")

  def varied(self, name: str, **changes: Any) -> "Study":
    """The same study and predictors with other settings of g.

    Args:
      name: of the variation, for its stages.
      **changes: of the configuration.

    Returns:
      A `Study`.
    """
    _ = self.control, self.denoised  # Trained once, not in each variation.
    other = copy.copy(self)
    other.config = dataclasses.replace(self.config, **changes)
    other.suffix = f"{self.suffix}, {name}"
    for cached in ("starts", "untrained", "general"):
      other.__dict__.pop(cached, None)
    other.net = other._net(0, 0)
    other.conserved_fn = other.net.apply
    return other

  @functools.cached_property
  def general(self) -> "Study":
    """The same study with a g that does not know the momenta."""
    if not self.mechanical:
      return self
    return self.varied("general g", mechanical=False)

  @property
  def mechanical(self) -> bool:
    """Whether g is a polynomial in the momenta, see `Config.mechanical`."""
    return self.config.mechanical and len(self.system.momenta) > 1

  def _stacked(self, make: Callable[[int], Any]) -> Any:
    """Parameters of all seeds, stacked."""
    trees = [make(seed) for seed in self.seeds]
    return _single(jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees))

  def _net(self, index: int, start: int) -> networks.ConservedNet:
    """An untrained g of a seed; it standardises that seed's states."""
    key = jax.random.fold_in(jax.random.key(self.seeds[index]), 1 + start)
    hidden = self.config.conserved
    if self.mechanical:
      small = self.data.states.shape[-1] <= 4
      hidden = self.config.coefficients if small else self.config.narrow
    return quantities.make(key,
                           self.system,
                           self.data.smooth[index],
                           hidden=hidden,
                           activation=self.config.activation,
                           mechanical=self.mechanical)

  @functools.cached_property
  def starts(self) -> Any:
    """Parameters of g before any training, leaves `[S, R, ...]`."""
    stack = lambda trees: jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees
                                      )
    return _single(
        stack([
            stack([self._net(i, r).params
                   for r in range(self.config.starts)])
            for i in range(len(self.seeds))
        ]))

  @functools.cached_property
  def untrained(self) -> Any:
    """The first of them, leaves `[S, ...]`."""
    return jax.tree.map(lambda leaf: leaf[:, 0], self.starts)

  def _first(self, name: str, apply: Callable[..., Array],
             make: Callable[[Array], Any]) -> Any:
    start = self._stacked(lambda seed: make(jax.random.key(seed))[1])
    loss = lambda p, d: mse(jax.vmap(lambda s: apply(p, s))(d[0]), d[1])
    return self.train(name, loss, start, self.pairs(self.data.states),
                      self.config.steps, optax.adam(self.config.learning_rate))

  @functools.cached_property
  def naive(self) -> tuple[Callable[..., Array], Any]:
    """A plain network `(phi, x [D]) -> [K]` and its random parameters."""
    size = self.data.states.shape[-1]
    make = lambda key: networks.mlp(
        key, size, self.num_quantities, hidden=self.config.naive)
    start = self._stacked(
        lambda seed: make(jax.random.fold_in(jax.random.key(seed), 0))[1])
    return make(jax.random.key(0))[0], start

  @functools.cached_property
  def vanilla(self) -> Any:
    """f after its first training."""
    return self._first("vanilla", self.apply, self._make)

  def _more(self, name: str, states: Array) -> Any:
    field = lambda params, s: self.apply(params["f"], s)
    return self.fine_tuned(name, field, {"f": self.vanilla},
                           self.pairs(states))["f"]

  @functools.cached_property
  def control(self) -> Any:
    """f fine-tuned as long as every other recipe's."""
    return self._more("control", self.data.states)

  @functools.cached_property
  def smooth_control(self) -> Any:
    """The control fine-tuned on smooth states; itself without noise."""
    if not self.data.noisy:
      return self.control
    return self._more("control, smooth states", self.data.smooth)

  @functools.cached_property
  def _denoised(self) -> tuple[Any, Array]:
    """f and the smooth trajectories' shifts `[S, N, D]`, trained together.

    What is left of the noise is one shift of each smooth trajectory.
    """
    shape = self.data.smooth.shape

    def loss(params: Any, data: Any) -> Array:
      states, derivatives, sigma = data
      return shift_loss(self.apply,
                        params["f"],
                        params["shift"],
                        states,
                        derivatives,
                        sigma=sigma,
                        prior=self.config.shift_prior)

    start = {
        "f": self.vanilla,
        "shift": jnp.zeros((shape[0], shape[1], shape[3]), jnp.float32)
    }
    steps = self.config.fine_steps
    found = self.train(
        "control, denoised states", loss, start,
        (self.data.smooth, self.data.derivatives, self.data.sigma), steps,
        self.cosine(steps))
    return found["f"], found["shift"] * self.data.sigma[:, None]

  @property
  def denoised_control(self) -> Any:
    """The control fine-tuned on denoised states, or on smooth ones."""
    return self._denoised[0] if self.data.shifted else self.smooth_control

  @property
  def denoised(self) -> Array:
    """`[S, N, T, D]`, smooth states without the shifts that f has found."""
    if not self.data.shifted:
      return self.data.smooth
    return self.data.smooth + self._denoised[1][:, :, None]

  @functools.cached_property
  def energy_network(self) -> Any:
    """The Hamiltonian network, trained as long as f in all."""
    start = self._first("Hamiltonian network", self.hamiltonian,
                        self._make_hamiltonian)
    field = lambda params, s: self.hamiltonian(params["f"], s)
    return self.fine_tuned("Hamiltonian network, fine-tuned", field,
                           {"f": start}, self.pairs(self.data.states))["f"]

  def tailored(self,
               conserved_fn: Callable[..., Array],
               sgd: float | None = None) -> Callable[..., Array]:
    """f that tailors itself to every state; see `fields.tailored`."""
    return fields.tailored(self.apply, conserved_fn, sgd)

  def guarded(self) -> Callable[..., Array]:
    """f tailored by this study's g; see `fields.guarded`."""
    return fields.guarded(self.apply, self.conserved_fn,
                          quantities.seen(self.system))

  @functools.cached_property
  def region(self) -> safety.Region:
    """Where the denoised states lie as g sees them, leaves `[S, ...]`."""
    seen = jax.vmap(jax.vmap(quantities.seen(self.system)))
    return jax.lax.map(lambda states: safety.region(seen(states)),
                       self.denoised)

  def rolled(self, field: Callable[[Array], Array], start: Array,
             steps: int) -> Array:
    """`[steps, D]`, the states after `start` by RK4 at the data's step."""
    step = integrators.rk4(field, self.data.dt)
    return integrators.rollout(step, start, steps)

  def roller(self, field: Callable[..., Array],
             steps: int) -> Callable[..., Array]:
    """A compiled `(params [S, ...], starts [S, N, D]) -> [S, N, steps, D]`."""

    def one(params: Any, start: Array) -> Array:
      return self.rolled(lambda x: field(params, x), start, steps)

    return jax.jit(jax.vmap(jax.vmap(one, in_axes=(None, 0))))

  def ones(self) -> Array:
    """The whole Gauss-Newton step, for every seed."""
    return jnp.ones(len(self.seeds), jnp.float32)
