"""How discovery's benchmark draws trajectories, by kind of system."""

from __future__ import annotations

import functools

import numpy as np

from datasets.systems import starts
from datasets.systems.catalogue import SYSTEMS
from datasets.systems.driven import HIDDEN
from datasets.systems.system import Sampling
from datasets.systems.system import Solver
from datasets.systems.system import Start


def _sampling(name: str,
              start: Start | None,
              duration: float,
              num_samples: int,
              hidden: tuple[str, ...] = ()) -> Sampling:
  return Sampling(SYSTEMS[name],
                  start,
                  duration,
                  num_samples,
                  closed=False,
                  solver=Solver("DOP853", 1e-12, 1e-12),
                  hidden=hidden,
                  together=True)


def _swing(random: np.random.Generator) -> np.ndarray:
  return np.r_[random.uniform(-1.5, 1.5, 2), random.uniform(-1, 1, 2)]


def _beside_the_attractor(random: np.random.Generator) -> np.ndarray:
  return np.r_[0, 0, 25] + 8 * random.normal(size=3)


def _apart(random: np.random.Generator) -> np.ndarray:
  """Two bodies on a spring, drifting."""
  turn = random.uniform(0, 2 * np.pi)
  place = random.uniform(.5, 1) * np.array([np.cos(turn), np.sin(turn)])
  return np.r_[place, -place, random.uniform(-1, 1, 4)]


def _pair(random: np.random.Generator) -> np.ndarray:
  """Two unit masses around a centre that is anywhere and drifts."""
  orbit = starts.orbit(random)
  apart, speed = orbit[:2] / 2, orbit[2:] / np.sqrt(2)
  centre, drift = random.uniform(-1, 1, 2), random.uniform(-.3, .3, 2)
  return np.r_[centre + apart, centre - apart, drift + speed, drift - speed]


def _vortex_starts(random: np.random.Generator) -> np.ndarray:
  """Three vortices at unequal distances, around a centre that is anywhere."""
  places = starts.triangle(random)[:6] * np.tile([1.6, .6], 3)
  return places + np.tile(random.uniform(-1, 1, 2), 3)


def _orbit_of_mass(random: np.random.Generator) -> np.ndarray:
  orbit, mass = starts.orbit(random), random.uniform(.5, 2)
  return np.r_[orbit[:2], orbit[2:] * np.sqrt(mass), mass]


def _sliding(random: np.random.Generator) -> np.ndarray:
  """Far enough from rest to be still moving at the end."""
  return np.array([random.choice([-1, 1]) * random.uniform(1, 2.5), 0.])


_plane = functools.partial(starts.box, size=2)
_space = functools.partial(starts.box, size=4)
_PLAIN = {
    "spring":
        _sampling("unit_spring", _plane(-1, 1), 10, 100),
    "pendulum":
        _sampling("pendulum", _plane(-1.5, 1.5), 10, 200),
    "nonlinear spring 2-D":
        _sampling("nonlinear_spring", _space(-1, 1), 12, 240),
    "Lotka-Volterra":
        _sampling("lotka_volterra", _plane(.5, 2.5), 12, 240),
    "Henon-Heiles":
        _sampling("henon_heiles", _space(-.3, .3), 30, 300),
    "double pendulum":
        _sampling("double_pendulum", _swing, 6, 600),
    "Duffing":
        _sampling("duffing", _plane(-1.5, 1.5), 12, 240),
    "coupled springs":
        _sampling("coupled_springs", _space(-1, 1), 15, 200),
    "cyclic species":
        _sampling("cyclic_species", starts.box(.3, 2, 3), 12, 240),
}
_RICH = {
    "Kepler":
        _sampling("kepler", starts.orbit, 12, 240),
    "Morse":
        _sampling("morse", starts.box([-.4, -.6], [.8, .6], 2), 20, 200),
    "Toda lattice":
        _sampling("toda", starts.box(-1, 1, 6), 12, 240),
    "magnetic field":
        _sampling("magnetic_field", _space(-1, 1), 12, 240),
    "SIR":
        _sampling("sir", starts.box([.5, .02, 0], [1.5, .3, .3], 3), 12, 120),
    "rigid body":
        _sampling("rigid_body", starts.box(-2, 2, 3), 12, 240),
    "spherical pendulum":
        _sampling("spherical_pendulum",
                  starts.box([.4, -3, -1, .5], [1.4, 3, 1, 2], 4), 10, 200),
    "piston":
        _sampling("piston", starts.box([.6, -.5], [2.5, .5], 2), 20, 200),
    "line mass":
        _sampling("line_mass", starts.orbit, 12, 240),
    "four species":
        _sampling("four_species", _space(.3, 2.2), 15, 200),
    "rotating hoop":
        _sampling("rotating_hoop", _plane(-1.5, 1.5), 10, 200),
}
_INNER = {
    "stiff Morse":
        _sampling("stiff_morse", starts.box([-.3, -.6], [.6, .6], 2), 12, 200),
    "soft core":
        _sampling("soft_core", starts.orbit, 15, 240),
    "Yukawa":
        _sampling("yukawa", starts.orbit, 12, 240),
    "sine chain":
        _sampling("sine_chain", _space(-1, 1), 12, 240),
}
_FAST = {
    "eccentric Kepler":
        _sampling("kepler", starts.ellipse(.7, .95), 12, 240),
    "comets":
        _sampling("kepler", starts.comet, 12, 240),
    "three bodies":
        _sampling("three_bodies", starts.triangle, 2, 200),
    "three unequal bodies":
        _sampling("three_unequal_bodies", starts.triangle, 2, 200),
}
_CONSTANTS = {
    "spring of stiffness":
        _sampling("spring_of_stiffness", starts.box([-1, -1, .5], [1, 1, 3], 3),
                  10, 100),
    "pendulum of length":
        _sampling("pendulum_of_length",
                  starts.box([-1.5, -1.5, .5], [1.5, 1.5, 2], 3), 6, 200),
    "Kepler of mass":
        _sampling("kepler_of_mass", _orbit_of_mass, 12, 240),
    "carts of masses":
        _sampling("carts_of_masses",
                  starts.box([-1, .5, -1, -1, .5, .5], [-.5, 1, 1, 1, 2, 2], 6),
                  10, 200),
}
_POSITIONS = {
    "spring positions":
        _sampling("unit_spring", _plane(-1, 1), 10, 200, ("p",)),
    "damped pendulum positions":
        _sampling("damped_pendulum", _plane(-1.5, 1.5), 10, 300, ("p",)),
    "nonlinear spring 2-D positions":
        _sampling("nonlinear_spring", _space(-1, 1), 12, 400, ("px", "py")),
    "Kepler positions":
        _sampling("kepler", starts.orbit, 12, 400, ("vx", "vy")),
    "double pendulum positions":
        _sampling("double_pendulum", _swing, 6, 600, ("w1", "w2")),
}
_LOSSES = {
    "damped spring":
        _sampling("damped_spring", _plane(-1, 1), 15, 150),
    "weakly damped spring":
        _sampling("weakly_damped_spring", _plane(-1, 1), 15, 150),
    "sliding spring":
        _sampling("sliding_spring", _sliding, 15, 300),
    "damped pendulum":
        _sampling("damped_pendulum", _plane(-1.5, 1.5), 10, 200),
    "pendulum in air":
        _sampling("pendulum_in_air", starts.box([-2, -3], [2, 3], 2), 10, 200),
    "stiff double pendulum":
        _sampling("stiff_double_pendulum", _swing, 6, 600),
    "carts between walls":
        _sampling("carts_between_walls", _space(-1, 1), 12, 240),
    "carts with friction":
        _sampling("carts_with_friction",
                  starts.box([-1, .5, -1, -1], [-.5, 1, 1, 1], 4), 10, 200),
    "plane in air":
        _sampling("plane_in_air", _space(-1.2, 1.2), 12, 240),
}
_DRIVEN = {
    name.replace("_", " "):
        _sampling(name, starts.with_input(_plane(-1, 1)), 15, 300, HIDDEN)
    for name in ("pushed_spring", "pushed_damped_spring", "pushed_pendulum",
                 "pushed_duffing")
}
_BODIES = {
    "two bodies":
        _sampling("two_body", _pair, 12, 240),
    "two on a spring":
        _sampling("two_on_a_spring", _apart, 10, 250),
    "three carts":
        _sampling(
            "three_carts",
            starts.box([-1.5, -.4, .8, -1, -1, -1], [-.8, .4, 1.5, 1, 1, 1], 6),
            10, 250),
    "chain":
        _sampling("chain", starts.box(-.8, .8, 6), 12, 300),
    "vortices":
        _sampling("vortices", _vortex_starts, 8, 240),
}
_LAWLESS = {
    "Van der Pol":
        _sampling("van_der_pol", _plane(-2, 2), 15, 300),
    "relaxation oscillator":
        _sampling("relaxation_oscillator", _plane(-2, 2), 40, 400),
    "Lorenz":
        _sampling("lorenz", _beside_the_attractor, 10, 1000),
    "driven Duffing":
        _sampling("driven_duffing", _plane(-1, 1), 30, 300),
    "Rossler":
        _sampling("rossler", starts.box(-3, 3, 3), 40, 400),
    "forced pendulum":
        _sampling("forced_pendulum", _plane(-1, 1), 30, 300),
    "parametric spring":
        _sampling("parametric_spring", _plane(-1, 1), 20, 200),
    "Thomas":
        _sampling("thomas", starts.box(-2, 2, 3), 40, 400),
    "Brusselator":
        _sampling("brusselator", _plane(.5, 3), 15, 300),
    "predators":
        _sampling("predators", starts.box([.3, .3], [2.5, 2], 2), 40, 400),
    "FitzHugh-Nagumo":
        _sampling("fitzhugh_nagumo", _plane(-2, 2), 30, 300),
    "quasi-periodic":
        _sampling("quasi_periodic", None, 20, 300),
    "white noise":
        _sampling("white_noise", None, 10, 100),
    "random walk":
        _sampling("random_walk", None, 10, 200),
    "autoregressive":
        _sampling("autoregressive", None, 10, 200),
    "heat bath":
        _sampling("heat_bath", None, 15, 300),
}
KINDS = {
    "plain": _PLAIN,
    "rich terms": _RICH,
    "numbers inside": _INNER,
    "fast events": _FAST,
    "constants per trial": _CONSTANTS,
    "positions only": _POSITIONS,
    "losses": _LOSSES,
    "driven": _DRIVEN,
    "bodies": _BODIES,
    "lawless": _LAWLESS,
}
SAMPLINGS = {name: s for kind in KINDS.values() for name, s in kind.items()}
# No rung spells their energies: see benchmarks.networks.
UNSPELLED = {
    name: _sampling(name, starts.box(-1.5, 1.5, size), 12, 240)
    for name, size in (("bumped_spring", 2), ("bumped_pendulum", 2),
                       ("bumped_plane", 4))
}
