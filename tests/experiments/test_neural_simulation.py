"""Training and test trajectories of the experiment with a neural g."""

import numpy as np
import pytest

from experiments.neural import simulation

KEPLER = simulation.SAMPLINGS["kepler"]
PENDULUM = simulation.SAMPLINGS["pendulum"]


def test_sets_of_different_size_and_noise_share_what_they_can():
  make = lambda **kw: simulation.generate(KEPLER, seed=3, num_test=2, **kw)
  small, large = make(noise=0.1, num_train=2), make(noise=0., num_train=4)
  np.testing.assert_array_equal(small.train.clean, large.train.clean[:2])
  np.testing.assert_array_equal(small.test, large.test)
  clean = np.stack(small.train.clean)
  noise = (small.train.states - clean) / clean.reshape(-1, 4).std(0)
  assert 0.08 < noise.std() < 0.12
  np.testing.assert_array_equal(large.train.states, large.train.clean)


def test_a_test_path_starts_as_a_training_path_does_and_lasts_longer():
  data = simulation.generate(PENDULUM,
                             noise=0.,
                             seed=0,
                             num_train=2,
                             num_test=1,
                             stretch=3)
  assert data.test.shape == (1, 3 * 44 + 1, 2)


@pytest.mark.parametrize("kwargs, message", [
    ({
        "noise": -1.,
        "num_train": 2
    }, "noise must be a number >= 0, got -1.0"),
    ({
        "noise": 0.,
        "num_train": 1
    }, "num_train >= 2"),
])
def test_errors(kwargs, message):
  with pytest.raises(ValueError, match=message):
    simulation.generate(PENDULUM, seed=0, **kwargs)
