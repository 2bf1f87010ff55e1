"""Protocols of the experiment; the values are the paper's unless said."""

import dataclasses

SYSTEMS = ("pendulum", "real_pendulum", "spring")


@dataclasses.dataclass(frozen=True)
class Config:
  """One protocol.

  Attributes:
    noise: standard deviation of the noise added to simulated observations.
    targets: "derivative", "difference" (forward) or "central" differences.
    integrator: "rk4" or "euler".
    residual: "field" (grad g . f dt) or "step" (g(x + f dt) - g(x)).
    inner: optimizer of the meta-tailored rows, "gauss_newton" or "sgd".
    substeps: steps of the integrator within the data's time step.
    steps: full-batch Adam steps of the base predictor.
    fine_steps: further steps, of the control and of meta-tailoring.
    learning_rate: Adam's.
    inner_rates: candidates for SGD's inner rate; chosen per seed by the
      rollouts' error on the training trajectories.
    trajectories: simulated per seed, the first half for training.
    nonlinear_formulas: whether formulas with nonlinear parameters are searched.
  """
  noise: float
  targets: str
  integrator: str
  residual: str
  inner: str
  substeps: int = 1
  steps: int = 2000
  fine_steps: int = 100
  learning_rate: float = 1e-3
  inner_rates: tuple[float, ...] = tuple(10**(k / 2) for k in range(-6, 3))
  trajectories: int = 50
  nonlinear_formulas: bool = True


PROTOCOLS = {
    "paper": Config(0.0, "difference", "euler", "step", "sgd"),
    # Not the paper's: its step residual contains Euler's own drift.
    "physics": Config(0.1, "derivative", "rk4", "field", "gauss_newton"),
}


def make(system: str, protocol: str, *, quick: bool = False) -> Config:
  """The settings of one run.

  Args:
    system: one of SYSTEMS.
    protocol: a key of PROTOCOLS.
    quick: fewer steps, trajectories and inner rates: shows that everything
      runs, not what it reaches.

  Returns:
    A `Config`.

  Example:
    >>> make("pendulum", "physics").integrator
    'rk4'
    >>> make("real_pendulum", "paper").substeps
    5
  """
  config = PROTOCOLS[protocol]
  if system == "real_pendulum":
    # HNN integrates continuously what was trained on finite differences.
    config = dataclasses.replace(config,
                                 noise=0.0,
                                 targets="difference",
                                 integrator="rk4",
                                 substeps=5)
  if quick:
    config = dataclasses.replace(config,
                                 steps=200,
                                 fine_steps=10,
                                 trajectories=10,
                                 nonlinear_formulas=False,
                                 inner_rates=(0.1, 1.0))
  return config
