"""The benchmark of discovery counts what is right, and prints it by kind."""

import json
from typing import NamedTuple

from absl import app
from absl import flags
from absl.testing import flagsaver
import pytest

from benchmarks import discovery
from benchmarks.systems import KINDS
from benchmarks.systems import SAMPLINGS
from noether_jax.discovery.count import Count
from tests.benchmarks.test_truth import Made

_KEYS = {
    "detected", "exact_count", "form_right", "cannot_tell", "false", "seconds"
}


class Found(NamedTuple):
  laws: tuple
  verdict: str = "no law found"
  count: Count | None = None


class Law(Made):
  text = "a law"


_ENERGY = Law("q,p", lambda q, p: q**2 + p**2)
_ANGULAR = Law("x,y,px,py", lambda x, y, u, v: x * v - y * u)


def test_the_catalogue_has_systems_of_each_kind():
  assert len(SAMPLINGS) >= 32
  assert sum(map(len, KINDS.values())) == len(SAMPLINGS)
  assert len(KINDS["lawless"]) >= 12
  for name in KINDS["lawless"]:
    assert SAMPLINGS[name].system.num_conserved == 0


@pytest.mark.parametrize("laws, name, found, false, exact, form", [
    ([_ENERGY], "spring", 1, 0, True, True),
    ([_ENERGY._replace(verdict="approximately conserved")
     ], "spring", 0, 0, False, False),
    ([_ENERGY, _ENERGY], "spring", 2, 0, False, True),
    ([_ENERGY], "damped spring", 0, 1, False, False),
    ([_ENERGY._replace(verdict="balance")], "damped spring", 1, 0, True, True),
    ([_ENERGY], "Van der Pol", 0, 1, False, False),
    ([], "Van der Pol", 0, 0, True, False),
    ([_ANGULAR], "nonlinear spring 2-D", 1, 0, False, True),
    ([_ANGULAR, Law("x,y,px,py", lambda x, y, u, v: x + v)
     ], "nonlinear spring 2-D", 1, 1, False, False),
])
def test_verdicts_are_counted(laws, name, found, false, exact, form):
  if name == "Van der Pol":
    laws = [law._replace(columns="x,v") for law in laws]
  row = discovery.judge(Found(tuple(laws)), name, 20, 0.)
  assert (row["found"], row["false"]) == (found, false)
  assert (row["exact"], row["form"]) == (exact, form)
  assert not row["cannot_tell"]


def test_with_noise_a_form_may_be_further_off():
  law = Law("q,p", lambda q, p: q**2 + 1.15 * p**2)
  clean, noisy = (
      discovery.judge(Found((law,)), "spring", 20, noise) for noise in (0., .1))
  assert 2 < clean["angles"][0] < 5
  assert noisy["form"] and not clean["form"]
  assert (clean["false"], noisy["false"]) == (1, 0)


@pytest.mark.parametrize("count, exact", [(2, True), (5, False)])
def test_few_trajectories_cannot_tell(count, exact):
  row = discovery.judge(Found((), "cannot tell: other energies are needed"),
                        "nonlinear spring 2-D", count, 0.)
  assert row["cannot_tell"] and row["exact"] == exact
  row = discovery.judge(Found((_ENERGY._replace(verdict="cannot tell"),)),
                        "spring", count, 0.)
  assert row["cannot_tell"] and not row["false"]


def test_the_program_prints_shares_by_kind_and_noise(capsys):
  with flagsaver.flagsaver():
    flags.FLAGS([
        "discovery", "--systems=spring,spring positions,white noise",
        "--trajectories=3,8", "--seeds=1", "--noises=0,0.01"
    ])
    discovery.main(["discovery"])
  record = json.loads(capsys.readouterr().out)
  assert set(record["by_trajectories"]) == {"3", "8"}
  table = record["by_trajectories"]["8"]
  assert set(table["by_noise"]) == {"0", "0.01"}
  assert set(table["by_kind"]) == {"plain", "positions only", "lawless"}
  for part in (table["by_noise"], *table["by_kind"].values()):
    assert all(set(shares) == _KEYS for shares in part.values())
  assert table["by_kind"]["plain"]["0"]["form_right"] == 1
  assert table["by_kind"]["lawless"]["0"]["detected"] is None
  assert len(record["data_sets"]) == 12


@pytest.mark.parametrize("flag", ["--kinds=none", "--systems=none"])
def test_unknown_names_are_refused(flag):
  with flagsaver.flagsaver():
    flags.FLAGS(["discovery", flag])
    with pytest.raises(app.UsageError, match="'none' is none of"):
      discovery.main(["discovery"])


def test_counts_are_compared_with_what_the_system_conserves():
  rows = [
      discovery.judge(Found((), count=Count(0, 1, 0, number, number == 2)),
                      name, 20, 0.)
      for name, number in (("spring", 1), ("spring", 2), ("damped spring", 0),
                           ("Van der Pol", 0))
  ]
  summary = discovery.summarise([{**row, "seconds": 1.} for row in rows])
  assert summary["count_right"] == .75
  assert summary["count_high"] == summary["count_open"] == .25
