"""Data sets: TFDS builders in the array_record format, without TensorFlow.

NAME/NAME_dataset_builder.py holds the builder NAME; the other modules of the
folder make or read what it stores, with NumPy and without TFDS. `loading.load`
prepares a data set on first use and returns NumPy arrays;
`python -m datasets.prepare` does the first half from a shell.

  spring, pendulum    simulated as for Hamiltonian Neural Networks
  real_pendulum       Schmidt and Lipson's measured pendulum, HNN's split
  schmidt_lipson      all of their files, one trial an example
  multiarm_pendulum   Kaheman et al.'s measured pendulum
  planets             JPL DE421, one planet an example
  controlled_pendulum Gymnasium's pendulum under random torques, frames
  ramp_video          objects on a ramp, simulated with pymunk, frames
  physics101          Wu et al.'s videos of objects on a ramp

The measured files are not distributed: see `sources`. `pipelines` makes batches
of any of them. `systems` is the catalogue of simulated systems; most need no
preparation.
"""
