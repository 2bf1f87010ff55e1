"""Lawless and distorted data, and the count of false laws in them."""

import json
from typing import NamedTuple

from absl import app
from absl import flags
from absl.testing import flagsaver
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import false_alarms
from benchmarks import lawless
from benchmarks import pool
from noether_jax.data.conversion import as_trajectories
from tests.benchmarks.test_truth import Made

_KEYS = {
    "runs", "verdicts", "false", "by_kind", "joined", "share_below_05",
    "seconds"
}
# Kinds of data of which a true law may be found.
_TRUE = {
    "fast events", "wrapped angles", "quantised", "coarse", "wild points",
    "coloured noise", "no times", "drifting sensor", "damped",
    "filtered losses", "one value", "hidden constant"
}


class Found(NamedTuple):
  laws: tuple = ()
  p_value: float | None = None


@pytest.mark.parametrize("kind", lawless.KINDS)
def test_each_kind_makes_data_that_can_be_searched(kind):
  for seed in range(3):
    data, again = (
        lawless.KINDS[kind](np.random.default_rng(seed)) for _ in range(2))
    for one, other in zip(data.states, again.states, strict=True):
      np.testing.assert_array_equal(one, other)
    known = as_trajectories(data.states, data.times, columns=data.variables)
    assert 3 <= len(known.states) <= 20
    assert 2 <= len(known.variables) <= 4
    assert all(20 <= len(s) <= 300 for s in known.states)
    system = data.known and data.known.system
    has_laws = system and system.num_conserved + system.num_balances
    assert not has_laws or kind in _TRUE


def test_there_are_twenty_kinds():
  assert len(lawless.KINDS) >= 20 and _TRUE < set(lawless.KINDS)


def test_joined_halves_break_a_law():
  data = lawless.joined(np.random.default_rng(0), names=("spring",))
  energies = np.sum(np.stack(data.states)**2, axis=-1)
  half = energies.shape[1] // 2
  assert data.known is None and len(data.states) >= 8
  change = np.abs(energies[:, half:].mean(1) - energies[:, :half].mean(1))
  assert np.all(change > 1e-4)


def test_the_pool_is_drawn_from_without_repetition():
  data = pool.drawn(np.random.default_rng(0), ("spring",), noises=(0.,))
  assert len({s.tobytes() for s in data.states}) == len(data.states)
  law = Made("q,p", lambda q, p: q**2 + p**2)
  assert not false_alarms.false_laws([law], data)
  noisy = pool.drawn(np.random.default_rng(0), ("spring",), noises=(.1,))
  error = np.concatenate(noisy.states) - np.concatenate(data.states)
  np.testing.assert_allclose(error.std(0),
                             .1 * np.concatenate(data.states).std(0),
                             rtol=.1)


@pytest.mark.parametrize("kind, columns, function, verdict, false", [
    ("wrapped angles", "q,p", lambda q, p: p**2 - 3 * jnp.cos(q), "conserved",
     0),
    ("wrapped angles", "q,p", lambda q, p: p**2 + q**2, "conserved", 1),
    ("wrapped angles", "q,p", lambda q, p: p**2, "approximately conserved", 0),
    ("hidden constant", "q,p", lambda q, p: p**2 + q**2, "conserved", 1),
    ("white noise", "x,y", lambda x, y: x, "conserved", 1),
    ("white noise", "x,y", lambda x, y: x, "cannot tell", 0),
    ("joined halves", "q,p", lambda q, p: p**2 + q**2, "balance", 1),
])
def test_false_laws_are_those_that_are_not_true(kind, columns, function,
                                                verdict, false):
  data = lawless.KINDS[kind](np.random.default_rng(0))
  law = Made(columns, function, verdict)
  assert len(false_alarms.false_laws([law], data)) == false


def test_p_values(monkeypatch):
  assert false_alarms.p_value(None) == 1
  assert false_alarms.p_value(Found(p_value=.25)) == .25
  with pytest.raises(app.UsageError, match="no `p_value`: leave .*--joined=0"):
    false_alarms.p_value(Found())
  values = iter([.01, .5, .2, .04])
  monkeypatch.setattr(false_alarms, "discover",
                      lambda *_, **__: Found(p_value=next(values)))
  assert list(false_alarms.joined_p_values(4, 0)) == [.01, .5, .2, .04]


def test_the_program_prints_counts(capsys, monkeypatch):
  law = Made("x,y", lambda x, y: x)
  monkeypatch.setattr(false_alarms, "discover", lambda *_, **__: Found(
      (law,), .01))
  with flagsaver.flagsaver():
    flags.FLAGS([
        "false_alarms", "--runs=3", "--joined=2",
        "--of=white noise,random walks"
    ])
    false_alarms.main(["false_alarms"])
  captured = capsys.readouterr()
  record = json.loads(captured.out)
  assert set(record) == _KEYS
  assert record["runs"] == record["false"] == record["verdicts"] == 3
  assert record["by_kind"]["white noise"] == {
      "runs": 2,
      "verdicts": 2,
      "false": 2
  }
  assert record["joined"] == 2 and record["share_below_05"] == 1
  assert "random walks, run 1: conserved" in captured.err


def test_refused_data_have_no_laws():
  data = lawless.KINDS["white noise"](np.random.default_rng(0))
  assert false_alarms.search(data.but([np.ones((30, 2))] * 3), 0) is None


def test_without_joined_data_there_is_no_share(capsys):
  with flagsaver.flagsaver():
    flags.FLAGS(["false_alarms", "--runs=1", "--joined=0", "--of=white noise"])
    false_alarms.main(["false_alarms"])
  record = json.loads(capsys.readouterr().out)
  assert record["share_below_05"] is None and record["false"] == 0


def test_unknown_kinds_are_refused():
  with flagsaver.flagsaver():
    flags.FLAGS(["false_alarms", "--of=none"])
    with pytest.raises(app.UsageError, match="'none' is none of"):
      false_alarms.main(["false_alarms"])
