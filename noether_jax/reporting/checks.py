"""The check of a given quantity, as a notebook's cell and as text."""

from __future__ import annotations

import markupsafe
import numpy as np

from noether_jax.data.trajectories import Trajectories
from noether_jax.reporting import figures
from noether_jax.reporting import formulas
from noether_jax.reporting import report
from noether_jax.reporting import verdicts
from noether_jax.reporting import views
from noether_jax.reporting import words
from noether_jax.reporting.subjects import ShownCheck

_KINDS = {
    verdicts.CONSERVED: "found",
    verdicts.APPROXIMATE: "open",
    verdicts.UNKNOWN: "open"
}


def check_html(result: ShownCheck, data: Trajectories) -> str:
  """Make what a notebook shows of a check.

  Args:
    result: the check.
    data: its trajectories.

  Returns:
    An HTML fragment whose styles stay inside it.
  """
  latex = result.latex or formulas.symbol(result.text)
  one_value = result.reason == verdicts.ONE_VALUE
  told = [formulas.prose(f) for f in findings(result, data)]
  notes = [formulas.prose(views.sentence(m)) for m in result.messages]
  picture = figures.series(result.values, result.unit, data, one_value)
  return report.render(
      "check.html", ("parts.css",), {
          "kind": _KINDS.get(result.verdict, "none"),
          "meaning": verdicts.explanation(result),
          "quantity": {
              "formula":
                  formulas.mathml(latex, plain=result.text, large=True),
              "unit":
                  formulas.raised(result.unit) if result.unit != "1" else "",
          },
          "sentence": formulas.prose(_sentence(result)),
          "findings": told,
          "pictures": [picture],
          "statistics": views.statistics_view(result),
          "text": result.text,
          "messages": notes,
      })


def check_page(result: ShownCheck, data: Trajectories) -> str:
  """Make a page of a check, one HTML file with its figure inside.

  Args:
    result: the check.
    data: its trajectories.

  Returns:
    HTML.
  """
  return report.render(
      "check_page.html", ("page.css",), {
          "title": f"Is {result.text} conserved?",
          "cell": markupsafe.Markup(check_html(result, data))
      })


def _sentence(result: ShownCheck) -> str:
  """The evidence without its drift, on which the findings say more."""
  return words.evidence_sentence(result,
                                 scale_name=result.scale_name,
                                 drift=False)


def findings(result: ShownCheck, data: Trajectories) -> list[str]:
  """Say how much the quantity drifts, and how far it strays.

  Args:
    result: the check.
    data: its trajectories.

  Returns:
    Text on the drift, and on the excursion.
  """
  unit = "" if result.unit == "1" else f" {result.unit}"
  far = (f"It strays from a trajectory's mean by {result.excursion:.2g}{unit} "
         "at most")
  if result.scale > 0:
    far += f", {_part(result.excursion / result.scale)} {result.scale_name}"
  return [_drift(result, data), f"{far}."]


def _drift(result: ShownCheck, data: Trajectories) -> str:
  """Say how much the quantity drifts, and whether that matters."""
  if not data.timed:
    return "Without times there is no drift."
  per = _per(result.unit, data.time_unit)
  low, high = result.drift_interval
  if not np.isfinite([low, high]).all():
    return "The data are too few for a confidence interval of the drift."
  # With enough digits for the bounds to differ.
  half, size = (high - low) / 2, max(abs(low), abs(high))
  digits = int(np.clip(np.log10(size / half) + 2, 2, 6)) if half > 0 else 3
  bounds = (f"between {low:.{digits}g} and {high:.{digits}g}{per}, with 95 % "
            "confidence")
  if low <= 0 <= high:
    return f"The drift cannot be distinguished from zero: it lies {bounds}."
  lengths = [t[-1] - t[0] for t in data.times]
  change = abs(result.drift) * float(np.mean(lengths))
  part = change / result.scale if result.scale > 0 else 0.
  value = f"{result.drift:.{digits}g}{per}, {bounds}"
  # An even change has a twelfth of its square as variance.
  if part**2 / 12 < words.EXACT:
    return (f"Its drift is negligible: over a whole trajectory {_part(part)} "
            f"{result.scale_name}. The drift is {value}.")
  way = "rises" if result.drift > 0 else "falls"
  return (f"Over a whole trajectory it {way} by {_part(part)} "
          f"{result.scale_name}. The drift is {value}.")


def _part(part: float) -> str:
  """Return `12 % of` or `2.5 times`."""
  return f"{part:.2g} times" if part >= .995 else f"{words.share(part**2)} of"


def _per(unit: str, time_unit: str) -> str:
  """Return the unit of a drift."""
  time = time_unit or "time unit"
  return f" per {time}" if unit == "1" else f" {unit} per {time}"


def check_text(result: ShownCheck, data: Trajectories) -> str:
  """Write what the program prints of a check.

  Args:
    result: the check.
    data: its trajectories.

  Returns:
    Lines without a final line break.
  """
  unit = f"   [{result.unit}]" if result.unit != "1" else ""
  return "\n".join([
      f"{result.text}{unit}", f"  {_sentence(result)}",
      *(f"  {line}" for line in findings(result, data)),
      f"  ({words.statistics_text(result)})",
      *(f"note: {m}" for m in result.messages), f"verdict: {result.verdict}"
      f"{f' ({result.reason})' if result.reason else ''}"
  ])
