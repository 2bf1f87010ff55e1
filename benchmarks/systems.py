"""How discovery's benchmark draws trajectories, and which laws are true."""

from __future__ import annotations

from collections.abc import Callable
import functools

import numpy as np

from datasets.systems import catalogue
from datasets.systems.catalogue import SYSTEMS
from datasets.systems.system import Sampling
from datasets.systems.system import Solver
from noether_jax.discovery.law import Law


def _sampling(name: str, start: Callable[[np.random.Generator], np.ndarray],
              duration: float, num_samples: int) -> Sampling:
  return Sampling(SYSTEMS[name],
                  start,
                  duration,
                  num_samples,
                  closed=False,
                  solver=Solver("RK45", 1e-10, 1e-12))


def _swing(random: np.random.Generator) -> np.ndarray:
  return np.r_[random.uniform(-1.5, 1.5, 2), random.uniform(-1, 1, 2)]


def _beside_the_attractor(random: np.random.Generator) -> np.ndarray:
  return np.r_[0, 0, 25] + 8 * random.normal(size=3)


_plane = functools.partial(catalogue.box, size=2)
_space = functools.partial(catalogue.box, size=4)
SAMPLINGS = {
    "spring":
        _sampling("unit_spring", _plane(-1, 1), 10, 100),
    "pendulum":
        _sampling("pendulum", _plane(-1.5, 1.5), 10, 200),
    "nonlinear spring 2-D":
        _sampling("nonlinear_spring", _space(-1, 1), 12, 240),
    "Kepler":
        _sampling("kepler", catalogue.orbit, 12, 240),
    "Lotka-Volterra":
        _sampling("lotka_volterra", _plane(.5, 2.5), 12, 240),
    "Henon-Heiles":
        _sampling("henon_heiles", _space(-.3, .3), 30, 300),
    "double pendulum":
        _sampling("double_pendulum", _swing, 6, 600),
    "Van der Pol":
        _sampling("van_der_pol", _plane(-2, 2), 15, 300),
    "Lorenz":
        _sampling("lorenz", _beside_the_attractor, 10, 1000),
    "damped spring":
        _sampling("damped_spring", _plane(-1, 1), 15, 150),
    "weakly damped spring":
        _sampling("weakly_damped_spring", _plane(-1, 1), 15, 150),
    "driven Duffing":
        _sampling("driven_duffing", _plane(-1, 1), 30, 300),
    "Rossler":
        _sampling("rossler", catalogue.box(-3, 3, 3), 40, 400),
}


def is_true(law: Law, sampling: Sampling, states: np.ndarray) -> bool:
  """Whether a law is a function of the system's known quantities."""
  laws = sampling.system.laws
  if laws is None:
    return False
  scale = states.std(0)
  step = 1e-5 * scale
  columns = [(laws(states + d, np) - laws(states - d, np)) / 2e-5
             for d in np.diag(step)]
  known = np.stack(columns, axis=-1)
  found = law.gradient(states) * scale
  angles = []
  for k, g in zip(known, found):
    base = np.linalg.svd(k, full_matrices=False)[2]
    unit = g / max(np.linalg.norm(g), 1e-300)
    angles.append(np.linalg.norm(unit - base.T @ (base @ unit)))
  return bool(np.median(angles) < np.sin(np.deg2rad(5)))
