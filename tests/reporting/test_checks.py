"""The check of a quantity: its cell and its text."""

import dataclasses
import math

import numpy as np
import pytest

from noether_jax.discovery.evidence import Evidence
from noether_jax.reporting import checks
from noether_jax.reporting import verdicts
from tests.reporting import made
from tests.reporting import pages


@dataclasses.dataclass
class Check:
  """A check of `q^2` on `made.data()`."""
  verdict: str = "conserved"
  reason: str = ""
  text: str = "q**2"
  latex: str = "q^{2}"
  unit: str = "J"
  evidence: Evidence = made.EVIDENCE["conserved"]
  values: tuple = tuple(s[:, 0]**2 for s in made.data().states)
  drift: float = -.2
  drift_interval: tuple = (-.3, -.1)
  scale: float = 4.
  scale_name: str = "its spread over all data"
  excursion: float = .5
  messages: tuple = ("a note",)


@pytest.mark.parametrize("kind", tuple(made.EVIDENCE))
def test_a_cell_of_each_verdict(kind):
  result = Check(*made.judged(kind), evidence=made.EVIDENCE[kind])
  tree = pages.parsed(checks.check_html(result, made.data()))
  shown = " ".join(pages.text(tree).split())
  assert {"math", "svg"} <= pages.tags(tree)
  assert "falls by 30 % of its spread over all data. The" in shown
  assert "The drift is −0.2 J per s, between −0.3 and −0.1" in shown
  assert "0.5 J at most, 12 % of its" in shown and "A note." in shown
  assert ("within/total" in shown) == (kind != verdicts.ONE_VALUE)


@pytest.mark.parametrize("interval,text", [
    ((-.1, .1), "The drift cannot be distinguished from zero"),
    ((.1, .3), "The drift is -0.2"),
    ((math.nan, math.nan), "too few for a confidence interval"),
])
def test_drift(interval, text):
  found = checks.findings(Check(drift_interval=interval), made.data())
  assert text in found[0]


@pytest.mark.parametrize("change,text", [
    ({
        "drift": -2e-9,
        "drift_interval": (-2.1e-9, -1.9e-9)
    },
     "Its drift is negligible: over a whole trajectory less than 1 part in 10^7"
    ),
    ({
        "drift": 3e-5,
        "drift_interval": (2.999e-5, 3.001e-5)
    }, "trajectory less than 1 part in 10^4 of its spread over all data. The "
     "drift is 3e-05 J per s, between 2.999e-05 and 3.001e-05 J per s"),
    ({
        "drift": .02,
        "drift_interval": (.01, .03)
    }, "it rises by 3 % of its"),
    ({
        "drift": 9.,
        "drift_interval": (8., 10.)
    }, "it rises by 14 times its"),
    ({
        "scale": 0.
    }, "Its drift is negligible"),
])
def test_drift_counts_beside_the_spread(change, text):
  assert text in checks.findings(Check(**change), made.data())[0]


def test_units_of_a_pure_number():
  data = dataclasses.replace(made.data(), time_unit="")
  lines = checks.findings(Check(unit="1", scale=.2), data)
  assert "-0.2 per time unit" in lines[0]
  assert "by 0.5 at most, 2.5 times its spread" in lines[1]


def test_names_from_users_stay_text():
  result = Check(text=made.HOSTILE, latex="", messages=(made.HOSTILE,))
  tree = pages.parsed(checks.check_html(result, made.data()))
  assert "script" not in pages.tags(tree)
  assert pages.text(tree).count(made.HOSTILE) >= 2


def test_a_page_is_whole_and_keeps_names_as_text():
  tree = pages.page(checks.check_page(Check(text=made.HOSTILE), made.data()))
  assert tree.find("./head/title").text == f"Is {made.HOSTILE} conserved?"
  assert "script" not in pages.tags(tree)
  assert {"math", "svg"} <= pages.tags(tree)


def test_text():
  lines = checks.check_text(Check(), made.data()).splitlines()
  assert lines[0] == "q**2   [J]" and lines[-1] == "verdict: conserved"
  assert "note: a note" in lines
  result = Check(*made.judged(verdicts.FEW))
  assert checks.check_text(
      result, made.data()).endswith("verdict: cannot tell (few trajectories)")


def test_without_times_there_is_no_drift():
  data = dataclasses.replace(made.data(), timed=False)
  assert checks.findings(Check(), data)[0] == "Without times there is no drift."


@pytest.mark.parametrize("value", [0., -2., math.nan])
def test_one_value_fills_no_panel(value):
  data = made.data(1)
  result = Check(*made.judged(verdicts.ONE_VALUE), values=(np.full(50, value),))
  assert "<svg" in checks.check_html(result, data)
