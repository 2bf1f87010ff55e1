"""Noether Networks in JAX: tailor a predictor to what a system conserves.

What a user brings and gets:
  MetaParams: all that is learned: predictor, conserved quantity, inner rate.
  Tailored: one example's weights after the inner loop.
  Prediction: one example's tailored and untailored prediction.
  TrainState: parameters, optimizer state and counts of the outer loop.

How a change of the conserved quantity is measured:
  trajectory_residuals: changes along a predicted trajectory.
  field_residuals: rate of change along a predicted vector field.
  noether_loss: the sum of the squared changes along a trajectory.
  difference: distance of two quantities; the default.
  cosine: distance of two quantities' directions.
  drift: change of each quantity since the first state.

The inner loop, for one example:
  tailor: weights adapted to a loss.
  tailored_predict: a prediction by weights adapted to its query.
  tailored_params: the full tree of one example's weights.
  gauss_newton: the least weight change that conserves, as an optimizer.
  by_path: choose what adapts by a regular expression.
  partition: split parameters into what adapts and what stays.
  combine: put them together again.

The outer loop, for a batch:
  meta_loss: mean loss of tailored predictions.
  mse: mean squared error, the default task loss.
  init_state: the state at step 0.
  update: one outer step.
  mean_gradient: a batch's gradient, a few examples at a time.
  apply_gradient: one outer step along it.
  make_mesh: the devices of data parallelism.
  replicate: copy a tree to all devices.
  shard_batch: split a batch over the devices.
  start_processes: join a multi-host run.

Vector fields in time, and errors:
  euler: first-order step.
  rk4: fourth-order step.
  leapfrog: symplectic step.
  rollout: states after 1, 2, ..., T steps.
  adaptive_rollout: states at given times by adaptive steps (extra `ode`).
  rmse: root mean squared error.
  valid_prediction_time: how long a trajectory stays close to the truth.

Modules to import by name: `checkpoints`, `networks`, `pretraining`,
`quotients`, `safety`, `theory`, `symbolic`, `discovery`.
"""

from noether_jax.conservation import cosine
from noether_jax.conservation import difference
from noether_jax.conservation import drift
from noether_jax.conservation import field_residuals
from noether_jax.conservation import noether_loss
from noether_jax.conservation import trajectory_residuals
from noether_jax.inner_optimizers import gauss_newton
from noether_jax.integrators import adaptive_rollout
from noether_jax.integrators import euler
from noether_jax.integrators import leapfrog
from noether_jax.integrators import rk4
from noether_jax.integrators import rollout
from noether_jax.meta import apply_gradient
from noether_jax.meta import init_state
from noether_jax.meta import mean_gradient
from noether_jax.meta import meta_loss
from noether_jax.meta import mse
from noether_jax.meta import update
from noether_jax.metrics import rmse
from noether_jax.metrics import valid_prediction_time
from noether_jax.parallel import make_mesh
from noether_jax.parallel import replicate
from noether_jax.parallel import shard_batch
from noether_jax.parallel import start_processes
from noether_jax.partition import by_path
from noether_jax.partition import combine
from noether_jax.partition import partition
from noether_jax.tailoring import tailor
from noether_jax.tailoring import tailored_params
from noether_jax.tailoring import tailored_predict
from noether_jax.types import MetaParams
from noether_jax.types import Prediction
from noether_jax.types import Tailored
from noether_jax.types import TrainState

__version__ = "0.1.0"
__all__ = [
    "MetaParams", "Prediction", "Tailored", "TrainState", "adaptive_rollout",
    "apply_gradient", "by_path", "combine", "cosine", "difference", "drift",
    "euler", "field_residuals", "gauss_newton", "init_state", "leapfrog",
    "make_mesh", "mean_gradient", "meta_loss", "mse", "noether_loss",
    "partition", "replicate", "rk4", "rmse", "rollout", "shard_batch",
    "start_processes", "tailor", "tailored_params", "tailored_predict",
    "trajectory_residuals", "update", "valid_prediction_time"
]
