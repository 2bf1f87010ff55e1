"""The simulation of the generalisation gap, and its program."""

import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.common import tables as common
from experiments.theory import config as configs
from experiments.theory import main
from experiments.theory import simulation
from experiments.theory import tables

CONFIG = configs.Config(training_sets=20)
FREE = (0, 1, 3, 4)


@pytest.fixture(name="measured", scope="module")
def fixture_measured():
  keys = jax.vmap(jax.random.key)(jnp.arange(3))
  return simulation.measure(keys,
                            jnp.array(FREE),
                            dimension=4,
                            num_examples=16,
                            config=CONFIG)


def drawn(dimension, num_examples=16):
  """A frame, v* along its first column, and displacements."""
  frame_key, key = jax.random.split(jax.random.key(0))
  frame = jnp.linalg.qr(jax.random.normal(frame_key, (dimension, dimension)))[0]
  noise = jax.random.normal(key, (num_examples, dimension))
  return frame, frame[:, 0], frame[None, :, 0] + noise


def empirical(v, displacements):
  error = np.asarray(displacements) - np.asarray(v)
  square = CONFIG.scale(error.shape[1])**2
  return np.mean(1 - np.exp(-(error**2).sum(1) / (2 * square)))


def test_the_expected_loss_is_that_of_a_large_sample():
  _, shift, fresh = drawn(3, 100_000)
  v = jnp.array([0.5, -1.0, 0.2])
  found = simulation.expected_loss(v, shift, config=CONFIG)
  np.testing.assert_allclose(found, empirical(v, fresh), atol=4e-3)


def test_the_gap_is_expected_minus_empirical():
  _, shift, displacements = drawn(3)
  v = jnp.array([0.5, -1.0, 0.2])
  found = simulation.gap(v, shift, displacements, config=CONFIG)
  expected = simulation.expected_loss(v, shift, config=CONFIG)
  np.testing.assert_allclose(found, expected - empirical(v, displacements))


def test_the_gap_changes_no_faster_than_zeta():
  _, shift, displacements = drawn(4)
  slope = jax.grad(simulation.gap)
  points = 2 * jax.random.normal(jax.random.key(1), (200, 4))
  steep = jax.vmap(lambda v: jnp.linalg.norm(
      slope(v, shift, displacements, config=CONFIG)))(points)
  assert 0 < float(jnp.max(steep)) <= CONFIG.lipschitz(4)


@pytest.mark.parametrize("free", [0, 1, 3, 4])
def test_a_constrained_learner_conserves(free):
  """g is the state along the columns that A does not have."""
  frame, _, displacements = drawn(4)
  v, last = simulation.learn(displacements,
                             simulation.projector(frame, free),
                             config=CONFIG)
  np.testing.assert_allclose(frame[:, free:].T @ v, 0, atol=1e-12)
  assert float(last) <= CONFIG.tolerance
  assert (float(jnp.linalg.norm(v)) == 0) == (free == 0)


@pytest.mark.parametrize("free", [1, 3, 4])
def test_learning_ends_in_a_minimum_among_the_allowed(free):
  frame, _, displacements = drawn(4)
  allowed = simulation.projector(frame, free)
  v, _ = simulation.learn(displacements, allowed, config=CONFIG)
  moves = 0.05 * jax.random.normal(jax.random.key(2), (50, 4)) @ allowed
  least = empirical(v, displacements)
  assert all(empirical(v + move, displacements) > least for move in moves)


def test_the_learned_v_is_within_the_radius():
  frame, _, displacements = drawn(4)
  small = configs.Config(radius=0.1)
  v, _ = simulation.learn(displacements,
                          simulation.projector(frame, 4),
                          config=small)
  np.testing.assert_allclose(jnp.linalg.norm(v), 0.1)


def test_without_conserved_quantities_both_learners_are_one(measured):
  np.testing.assert_array_equal(measured.constrained[..., -1],
                                measured.unconstrained[..., -1])


def test_the_mean_gap_rises_with_the_free_dimensions(measured):
  """From the same noise, so that few training sets show it."""
  assert np.all(np.diff(measured.constrained.mean((0, 1))) > 0)


def test_the_free_dimensions_are_a_value():
  """Another m compiles nothing, and gives what it gives beside others."""
  traces = []

  @jax.jit
  def measure(keys, free):
    traces.append(1)
    return simulation.measure(keys,
                              free,
                              dimension=4,
                              num_examples=16,
                              config=CONFIG).constrained

  keys = jax.vmap(jax.random.key)(jnp.arange(2))
  alone = [measure(keys, jnp.array([m])) for m in FREE]
  assert len(traces) == 1
  together = measure(keys, jnp.array(FREE))
  np.testing.assert_allclose(jnp.concatenate(alone, axis=2),
                             together,
                             atol=1e-9)


def test_the_bound_holds(measured):
  rows = simulation.rows(measured,
                         FREE,
                         dimension=4,
                         num_examples=16,
                         config=CONFIG)
  assert [row["m"] for row in rows] == list(FREE)
  for row in rows:
    assert row["held"] == row["checked"] == 2 * 3 * 20
    assert row["constrained_largest"] <= row["constrained_bound"]
  bounds = [row["constrained_bound"] for row in rows]
  assert np.all(np.diff(bounds) > 0)
  assert bounds[-1] == rows[0]["unconstrained_bound"]


def row_of(**new):
  return {
      "d": 2,
      "m": 1,
      "n": 8,
      "unconstrained": [0.1, 0.3],
      "constrained": [0.1, 0.1],
      "unconstrained_bound": 2.0,
      "constrained_bound": 1.0,
      "held": 3,
      "checked": 4,
      **new
  }


def test_the_columns_of_the_text_are_aligned():
  body = tables.cells([row_of(), row_of(n=1024, held=4)])
  lines = common.text(tables.HEADER, body, left=0).splitlines()
  assert len(lines) == 5 and len(set(map(len, lines[2:]))) == 1
  assert lines[3].split()[-3:] == ["2.000", "1.000", "3/4"]
  header, _, first, _ = common.markdown(tables.HEADER, body).splitlines()
  assert header.startswith("| d | m | n | gap unconstrained | std |")
  assert header.count("|") == first.count("|") == len(tables.HEADER) + 1


def test_the_program_writes_everything(tmp_path, capsys):
  out = tmp_path / "new"
  assert main.main(["theory", "--quick", "--seeds=2", f"--out={out}"]) == 0
  assert sorted(path.name for path in out.iterdir()) == [
      "gap.png", "results.json", "table.md", "table.txt"
  ]
  results = json.loads((out / "results.json").read_text())
  assert results["settings"]["seeds"] == 2 and results["versions"]["jax"]
  assert len(results["rows"]) == 6
  assert all(len(row["constrained"]) == 2 for row in results["rows"])
  assert (out / "table.txt").read_text() in capsys.readouterr().out
  assert (out / "gap.png").read_bytes().startswith(b"\x89PNG")


def test_the_program_helps(capsys):
  assert main.main(["theory", "--help"]) == 0
  assert "--seeds" in capsys.readouterr().out


@pytest.mark.parametrize("arguments, message", [
    (["--seeds=0"], "flag --seeds=0: .*"),
    (["--speed=1"], "Unknown command line flag 'speed'"),
    (["more"], "unexpected arguments: more"),
    (["--out="], "--out is needed"),
    (["--out=/dev/null/x"], "The folder /dev/null/x: Not a directory"),
])
def test_a_mistake_gives_one_line(tmp_path, capsys, arguments, message):
  assert main.main(["theory", f"--out={tmp_path}", *arguments]) == 2
  told = capsys.readouterr().err
  assert told.count("\n") == 1 and re.match(f"theory: {message}", told)
  with pytest.raises(Exception, match=message):
    main.main(["theory", f"--out={tmp_path}", *arguments, "--debug"])


def test_an_interruption_is_told_in_one_line(tmp_path, capsys, monkeypatch):

  def interrupted(*_, **__):
    raise KeyboardInterrupt

  monkeypatch.setattr(simulation, "measure", interrupted)
  assert main.main(["theory", "--quick", f"--out={tmp_path}"]) == 130
  assert capsys.readouterr().err == "theory: interrupted.\n"
  assert not list(tmp_path.iterdir())
