"""Noise of differences in means, compared with noise that was drawn."""

import dataclasses

import numpy as np
import pytest

from noether_jax.discovery.differences import left_in_means
from tests.discovery import observed

_K = 3


def _samples():
  made = observed.samples([np.zeros((9, 2))] * 4, "q,v", [1., 1.])
  return dataclasses.replace(made, differences={1: (0, _K)})


@pytest.mark.parametrize("size", [4, 16, 64, 256])
@pytest.mark.parametrize("period", [40., 1e9])
def test_means_scatter_as_much_as_is_said(size, period):
  random, rows = np.random.default_rng(0), 256
  angle = 2 * np.pi * np.arange(rows) / period
  change = np.stack([np.cos(angle), 1.5 * np.sin(angle + .4)], 1)
  noise = random.normal(size=(4000, rows + 2 * _K))
  velocity = (noise[:, 2 * _K:] - noise[:, :-2 * _K]) / np.sqrt(2)
  drawn = change[:, 0] * noise[:, _K:-_K] + change[:, 1] * velocity
  blocks = drawn.reshape(4000, rows // size, size).mean(2)
  white = np.mean(np.sum(change**2, 1)) / size
  said = left_in_means(_samples(), [change], size)
  np.testing.assert_allclose(np.mean(blocks**2) / white, said, rtol=.06)


def test_white_noise_is_left_whole():
  made = observed.samples([np.zeros((9, 2))] * 4, "q,v", [1., 1.])
  assert left_in_means(made, [np.ones((50, 2))], 10) == 1.
