"""The rows of the table: recipes for f and g."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.neural import judging
from experiments.neural import learning
from experiments.neural.study import Study
from experiments.neural.study import TailoredField
from noether_jax import discover
from noether_jax.data.columns import parse_columns
from noether_jax.discovery.terms import term_values
from noether_jax.errors import InputError

Array = jax.Array
# The row to which every ratio refers.
CONTROL = "control"


def tailored(e: Study,
             theta: Any,
             phi: Any,
             *,
             conserved_fn: Callable[..., Array] | None = None,
             fraction: Array | None = None,
             sgd: float | None = None) -> TailoredField:
  """f tailored by g in one inner step."""
  function = e.conserved_fn if conserved_fn is None else conserved_fn
  whole = e.ones() if fraction is None else fraction
  return TailoredField(e.tailored(function, sgd), (theta, phi, whole), function,
                       phi)


def _naive(e: Study) -> TailoredField:
  function, start = e.naive
  inner_rate = e.config.naive_inner_rate
  both = learning.joint(e,
                        "naive joint training",
                        start,
                        conserved_fn=function,
                        sgd=inner_rate)
  return tailored(e,
                  both["f"],
                  both["g"],
                  conserved_fn=function,
                  sgd=inner_rate)


def _quotient(e: Study) -> TailoredField:
  return tailored(e.general, e.control, learning.quotient(e.general))


def _quotient_joint(e: Study) -> TailoredField:
  e = e.general
  both = learning.joint(e, "joint training", learning.quotient(e))
  return tailored(e, both["f"], both["g"])


def _random(e: Study) -> TailoredField:
  e = e.general
  theta = learning.through_frozen(e, "training through a random g", e.untrained)
  return tailored(e, theta, e.untrained)


def _final(e: Study) -> TailoredField:
  trust, phi = judging.trust(e), learning.precise(e)
  params = (trust.theta, phi, trust.fraction, trust.fallback, e.region,
            trust.guard)
  return TailoredField(e.guarded(), params, e.conserved_fn, phi)


def true_law(e: Study) -> Callable[..., Array]:
  """The system's known quantities as a ConservedFn without parameters."""
  return lambda _, x: e.system.laws(x, jnp)


def _oracle(e: Study, theta: Any) -> TailoredField:
  return tailored(e, theta, e.ones(), conserved_fn=true_law(e))


def with_formulas(e: Study, theta: Any, paths: Any,
                  stage: str) -> TailoredField:
  """f tailored with the formulas that the library's search finds in paths.

  Args:
    e: the study.
    theta: f's parameters.
    paths: `[S, N, T, D]`.
    stage: the search's name.

  Returns:
    A `TailoredField`; without tailoring where nothing was found.
  """
  variables = parse_columns(e.system.columns)
  count = e.num_quantities
  with e.stages.stage(stage) as counts:
    found = []
    for states in np.asarray(paths, np.float64):
      try:
        times = [e.data.dt * np.arange(len(s)) for s in states]
        found.append(discover(list(states), times, columns=variables).laws)
      except InputError:
        found.append(())
    # Denoised states share an error along a trajectory, so that the search
    # finds a true law only approximately conserved.
    named = lambda laws: [w for w in laws if "conserved" in w.verdict]
    found = [named(laws)[:count] for laws in found]
    counts["laws"] = [[law.text for law in laws] for laws in found]
  terms = list(
      dict.fromkeys(t for laws in found for law in laws for t in law.terms))
  if not terms:
    return TailoredField(lambda p, x: e.apply(p, x), theta)
  values = np.zeros((len(found), count, len(terms)), np.float32)
  for s, laws in enumerate(found):
    for k, law in enumerate(laws):
      for term, c in zip(law.terms, law.coefficients):
        values[s, k, terms.index(term)] = c
  function = lambda c, x: c @ term_values(terms, x)
  return tailored(e, theta, jnp.asarray(values), conserved_fn=function)


ROWS: dict[str, Callable[[Study], TailoredField]] = {
    "vanilla":
        lambda e: TailoredField(e.apply, e.vanilla),
    CONTROL:
        lambda e: TailoredField(e.apply, e.control),
    "control, smooth states":
        lambda e: TailoredField(e.apply, e.smooth_control),
    "control, denoised states":
        lambda e: TailoredField(e.apply, e.denoised_control),
    "HNN":
        lambda e: TailoredField(e.hamiltonian, e.energy_network),
    "random frozen g":
        _random,
    "naive joint g":
        _naive,
    "quotient g":
        _quotient,
    "quotient g, joint":
        _quotient_joint,
    "precise g":
        lambda e: tailored(e, e.control, learning.precise(e)),
    "precise g, denoised states":
        lambda e: tailored(e, e.denoised_control, learning.precise(e)),
    "final":
        _final,
    "discovered formula":
        lambda e: with_formulas(e, e.control, e.denoised, "discovery"),
    "oracle":
        lambda e: _oracle(e, e.control),
    "oracle, denoised states":
        lambda e: _oracle(e, e.denoised_control),
}
