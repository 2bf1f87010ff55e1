"""The check of a given quantity, as a notebook's cell and as text."""

from __future__ import annotations

import markupsafe
import numpy as np

from noether_jax.data.trajectories import Trajectories
from noether_jax.reporting import figures
from noether_jax.reporting import formulas
from noether_jax.reporting import report
from noether_jax.reporting import views
from noether_jax.reporting import words
from noether_jax.reporting.subjects import ShownCheck

_KINDS = {
    "conserved": "found",
    "approximately conserved": "open",
    "conserved, unverified": "open",
    "constant in all data": "open"
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
  one_value = result.verdict == "constant in all data"
  picture = figures.series(result.values, result.unit, data, one_value)
  return report.render(
      "check.html", ("parts.css",), {
          "kind": _KINDS.get(result.verdict, "none"),
          "meaning": words.VERDICTS.get(result.verdict, f"{result.verdict}."),
          "quantity": {
              "formula":
                  formulas.mathml(latex, plain=result.text, large=True),
              "unit":
                  formulas.raised(result.unit) if result.unit != "1" else "",
          },
          "sentence": formulas.prose(words.evidence_sentence(result)),
          "findings":
              [formulas.prose(f) for f in findings(result, data.time_unit)],
          "pictures": [picture],
          "statistics": views.statistics_view(result),
          "text": result.text,
          "messages": [formulas.prose(m) for m in result.messages],
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


def findings(result: ShownCheck, time_unit: str) -> list[str]:
  """Say how much the quantity drifts, and how far it strays.

  Args:
    result: the check.
    time_unit: text.

  Returns:
    Two sentences.
  """
  per = _per(result.unit, time_unit)
  low, high = result.drift_interval
  bounds = f"between {low:.2g} and {high:.2g}{per}, with 95 % confidence"
  if not np.isfinite([low, high]).all():
    slope = "The data are too few for a confidence interval of the drift."
  elif low <= 0 <= high:
    slope = f"No drift can be told from zero: it lies {bounds}."
  else:
    way = "rises" if result.drift > 0 else "falls"
    slope = f"It {way}: its drift is {result.drift:.2g}{per}, {bounds}."
  spread = float(np.std(np.concatenate(list(result.values))))
  unit = "" if result.unit == "1" else f" {result.unit}"
  far = f"It strays from a trajectory's mean by {result.excursion:.2g}{unit}"
  if spread > 0 and result.verdict != "constant in all data":
    far += f" at most, {100 * result.excursion / spread:.2g} % of its spread"
    return [slope, f"{far} over all data."]
  return [slope, f"{far} at most."]


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
      f"{result.text}{unit}", f"  {words.evidence_sentence(result)}",
      *(f"  {line}" for line in findings(result, data.time_unit)),
      f"  ({words.statistics_text(result)})",
      *(f"note: {m}" for m in result.messages), f"verdict: {result.verdict}"
  ])
