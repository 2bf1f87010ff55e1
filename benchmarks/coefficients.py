"""How often coefficients lie within two standard errors of the true ones.

  python -m benchmarks.coefficients [--coefficient_seeds=1]
      [--coefficient_noises=0.01] [--coefficient_systems=Kepler,pendulum]

Searches 20 trajectories of every system of the catalogue that has laws. A true
law found has certain terms; of these terms and losses, exact rates of change at
exact states allow one combination only, which holds the true coefficients. Laws
are left out that have one term, or terms of which no combination is exact (an
approximation), or of which several are.

Prints a line per law on standard error, and one JSON object: by noise, for all
systems and by kind,

  laws          true laws found;
  one_term      those without a coefficient to compare;
  approximate   those of whose terms no combination is exact;
  ambiguous     those of whose terms several combinations are exact;
  coefficients  compared, of all other laws;
  within_two    share of them within two standard errors of the truth;
  whole_laws    share of the compared laws all of whose coefficients are;
  error         median distance from the truth, in standard errors; 0.67 is
                right.
"""

from collections.abc import Iterator, Sequence
import json
import sys
from typing import Any

from absl import app
from absl import flags
import numpy as np

from benchmarks import truth
from benchmarks.systems import KINDS
from benchmarks.systems import SAMPLINGS
from noether_jax import discover
from noether_jax.discovery.law import Law
from noether_jax.discovery.terms import gradients
from noether_jax.errors import InputError

_SEEDS = flags.DEFINE_integer("coefficient_seeds", 1,
                              "Data sets per system and noise.")
_NOISES = flags.DEFINE_list("coefficient_noises", ["0.01"], "Noise levels.")
_SYSTEMS = flags.DEFINE_list("coefficient_systems", None,
                             "Names of systems; all with laws by default.")

_TRAJECTORIES = 20
_STANDARD_ERRORS = 2.
# Rates of change that are so small beside their parts are zero.
_EXACT = 1e-5


def term_rates(law: Law, known: truth.Exact) -> tuple[np.ndarray, np.ndarray]:
  """Exact rates of change of a law's terms, then its losses.

  Args:
    law: with k terms and l losses.
    known: trajectories of its system.

  Returns:
    The rates `[n, k + l]` at n exact states, and their sizes `[k + l]`: the
    root mean square of what the columns contribute, without cancellation.

  Raises:
    ValueError: if the law has other variables than the system.
  """
  system, states = known.system, known.states
  inputs = lambda s: truth.values_of(law.variables, system, s)
  field = np.asarray(system.derivatives(states, np))
  rates = np.einsum("nij,nj->ni", truth.jacobian(inputs, system, states), field)
  with np.errstate(all="ignore"):
    parts = gradients(law.terms, inputs(states)) * rates[:, None]
    columns = list(np.moveaxis(inputs(states), -1, 0))
    lost = [
        np.broadcast_to(loss.term.rate.value(columns), len(states))[:, None]
        for loss in law.losses
    ]
  values = np.concatenate([parts.sum(-1), *lost], axis=1)
  sizes = np.concatenate([np.abs(parts).sum(-1), *map(np.abs, lost)], axis=1)
  finite = np.isfinite(values).all(1)
  return values[finite], np.sqrt(np.mean(sizes[finite]**2, axis=0))


def true_combinations(law: Law, known: truth.Exact) -> np.ndarray:
  """All combinations of a law's terms and losses that are exact.

  Args:
    law: with k terms and l losses.
    known: trajectories of its system.

  Returns:
    `[m, k + l]`: m independent ones, with any factor.

  Raises:
    ValueError: as `term_rates`.
  """
  rates, sizes = term_rates(law, known)
  sizes = np.maximum(sizes, 1e-300)
  _, left, vectors = np.linalg.svd(rates / sizes / np.sqrt(len(rates)),
                                   full_matrices=False)
  return vectors[left < _EXACT] / sizes


def compare(law: Law, known: truth.Exact) -> dict[str, Any]:
  """Compare the coefficients of a law with the true ones.

  Args:
    law: a true law, a sum of terms.
    known: trajectories of its system.

  Returns:
    `form`: "one term", "approximate", "ambiguous" or "same"; and `errors` in
    standard errors, of the last kind only, without the coefficient that was
    chosen.

  Raises:
    ValueError: as `term_rates`.
  """
  found = np.r_[law.coefficients, [loss.coefficient for loss in law.losses]]
  spread = np.r_[law.uncertainties, [loss.uncertainty for loss in law.losses]]
  if len(found) < 2:
    return {"form": "one term", "errors": []}
  true = true_combinations(law, known)
  if len(true) > 1:
    return {"form": "ambiguous", "errors": []}
  if not len(true):
    return {"form": "approximate", "errors": []}
  chosen = law.reference
  true = true[0] * (found[chosen] / true[0, chosen])
  errors = np.delete((found - true) / np.maximum(spread, 1e-300), chosen)
  return {"form": "same", "errors": errors.round(2).tolist()}


def rows(name: str, noise: float, seed: int) -> Iterator[dict[str, Any]]:
  """Search a system once; compare each true law that is found."""
  sampling = SAMPLINGS[name]
  data = sampling.draw(_TRAJECTORIES, noise, seed)
  known = truth.exact(sampling)
  try:
    found = discover(data.states, data.times, columns=data.variables, seed=seed)
  except InputError as error:
    print(f"{name}: {error}", file=sys.stderr)
    return
  for law in found.laws:
    if law.verdict in truth.FOUND and law.terms and truth.is_true(
        law, known, noise):
      yield {"system": name, "law": law.text, **compare(law, known)}


def summarise(some: Sequence[dict[str, Any]]) -> dict[str, Any]:
  """Shares of coefficients and of laws that are right; null without any."""
  count = lambda form: sum(row["form"] == form for row in some)
  same = [np.abs(row["errors"]) for row in some if row["form"] == "same"]
  errors = np.concatenate([np.zeros(0), *same])
  share = lambda true: round(float(np.mean(true)), 3) if same else None
  return {
      "laws": len(some),
      "one_term": count("one term"),
      "approximate": count("approximate"),
      "ambiguous": count("ambiguous"),
      "coefficients": len(errors),
      "within_two": share(errors <= _STANDARD_ERRORS),
      "whole_laws": share([np.all(e <= _STANDARD_ERRORS) for e in same]),
      "error": round(float(np.median(errors)), 2) if same else None,
  }


def table(some: Sequence[dict[str, Any]]) -> dict[str, Any]:
  """All rows together, and by kind of system."""
  kinds = {
      kind: [row for row in some if row["system"] in group]
      for kind, group in KINDS.items()
  }
  return {
      "all": summarise(some),
      "by_kind": {
          kind: summarise(part) for kind, part in kinds.items() if part
      }
  }


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("No positional arguments are known.")
  lawful = [name for name in SAMPLINGS if name not in KINDS["lawless"]]
  names = _SYSTEMS.value or lawful
  unknown = [name for name in names if name not in lawful]
  if unknown:
    raise app.UsageError(f"{unknown[0]!r} is none of: {', '.join(lawful)}.")
  out = {}
  for noise in map(float, _NOISES.value):
    found = []
    for name in names:
      for seed in range(_SEEDS.value):
        for row in rows(name, noise, seed):
          found.append(row)
          print(noise, seed, *row.values(), file=sys.stderr)
    out[f"{noise:g}"] = table(found)
  print(json.dumps(out))


if __name__ == "__main__":
  app.run(main)
