"""Systems and processes that conserve nothing."""

from typing import Any

import numpy as np

from datasets.systems.equations import by_columns
from datasets.systems.system import System


def _thomas(s: Any, xp: Any) -> Any:
  return xp.sin(xp.roll(s, -1, axis=-1)) - .18 * s


def _quasi_periodic(random: np.random.Generator,
                    times: np.ndarray) -> np.ndarray:
  """Two columns, each a sum of three oscillations of its own."""
  size = random.uniform(.3, 1, (2, 3))
  rate = random.uniform(.5, 3, (2, 3))
  phase = random.uniform(0, 2 * np.pi, (2, 3))
  return np.sum(size * np.sin(rate * times[:, None, None] + phase), axis=-1)


def _autoregressive(random: np.random.Generator,
                    times: np.ndarray) -> np.ndarray:
  """Three columns of AR(1) noise of unit spread."""
  steps = random.normal(size=(len(times), 3))
  out = [steps[0]]
  for step in steps[1:]:
    out.append(.9 * out[-1] + np.sqrt(1 - .81) * step)
  return np.stack(out)


def _langevin(random: np.random.Generator, times: np.ndarray) -> np.ndarray:
  """A damped spring in a heat bath, in 20 steps between samples."""
  step = (times[1] - times[0]) / 20
  kicks = np.sqrt(.4 * step) * random.normal(size=20 * len(times))
  q, p = random.normal(size=2)
  out = []
  for kick in kicks:
    q, p = q + step * p, p - step * (q + .2 * p) + kick
    out.append((q, p))
  return np.array(out[::20])


def _walk(random: np.random.Generator, times: np.ndarray) -> np.ndarray:
  steps = random.normal(size=(len(times), 2)) * np.sqrt(times[1] - times[0])
  return random.normal(size=2) + np.cumsum(steps, axis=0)


SYSTEMS = (
    System("van_der_pol",
           "x:1,v:1/s",
           by_columns(lambda x, v, xp: (v, (1 - x**2) * v - x)),
           momenta=(1,)),
    System("relaxation_oscillator",
           "x:1,v:1/s",
           by_columns(lambda x, v, xp: (v, 6 * (1 - x**2) * v - x)),
           momenta=(1,)),
    System(
        "lorenz", "x:1,y:1,z:1",
        by_columns(lambda x, y, z, xp: (10 * (y - x), x *
                                        (28 - z) - y, x * y - 8 / 3 * z))),
    System("driven_duffing",
           "q:1,p:1/s",
           by_columns(lambda q, p, xp, t:
                      (p, q - q**3 - .2 * p + .3 * xp.cos(1.2 * t))),
           momenta=(1,),
           driven=True),
    System(
        "rossler", "x:1,y:1,z:1",
        by_columns(lambda x, y, z, xp: (-y - z, x + .2 * y, .2 + z *
                                        (x - 5.7)))),
    System("forced_pendulum",
           "q:rad,p:1/s",
           by_columns(lambda q, p, xp, t:
                      (p, -xp.sin(q) - .2 * p + 1.2 * xp.cos(2 * t / 3))),
           momenta=(1,),
           driven=True),
    # Its stiffness changes with time.
    System("parametric_spring",
           "q:1,p:1/s",
           by_columns(lambda q, p, xp, t: (p, -(1 + .4 * xp.cos(1.3 * t)) * q)),
           momenta=(1,),
           driven=True),
    System("thomas", "x:1,y:1,z:1", _thomas),
    System(
        "brusselator", "x:1,y:1",
        by_columns(lambda x, y, xp:
                   (1 - 4 * x + x * x * y, 3 * x - x * x * y))),
    # Rosenzweig and MacArthur's: the prey is limited, the predator satiated.
    System(
        "predators", "x:1,y:1",
        by_columns(lambda x, y, xp: (x * (1 - x / 3) - x * y / (1 + x), x * y /
                                     (1 + x) - .4 * y))),
    System(
        "fitzhugh_nagumo", "v:1,w:1",
        by_columns(lambda v, w, xp: (v - v**3 / 3 - w + .5, .2 *
                                     (v + .7 - .8 * w)))),
    System("quasi_periodic", "x:1,y:1", None, process=_quasi_periodic),
    System("white_noise",
           "x:1,y:1",
           None,
           process=lambda random, times: random.normal(size=(len(times), 2))),
    System("random_walk", "x:1,y:1", None, process=_walk),
    System("autoregressive", "x:1,y:1,z:1", None, process=_autoregressive),
    System("heat_bath", "q:1,p:1/s", None, momenta=(1,), process=_langevin),
)
