"""Protocols of the experiment; the values are the paper's unless said."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Config:
  """One protocol.

  Attributes:
    noise: standard deviation of the observations' noise.
    targets: "derivative" or "difference", see datasets.hamiltonian.
    integrator: "rk4" or "euler", at the data's time step.
    residual: "field" (grad g . f dt) or "step" (g(x + f dt) - g(x)).
    inner: optimizer of the meta-tailored rows, "gauss_newton" or "sgd".
    steps: full-batch Adam steps of the base predictor.
    fine_steps: further steps, of the control and of meta-tailoring.
    rate: Adam's learning rate.
    inner_rates: candidates; chosen per seed by the rollouts' error on the
      training trajectories.
    trajectories: per seed, the first half for training.
  """
  noise: float
  targets: str
  integrator: str
  residual: str
  inner: str
  steps: int = 2000
  fine_steps: int = 100
  rate: float = 1e-3
  inner_rates: tuple[float, ...] = tuple(10**(k / 2) for k in range(-6, 3))
  trajectories: int = 50


PROTOCOLS = {
    "paper": Config(0.0, "difference", "euler", "step", "sgd"),
    # Not the paper's: its step residual contains Euler's own drift.
    "physics": Config(0.1, "derivative", "rk4", "field", "gauss_newton"),
}


def quick(config: Config) -> Config:
  """A small version that shows that everything runs, not what it reaches.

  Args:
    config: a protocol.

  Returns:
    The same with fewer steps and trajectories.
  """
  return dataclasses.replace(config,
                             steps=200,
                             fine_steps=10,
                             trajectories=10,
                             inner_rates=(0.1, 1.0))
