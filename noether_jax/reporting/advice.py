"""What to do next after a search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from noether_jax.data.trajectories import Trajectories
from noether_jax.reporting import verdicts
from noether_jax.reporting.subjects import ShownDiscovery

_FEW = 5
_NOISY = .1
_SELDOM = .05


def next_steps(found: ShownDiscovery,
               data: Trajectories | None,
               *,
               program: bool = True) -> list[str]:
  """Say what to do next.

  Args:
    found: the discovery.
    data: the trajectories, if they are at hand.
    program: name the program's options, else the arguments of Python.

  Returns:
    Sentences, the most useful one first.
  """
  kinds = {law.verdict for law in found.laws}
  if found.independent or verdicts.BALANCE in kinds:
    return _after_success(found, data, program)
  reasons = dict.fromkeys(law.reason for law in found.laws)
  remedies = [
      verdicts.REASONS[r].remedy for r in reasons if r in verdicts.REASONS
  ]
  if remedies:
    return remedies
  if kinds:
    return [
        "Look at the quantity along time. A steady fall points to friction or "
        "another loss, a regular swing to a force or a coordinate that is not "
        "among the columns.",
        "If the change looks random, the noise may be larger than estimated: "
        "smooth the data less, or measure more often.",
    ]
  return _after_failure(found, data, program)


def _after_success(found: ShownDiscovery, data: Trajectories | None,
                   program: bool) -> list[str]:
  command = ("noether-discover NEW_FILE --check=\"FORMULA\""
             if program else "found.laws[0].check(new_data)")
  if not found.independent:
    return [
        "Search other trajectories of the same system: its losses should have "
        "the same coefficients."
    ]
  steps = [f"Check the laws on trajectories that took no part here: {command}."]
  count = len(data.states) if data else 0
  if 1 < count <= len(found.variables) and found.independent >= count - 1:
    steps.append(f"{count} trajectories can tell at most {count - 1} laws "
                 "apart: with more trajectories, more laws may show.")
  return steps


def _after_failure(found: ShownDiscovery, data: Trajectories | None,
                   program: bool) -> list[str]:
  """Suggest what the data call for."""
  units, degree, columns = (("--columns=q:rad,w:rad/s", "--degree",
                             "--columns") if program else
                            ('columns="q:rad,w:rad/s"', "degree", "columns"))
  steps = []
  count = len(data.states) if data else 0
  if count and count < _FEW:
    steps.append(f"Measure more trajectories: {count} may be too few, ten at "
                 "different energies are better.")
  if not _has_velocities([v.name for v in found.variables]):
    steps.append("Add velocities or momenta as columns (as vx, q_dot or p): "
                 "few laws hold for positions alone.")
  if all(
      v.unit.is_dimensionless and not v.unit.is_angle for v in found.variables):
    steps.append(f"Give units, as {units}: an angle then enters by its sine "
                 "and cosine.")
  if data is not None and _is_noisy(found, data):
    steps.append("Reduce the noise or sample more often: the noise is above "
                 f"{100 * _NOISY:.0f} % of the signal in some column.")
  if found.num_terms:
    steps.append(f"Try a higher {degree}, or other {columns}: the law may need "
                 f"a term that was not among the {found.num_terms} candidates.")
  return [
      *steps,
      *_hidden(found, program),
      "If the system loses or gains energy, or is driven, it may conserve "
      "nothing.",
  ]


def _hidden(found: ShownDiscovery, program: bool) -> list[str]:
  """What a small p-value tells where no formula was found."""
  if not found.p_value <= _SELDOM:
    return []
  steps = [
      "Where pieces of different trajectories are joined, a combination as "
      f"constant as the best one here is rare (p = {found.p_value:.2g}). So "
      "some quantity may be conserved, or change slowly, whose formula is not "
      "among the candidates."
  ]
  if "network" not in found.rungs:
    rungs = ("--rungs=default,network"
             if program else "rungs=[*nj.rungs.default, nj.rungs.network]")
    steps.append(f"Let a network look for it, without a formula: {rungs}.")
  return steps


def _has_velocities(names: Sequence[str]) -> bool:
  lower = [name.lower() for name in names]
  return any(
      n.startswith(("v", "p", "w", "om", "mom",
                    "d")) or n.endswith("dot") or "vel" in n for n in lower)


def _is_noisy(found: ShownDiscovery, data: Trajectories) -> bool:
  spreads = np.concatenate(data.states).std(0)
  return bool(np.any(found.noise.sigma > _NOISY * spreads))
