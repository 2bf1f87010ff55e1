"""Noether Networks in JAX: tailor a predictor to what a system conserves.

What a user brings and gets:
  MetaParams: the weights of f and of g, and the inner learning rate.
  Tailored: one example's weights after the inner loop.
  Prediction: one example's tailored and untailored prediction.
  TrainState: parameters, optimizer state and counts of the outer loop.

Finding laws:
  discover: what stays constant along trajectories.
  check: whether a given quantity is conserved on given data.
  Check: its verdict, drift and largest excursion.
  Discovery: the laws, their evidence, and what to know about the data.
  Law: a conserved quantity; a function of the state with its evidence.
  rungs: small libraries of candidate terms; `rungs.default` are climbed.

A model that keeps laws:
  conserve: make a trained model keep laws, by tailoring or by projection.
  NoetherNetwork: a predictor and a conserved quantity, learned together.

How a change of the conserved quantity is measured:
  trajectory_residuals: changes along a predicted trajectory.
  field_residuals: derivatives along a predicted vector field.
  noether_loss: the sum of the squared changes along a trajectory.
  difference: distance of two quantities; the default.
  cosine: distance of two quantities' directions.
  drift: change of each quantity since the first state.

The inner loop, for one example:
  tailor: weights adapted to a loss.
  tailored_predict: a prediction by weights adapted to its query.
  InnerLoop: the settings of the inner loop as one value.
  tailored_params: the full tree of one example's weights.
  gauss_newton: the least weight change that conserves, as an optimizer.
  by_path: choose what adapts by a regular expression.
  partition: split parameters into what adapts and what stays.
  combine: put them together again.

The outer loop, for a batch:
  meta_loss: mean loss of tailored predictions.
  failsafe_mean: mean of one's own loss, which no failed example spoils.
  ExampleLoss: what one example contributes to that mean.
  mse: mean squared error, the default task loss.
  init_state: the state at step 0.
  update: one outer step.
  microbatched_gradient: a batch's gradient, a few examples at a time.
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

Rooms, loaded when they are first used: `tailoring`, `training`, `discovery`,
`keeping`, `symbolic`, `learned`, `dynamics`, `networks`, `video`, `data`,
`theory`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(  # Loaded when used.
    __name__, __file__)
__version__ = "0.2.0"
