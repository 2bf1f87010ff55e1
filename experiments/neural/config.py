"""Settings of the study, chosen on seeds from 100 on."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Config:
  """How everything is trained.

  Attributes:
    steps: full-batch Adam steps of the vanilla predictor, at `learning_rate`.
    fine_steps: further steps of the control and of every joint recipe, with a
      cosine schedule and the gradient's norm clipped at 1.
    learning_rate: Adam's, for the predictor.
    conserved_learning_rate: Adam's, for g where it is trained jointly or
      alone.
    quotient_steps: Adam steps of the variance quotient alone.
    shift_prior: see `learned.shift_loss`.
    shift_learning_rate: Adam's, for them.
    copies: of each trajectory that g learns from, where symmetries are known.
    starts: networks from which the precise g is begun.
    keep: how many of them are fitted, for K = 1 and K > 1.
    fold_keep: the same for the safety rule's folds.
    trial_steps: Levenberg-Marquardt steps of each, for K = 1 and K > 1.
    fit_steps: steps of the best one, `trial_steps` included.
    gradient_penalty: see `pretraining.pretrain`, an idea that was tried.
    predictor: hidden widths of f.
    conserved: hidden widths of g.
    mechanical: whether the g of a system with momenta and more than one degree
      of freedom is a polynomial of degree 2 in them. With one, all functions of
      a quantity have parallel gradients, and nothing is gained.
    coefficients: hidden widths of the networks that are its coefficients.
    narrow: the same for states of more than four columns, where many
      coefficients would take long.
    activation: of g, a function of jax.numpy.
    naive: hidden widths of the naive recipe's g.
    naive_inner_rate: learning rate of the naive recipe's inner SGD step.
    fractions: of the Gauss-Newton step, from which the safety rule chooses.
    rollout_steps: steps of training on rollouts, an idea that was tried.
    rollout_share: of the learning rates above, for that.
    folds: f and g are learned that many times, each time without some
      trajectories, on which the safety rule then judges them.
    everywhere_from: least number of trajectories with which the safety rule
      allows tailoring beyond known states: a few held-out trajectories do not
      show how large the largest error of many queries is there.
    num_test: test trajectories.
    stretch: length of the long rollouts over the training trajectories'.
  """
  steps: int = 2000
  fine_steps: int = 3000
  learning_rate: float = 1e-3
  conserved_learning_rate: float = 3e-3
  quotient_steps: int = 1500
  shift_prior: float = 0.5
  shift_learning_rate: float = 1e-2
  copies: int = 8
  starts: int = 12
  keep: tuple[int, int] = (3, 8)
  fold_keep: tuple[int, int] = (2, 3)
  trial_steps: tuple[int, int] = (10, 15)
  fit_steps: tuple[int, int] = (25, 45)
  gradient_penalty: float = 0.0
  predictor: tuple[int, ...] = (64, 64)
  conserved: tuple[int, ...] = (24, 24)
  mechanical: bool = True
  coefficients: tuple[int, ...] = (16, 16)
  narrow: tuple[int, ...] = (8, 8)
  activation: str = "tanh"
  naive: tuple[int, ...] = (32, 32)
  naive_inner_rate: float = 0.1
  fractions: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
  rollout_steps: int = 300
  rollout_share: float = 0.3
  folds: int = 3
  everywhere_from: int = 20
  num_test: int = 25
  stretch: int = 4


def make(*, quick: bool = False) -> Config:
  """The settings of one run.

  Args:
    quick: few steps and test trajectories: shows that everything runs, not what
      it reaches.

  Returns:
    A `Config`.

  Example:
    >>> make(quick=True).steps < make().steps
    True
  """
  if not quick:
    return Config()
  return Config(steps=100,
                fine_steps=100,
                quotient_steps=100,
                starts=2,
                keep=(1, 1),
                fold_keep=(1, 1),
                trial_steps=(2, 2),
                fit_steps=(4, 4),
                rollout_steps=20,
                folds=2,
                num_test=3,
                stretch=2)
