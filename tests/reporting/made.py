"""Small results of every kind, without a search."""

import dataclasses
import math

import numpy as np

from noether_jax.data.columns import parse_columns
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.evidence import Evidence
from noether_jax.discovery.forms import Combination
from noether_jax.discovery.forms import Loss
from noether_jax.discovery.law import Law
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.result import Discovery
from noether_jax.discovery.terms import Atom
from noether_jax.discovery.terms import Term
from noether_jax.reporting import verdicts
from noether_jax.symbolic.noise import StateNoise
from noether_jax.symbolic.units import Unit

# By verdict and, where one cannot tell, by its reason.
EVIDENCE = {
    verdicts.CONSERVED: Evidence(3e-9, 3e-9, math.inf, .3, p_value=.01),
    verdicts.BALANCE: Evidence(4e-5, 1e-6, 1.1, .5, .4, .02),
    verdicts.APPROXIMATE: Evidence(.04, .03, 9., -7., 5.),
    verdicts.FEW: Evidence(4e-5, 1e-6, 1.1, 2.5),
    verdicts.ONE_VALUE: Evidence(1., math.inf, math.inf, 0.),
    verdicts.UNTIMED: Evidence(4e-3, 4e-3, math.inf, 0.),
    verdicts.RATES: Evidence(4e-3, 4e-4, 1.2, 0., 2.),
    verdicts.DISAGREE: Evidence(3e-9, 3e-9, math.inf, .3),
    verdicts.CHANCE: Evidence(4e-5, 1e-6, 1.1, .5, .4, .3),
    verdicts.SERIES: Evidence(4e-3, 2e-3, 1.1, .5, .4, .02),
    verdicts.CONTRADICTION: Evidence(4e-2, 7e-3, 1.1, .5, .8, .02),
    verdicts.NOT_CONSERVED: Evidence(.9, .9, 40., 1.),
}
HOSTILE = "q</title></script><script>alert(1)</script>"


def judged(kind):
  """Verdict and reason, by a key of `EVIDENCE`."""
  unknown = kind in verdicts.REASONS
  return (verdicts.UNKNOWN, kind) if unknown else (kind, "")


def law(kind="conserved", columns="q:m,p:m/s", **changes):
  """`q^2 + 2.5 p^2`."""
  variables = parse_columns(columns)
  if "name" in changes:
    first = dataclasses.replace(variables[0], name=changes.pop("name"))
    variables = (first, *variables[1:])
  terms = tuple(Term.make([(Atom("var", (i,)), 2)], variables) for i in (0, 1))
  parts = {
      "terms": terms,
      "coefficients": np.array([1., 2.5]),
      "uncertainties": np.array([0., 1e-4]),
      "freedom": 7,
      "reference": 0
  }
  if kind == verdicts.BALANCE:
    friction = PathTerm.make(((Atom("var", (1,)), 2),), variables,
                             Unit.parse("s"))
    parts["losses"] = (Loss(friction, .1, .002, .25),)
  parts = {k: changes.pop(k, v) for k, v in parts.items()}
  made = Law(variables, Combination(**parts), EVIDENCE[kind], *judged(kind))
  return dataclasses.replace(made, **changes)


def data(count=3, columns="q:m,p:m/s", rows=50):
  """Circles, of a hundredth of noise."""
  times = np.linspace(0., 6., rows)
  random = np.random.default_rng(0)
  states = tuple((n + 1) * np.stack([np.cos(times), -np.sin(times)], -1) +
                 .01 * random.normal(size=(rows, 2)) for n in range(count))
  labels = tuple(f"run {n}" for n in range(count)) if count > 1 else ("",)
  return Trajectories(parse_columns(columns), labels, (times,) * count, states,
                      "s")


def found(kind="conserved", **changes):
  """A discovery of one law, or of none."""
  one = law(kind)
  none = kind == verdicts.NOT_CONSERVED
  given = dataclasses.replace(data(),
                              variables=changes.pop("variables", one.variables))
  made = Discovery(given, () if none else (one,),
                   int(kind == verdicts.CONSERVED), one if none else None, 20,
                   StateNoise(np.array([.01, .01])), False, (1, 2),
                   ("no time column: rows are taken to be 1 apart",))
  return dataclasses.replace(made, **changes)


@dataclasses.dataclass
class Variant:
  """Rollouts of two seeds, three paths, forty times."""
  name: str
  size: float

  @property
  def error(self):
    """`[2, 3, 40]`."""
    return np.broadcast_to(self.size * np.linspace(.1, 1., 40), (2, 3, 40))

  drift = error


class Outcome:
  """The comparison; tailoring gives half of the error."""
  times = np.linspace(.1, 4., 40)
  variants = (Variant("without a law", 1.), Variant("tailored, law 1", .5))

  def __init__(self, ratio=.5, wins=2, growth=2., across=1., speed_only=()):
    row = {
        "name": "without a law",
        "laws": 0,
        "rmse": [1., .1],
        "ratio_paired": [1., 0.],
        "wins": 0,
        "validation_rmse": [1., .1],
        "validation_ratio": [1., 0.],
        "growth": 2.,
        "mended": None,
        "speed_only": [],
        "drift": .3,
        "diverged": 0
    }
    other = {**row, "name": "tailored, law 1", "laws": 1, "growth": growth}
    other.update(rmse=[ratio, .1],
                 ratio_paired=[ratio, .02],
                 validation_rmse=[ratio, .1],
                 validation_ratio=[ratio, .02],
                 wins=wins,
                 drift=1e-6,
                 speed_only=list(speed_only),
                 mended={
                     "share_before": .07,
                     "share_after": .001,
                     "across": across
                 })
    self.summary = {
        "split": "2 of 8 trajectories held out",
        "seeds": 2,
        "held_out_paths": 3,
        "horizon": 4.,
        "training_loss": [.1, float("nan")],
        "recommended": "tailored, law 1" if ratio < 1 else "without a law",
        "variants": [row, other]
    }
