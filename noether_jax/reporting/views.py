"""What the templates show, made of laws, discoveries and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
import math
from typing import Any

import markupsafe

from noether_jax.data.trajectories import Trajectories
from noether_jax.reporting import advice
from noether_jax.reporting import figures
from noether_jax.reporting import formulas
from noether_jax.reporting import predictions
from noether_jax.reporting import simple_numbers
from noether_jax.reporting import typeset
from noether_jax.reporting import verdicts
from noether_jax.reporting import words
from noether_jax.reporting.drawing import Picture
from noether_jax.reporting.subjects import ShownDiscovery
from noether_jax.reporting.subjects import ShownLaw
from noether_jax.reporting.subjects import ShownOutcome
from noether_jax.reporting.subjects import ShownQuantity


def law_view(law: ShownLaw, heading: str,
             pictures: Sequence[Picture]) -> dict[str, Any]:
  """Prepare a law for the templates.

  Args:
    law: the law.
    heading: of its section.
    pictures: its figures.

  Returns:
    Text and HTML by the templates' names.
  """
  rows = []
  for k, term in enumerate(law.terms):
    value, spread = float(law.coefficients[k]), float(law.uncertainties[k])
    rows.append({
        "term":
            formulas.mathml(typeset.term_latex(term, law.variables),
                            plain=term.text),
        "shown":
            _shown(value, spread, law.simple[k]),
        "fitted":
            formulas.number(value, 8),
        "uncertainty":
            "chosen" if k == law.reference else formulas.number(spread, 2),
        "unit":
            formulas.raised(law.coefficient_unit(k)),
    })
  for k, loss in enumerate(law.losses):
    value, spread = float(loss.coefficient), float(loss.uncertainty)
    latex = typeset.integral_latex(loss.term, law.variables)
    rows.append({
        "term": formulas.mathml(latex, plain=loss.term.text),
        "shown": _shown(value, spread, None),
        "fitted": formulas.number(value, 8),
        "uncertainty": formulas.number(spread, 2),
        "unit": formulas.raised(law.loss_unit(k)),
    })
  told = [
      words.evidence_sentence(law),
      words.loss_sentence(law),
      words.symmetry_sentence(law)
  ]
  return {
      "heading": heading,
      "formula": formulas.mathml(law.latex, plain=law.text, large=True),
      "unit": formulas.raised(law.unit) if law.unit != "1" else "",
      "text": law.text,
      "meaning": verdicts.explanation(law),
      "sentence": formulas.prose(" ".join(filter(None, told))),
      "coefficients": rows,
      "statistics": statistics_view(law),
      "pictures": pictures,
  }


def _shown(value: float, spread: float,
           simple: Fraction | None) -> markupsafe.Markup:
  """A coefficient as a simple number, or with the digits that count."""
  if simple is None:
    places = simple_numbers.significant_digits(value, spread)
    return formulas.number(value, places)
  text = simple_numbers.coefficient_text(value, spread, simple)
  return markupsafe.Markup(text.replace("-", "−"))


def statistics_view(shown: ShownQuantity) -> list[dict[str, Any]]:
  """Return the evidence's rows; none where the data hold one value only."""
  if shown.reason == verdicts.ONE_VALUE:
    return []
  return [{
      "name": s.name,
      "value": formulas.number(s.value, 2),
      "meaning": s.meaning
  } for s in words.statistics(shown.evidence)]


def law_heading(number: int, law: ShownLaw) -> str:
  """Return `Law 1: energy`, or `Law 1` where no name is certain."""
  return f"Law {number}: {law.name}" if law.name else f"Law {number}"


def discovery_view(found: ShownDiscovery,
                   data: Trajectories | None,
                   notes: Sequence[str] = (),
                   *,
                   program: bool = True) -> dict[str, Any]:
  """Prepare a discovery for the templates.

  Args:
    found: the discovery.
    data: its trajectories; without them there are no figures.
    notes: further messages.
    program: whether the next steps name the program's options.

  Returns:
    Text and HTML by the templates' names.
  """
  laws = [
      law_view(law, law_heading(n, law), law_pictures(law, data, first=n == 1))
      for n, law in enumerate(found.laws, 1)
  ]
  rejected = found.best_rejected
  steps = advice.next_steps(found, data, program=program)
  messages = [sentence(m) for m in (*notes, *found.messages)]
  sure = found.independent or any(
      law.verdict == verdicts.BALANCE for law in found.laws)
  kind = "found" if sure else "open" if found.laws else "none"
  return {
      "kind": kind,
      "verdict": sentence(found.verdict),
      "search": words.search_sentence(found),
      "names": [law.name for law in found.laws if law.name],
      "laws": laws,
      "rejected": (law_view(rejected, "", law_pictures(rejected, data))
                   if rejected is not None else None),
      "steps": [formulas.prose(step) for step in steps],
      "messages": [formulas.prose(message) for message in messages],
  }


def sentence(text: str) -> str:
  """Begin with a capital letter and end with a stop.

  Example:
    >>> sentence("two rows were left out")
    'Two rows were left out.'
  """
  stop = "" if text.endswith((".", "!", "?")) else "."
  return text[:1].upper() + text[1:] + stop


def law_pictures(law: ShownLaw,
                 data: Trajectories | None,
                 *,
                 first: bool = False) -> list[Picture]:
  """Return the figures of one law; the portrait of the first law only."""
  if data is None:
    return []
  made = [figures.quantity(law, data)]
  return [*made, figures.portrait(law, data)] if first else made


def data_summary(data: Trajectories) -> str:
  """Write one line about the trajectories.

  Example:
    >>> import numpy as np
    >>> from noether_jax.data.columns import parse_columns
    >>> data_summary(Trajectories(parse_columns("q:rad,p:1/s"), ("",),
    ...                           (np.arange(3.),), (np.ones((3, 2)),)))
    '1 trajectory, 3 rows; columns q [rad], p [1/s]'
  """
  count, rows = len(data.states), sum(len(s) for s in data.states)
  names = []
  for v in data.variables:
    unit = formulas.unit_text(str(v.unit))
    names.append(f"{v.name} [{unit}]" if unit else v.name)
  kind = "trajectory" if count == 1 else "trajectories"
  return f"{count} {kind}, {rows} rows; columns {', '.join(names)}"


def prediction_view(outcome: ShownOutcome, time_unit: str) -> dict[str, Any]:
  """Prepare the comparison of predictors for the templates.

  Args:
    outcome: the prediction experiment.
    time_unit: text.

  Returns:
    Text and HTML by the templates' names.
  """
  summary = outcome.summary
  rows = []
  for n, row in enumerate(summary["variants"]):
    rows.append({
        "name": row["name"],
        "recommended": row["name"] == summary["recommended"],
        "choice": formulas.number(row["validation_rmse"][0]),
        "error": _spread(row["rmse"]),
        "ratio": _spread(row["ratio_paired"]) if n else "",
        "wins": f"{row['wins']} of {summary['seeds']}" if n else "",
        "drift": formulas.number(row["drift"], 2),
        "diverged": row["diverged"],
    })
  return {
      "finding": formulas.prose(predictions.finding(summary)),
      "recommendation": formulas.prose(predictions.recommendation(summary)),
      "explanations": [
          formulas.prose(text) for text in predictions.explanations(summary)
      ],
      "rows": rows,
      "split": summary["split"],
      "paths": summary["held_out_paths"],
      "seeds": summary["seeds"],
      "horizon": f"{summary['horizon']:.4g} {time_unit or 'time units'}",
      "pictures": [figures.horizon(outcome, time_unit)],
  }


def _spread(pair: Sequence[float]) -> markupsafe.Markup:
  mean, spread = pair
  if not spread or math.isnan(spread):
    return formulas.number(mean)
  return markupsafe.Markup("{} ± {}").format(formulas.number(mean),
                                             formulas.number(spread, 2))
