"""What the statistics say, in a physicist's words; the numbers in brackets."""

from __future__ import annotations

import math
from typing import NamedTuple

from noether_jax.reporting import verdicts
from noether_jax.reporting.subjects import ShownDiscovery
from noether_jax.reporting.subjects import ShownEvidence
from noether_jax.reporting.subjects import ShownLaw
from noether_jax.reporting.subjects import ShownQuantity

# Below this ratio of variances no noise is needed to excuse a change.
EXACT = 1e-6
_DRIFTS_ABOVE = 4.
_CLEAR_BELOW = 2.
_EXCUSED_BELOW = 2.


class Statistic(NamedTuple):
  """One number of the evidence.

  Attributes:
    name: for people.
    value: the number.
    meaning: its definition.
  """
  name: str
  value: float
  meaning: str


def statistics(evidence: ShownEvidence) -> tuple[Statistic, ...]:
  """Return the evidence's numbers with their definitions.

  Those relative to the noise are left out where the noise explains nothing, or
  everything.
  """
  numbers = (
      Statistic("within/total", evidence.ratio,
                "variance along trajectories over the variance of all values"),
      Statistic("corrected for noise", evidence.corrected,
                "within/total without the share of the measurement noise"),
      Statistic(
          "within/noise", evidence.excess,
          "variance along trajectories over the variance that the measurement "
          "noise alone gives"),
      Statistic("drift t", evidence.drift,
                "mean slope along time over its standard error"),
      Statistic(
          "residual colour", evidence.colour or math.nan,
          "scatter of means over neighbouring samples beyond that of white "
          "noise, over what chance explains; above 1 the change is no noise"),
      Statistic(
          "p-value", evidence.p_value,
          "share of data sets joined from pieces of different trajectories "
          "that show a quantity as constant as the best one here"),
  )
  return tuple(
      s for s in numbers
      if math.isfinite(s.value) and (s.value >= 0 or s.name == "drift t"))


def share(variance_ratio: float) -> str:
  """Say how large a change is beside a spread, given the ratio of variances.

  Args:
    variance_ratio: at least 0.

  Returns:
    Words that follow "changes by".

  Example:
    >>> share(.04), share(6e-6), share(3e-9), share(0.)
    ('20 %', '0.24 %', 'less than 1 part in 10^4', 'less than 1 part in 10^7')
  """
  part = math.sqrt(max(variance_ratio, 0.))
  if part >= 1e-3:
    return f"{100 * part:.2g} %" if part < .995 else "as much as 100 %"
  # A variance is rounded to 16 digits, so its root tells no more than 7.
  power = 7 if part < 1e-7 else int(-math.log10(part) + 1e-9)
  return f"less than 1 part in 10^{power}"


def evidence_sentence(law: ShownQuantity,
                      *,
                      scale_name: str = "its spread over all data",
                      drift: bool = True) -> str:
  """Say how well the quantity is conserved.

  Args:
    law: the quantity.
    scale_name: with what its change is compared.
    drift: whether to speak of the drift. A law that needs no noise to excuse
      its change (within/total below 1e-6) has none worth a word, however large
      its t: round-off and the error of an integrator drift, too.

  Returns:
    One sentence.
  """
  evidence = law.evidence
  if law.reason == verdicts.ONE_VALUE:
    return ("All trajectories have the same value, so its change cannot be "
            "compared with differences between trajectories.")
  start = "Along a trajectory"
  if law.verdict == verdicts.BALANCE:
    start = "But for its losses, along a trajectory"
  parts = [
      f"{start} it changes by {share(evidence.ratio)} of "
      f"{scale_name}", *_noise_words(evidence)
  ]
  sentence = ", ".join(parts)
  if drift and evidence.ratio >= EXACT:
    sentence += f"; {_drift_words(evidence)}"
  return f"{sentence}."


def symmetry_sentence(law: ShownLaw) -> str:
  """Say which symmetry the law generates; empty where it is not known."""
  if not law.symmetry:
    return ""
  return f"By Noether's theorem it belongs to a symmetry: {law.symmetry}."


def loss_sentence(law: ShownLaw) -> str:
  """Say what a balance law loses or gains along a trajectory.

  Args:
    law: the law.

  Returns:
    A sentence; empty without losses.
  """
  if not law.losses:
    return ""
  parts = [
      f"{loss.term.text} changes it by {_part_of_spread(loss.share)}"
      for loss in law.losses
  ]
  return f"Over a trajectory, {', '.join(parts)}."


def _part_of_spread(part: float) -> str:
  if part < .995:
    return f"{share(part**2)} of its spread"
  return f"{part:.2g} times its spread"


def _noise_words(evidence: ShownEvidence) -> list[str]:
  if evidence.ratio < EXACT:
    return []
  if not math.isfinite(evidence.excess):
    return ["and no measurement noise explains that"]
  if evidence.excess < _EXCUSED_BELOW:
    if evidence.colour > 1:
      return [
          "no more than the measurement noise explains, but the change is "
          "smooth in time, as noise is not"
      ]
    return ["no more than the measurement noise explains"]
  times = math.sqrt(evidence.excess)
  return [f"{times:.2g} times what the measurement noise explains"]


def _drift_words(evidence: ShownEvidence) -> str:
  if abs(evidence.drift) < _CLEAR_BELOW:
    return "no drift"
  if abs(evidence.drift) < _DRIFTS_ABOVE:
    return f"it may {'rise' if evidence.drift > 0 else 'fall'} slowly with time"
  way = "rises" if evidence.drift > 0 else "falls"
  return f"it {way} steadily with time"


def statistics_text(law: ShownQuantity) -> str:
  """Write the statistics in one line."""
  if law.reason == verdicts.ONE_VALUE:
    return "no ratios: one value only"
  return ", ".join(f"{s.name} {s.value:.2g}" for s in statistics(law.evidence))


def search_sentence(found: ShownDiscovery) -> str:
  """Say how far the search went, where it found no law.

  Args:
    found: the discovery.

  Returns:
    A sentence; empty where there is a law.
  """
  if found.laws:
    return ""
  if not found.num_terms:
    return ("No network stays constant along trajectories that it was not "
            "fitted to.")
  text = (f"None of the combinations of {found.num_terms} candidate terms "
          "stays constant along the trajectories")
  if found.rungs:
    text += f"; the rungs that were climbed are {', '.join(found.rungs)}"
  return f"{text}."
