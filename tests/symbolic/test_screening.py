"""The search through a language: what survives, and with what numbers."""

import numpy as np
import pytest

from datasets import hamiltonian
from noether_jax.data.trajectories import Trajectories
from noether_jax.symbolic import noise as noise_lib
from noether_jax.symbolic import refining
from noether_jax.symbolic import samples as samples_lib
from noether_jax.symbolic import screening
from noether_jax.symbolic.grammar import make_grammar
from noether_jax.symbolic.parsing import parse

PENDULUM = make_grammar(["q", "p"], ["rad", "1/s"],
                        parameter_units=["1", "1/s^2"])
LAW = parse("p^2 - c0[1/s^2]*cos(q)", PENDULUM.inputs)


def data(noise: float, seed: int = 0) -> Trajectories:
  return hamiltonian.generate(hamiltonian.SAMPLINGS["pendulum"],
                              noise=noise,
                              targets="derivative",
                              seed=seed,
                              num_trajectories=25)


@pytest.fixture(scope="module", name="language")
def fixture_language() -> screening.Language:
  """The pendulum's formulas that can be the law, with decoys around them."""
  whole = screening.make_language(PENDULUM)
  kept = [
      i for i, f in enumerate(whole.distinct)
      if i % 40 == 0 or {"cos(q)", "p^2"} <= set(map(str, f.nodes()))
  ]
  return screening.Language([whole.distinct[i] for i in kept],
                            [whole.distinct[i] for i in kept],
                            whole.multiplicity[kept], whole.stage)


def test_the_language_is_the_papers(language):
  assert language.stage.counts["formulas"] == 39343
  assert language.stage.counts["distinct"] < 39343


def test_only_the_energy_survives(language):
  samples = samples_lib.concatenate(list(data(0.0).states))
  found, stages = screening.search(language, samples)
  assert [str(s.formula) for s in found] == [str(LAW)]
  assert found[0].text(4) == "p^2 - 3.000*cos(q)"
  assert abs(found[0].refined.parameters[0] - 3.0) < 1e-3
  assert found[0].refined.ratio < 1e-12 < 0.5 < found[0].null_ratio
  assert len(found[0].equivalents) == 5
  assert [s.name for s in stages] == ["fit", "null", "group"]
  assert all(s.seconds >= 0 for s in stages)


@pytest.mark.parametrize("integrate", [False, True])
def test_the_energy_survives_noise(language, integrate):
  noisy = data(0.1)
  states, noise = np.stack(noisy.states), noise_lib.StateNoise(np.full(2, 0.1))
  if integrate:
    states, noise = noise_lib.integrate(states, np.stack(noisy.derivatives),
                                        noisy.times[0])
    np.testing.assert_allclose(noise.sigma,
                               0.1 / np.sqrt(states.shape[1]),
                               rtol=0.1)
  found, _ = screening.search(language,
                              samples_lib.concatenate(list(states)),
                              noise=noise)
  assert [str(s.formula) for s in found] == [str(LAW)]
  error = abs(found[0].refined.parameters[0] - 3.0)
  assert error < (0.03 if integrate else 0.1)
  assert error < 4 * found[0].refined.errors[0]


def test_shuffled_trajectories_conserve_nothing(language):
  samples = samples_lib.concatenate(list(data(0.0).states)).shuffled(1)
  found, stages = screening.search(language, samples)
  assert found == []
  assert stages[1].counts["below the null"] == 0


def test_noise_that_explains_everything_is_not_a_law(language):
  rng = np.random.default_rng(0)
  cloud = [0.5 + 0.1 * rng.normal(size=(20, 2)) for _ in range(20)]
  found, _ = screening.search(language,
                              samples_lib.concatenate(cloud),
                              noise=noise_lib.StateNoise(np.full(2, 0.1)))
  assert found == []


def test_a_null_factor_must_be_above_one(language):
  samples = samples_lib.concatenate(list(data(0.0).states))
  with pytest.raises(ValueError, match="must be above 1: got 1"):
    screening.search(language, samples, null_factor=1)


def _estimates(corrected: bool, seeds: int = 12) -> np.ndarray:
  """Coefficient and its standard error from noisy states alone."""
  out = []
  for seed in range(seeds):
    samples = samples_lib.concatenate(list(data(0.1, seed).states))
    noise = noise_lib.StateNoise(np.full(2, 0.1)) if corrected else None
    fit = refining.refine(LAW, np.array([2.8]), samples, noise)
    out.append((fit.parameters[0], fit.errors[0]))
  return np.array(out)


@pytest.mark.slow
def test_refining_removes_the_bias_of_noise():
  plain, corrected = _estimates(False), _estimates(True)
  spread = corrected[:, 0].std() / np.sqrt(len(corrected))
  assert abs(plain[:, 0].mean() - 3) > 4 * spread
  assert abs(corrected[:, 0].mean() - 3) < 3 * spread
  # Standard errors are those that the seeds show.
  scores = (corrected[:, 0] - 3) / corrected[:, 1]
  assert 0.4 < np.sqrt(np.mean(scores**2)) < 1.8


def test_refining_needs_three_trajectories():
  samples = samples_lib.concatenate(list(data(0.0).states[:2]))
  with pytest.raises(ValueError, match="at least 3 trajectories: got 2"):
    refining.refine(LAW, np.array([3.0]), samples)


def test_a_formula_without_parameters_is_judged_as_it_is():
  samples = samples_lib.concatenate(list(data(0.0).states))
  formula = parse("p^2", PENDULUM.inputs)
  fit = refining.refine(formula, np.zeros(0), samples)
  assert fit.parameters.size == 0 and 0 < fit.ratio < 1


def test_integration_recovers_the_clean_path():
  noisy = data(0.1)
  states, noise = noise_lib.integrate(np.stack(noisy.states),
                                      np.stack(noisy.derivatives),
                                      noisy.times[0])
  error = np.sqrt(np.mean((states - noisy.clean)**2, axis=(0, 1)))
  np.testing.assert_allclose(error, noise.sigma, rtol=0.4)
