"""The report as a page, as a notebook's cell and as text."""

from __future__ import annotations

from collections.abc import Sequence
import functools
from typing import Any

import jinja2
import markupsafe

from noether_jax.data.trajectories import Trajectories
from noether_jax.reporting import advice
from noether_jax.reporting import predictions
from noether_jax.reporting import views
from noether_jax.reporting import words
from noether_jax.reporting.subjects import ShownDiscovery
from noether_jax.reporting.subjects import ShownLaw
from noether_jax.reporting.subjects import ShownOutcome


@functools.cache
def _environment() -> jinja2.Environment:
  """Return the templates; what is not marked as HTML is escaped."""
  return jinja2.Environment(
      loader=jinja2.PackageLoader("noether_jax.reporting"),
      autoescape=True,
      undefined=jinja2.StrictUndefined,
      trim_blocks=True,
      lstrip_blocks=True)


def render(template: str, sheets: Sequence[str], view: dict[str, Any]) -> str:
  """Fill a template; what is not marked as HTML is escaped.

  Args:
    template: its name.
    sheets: names of the style sheets that it holds.
    view: values by the template's names.

  Returns:
    HTML.
  """
  environment = _environment()
  style = "\n".join(
      environment.get_template(name).render().strip() for name in sheets)
  page = environment.get_template(template)
  return page.render(style=markupsafe.Markup(style), **view).lstrip()


def page(found: ShownDiscovery, outcome: ShownOutcome | None,
         data: Trajectories, *, title: str, notes: Sequence[str],
         footer: str) -> str:
  """Make the report, one HTML file with its figures inside.

  The page needs no network: formulas are MathML, figures are SVG.

  Args:
    found: the discovery.
    outcome: the prediction experiment, or None.
    data: the trajectories.
    title: of the page.
    notes: remarks on the data set.
    footer: how it was made.

  Returns:
    HTML.
  """
  view = views.discovery_view(found, data, notes)
  view["prediction"] = (views.prediction_view(outcome, data.time_unit)
                        if outcome is not None else None)
  return render("report.html", ("page.css", "parts.css"), {
      **view, "title": title,
      "summary": views.data_summary(data),
      "footer": footer
  })


def discovery_html(found: ShownDiscovery, data: Trajectories | None) -> str:
  """Make what a notebook shows of a discovery.

  Args:
    found: the discovery.
    data: its trajectories; without them there are no figures.

  Returns:
    An HTML fragment whose styles stay inside it.
  """
  return render("discovery.html", ("parts.css",),
                views.discovery_view(found, data, program=False))


def plain_text(found: ShownDiscovery,
               outcome: ShownOutcome | None,
               notes: Sequence[str],
               data: Trajectories | None = None,
               *,
               program: bool = True) -> str:
  """Write a discovery as text: what the program prints at the end.

  Args:
    found: the discovery.
    outcome: the prediction experiment, or None.
    notes: remarks on the data set.
    data: the trajectories, if they are at hand.
    program: name the program's options in the next steps, else the arguments
      of Python.

  Returns:
    Lines without a final line break.
  """
  lines = []
  for n, law in enumerate(found.laws, 1):
    lines += _law_lines(f"{views.law_heading(n, law)}: ", law)
  if found.best_rejected is not None:
    lines += _law_lines("Best combination, no law: ", found.best_rejected)
  searched = words.search_sentence(found)
  lines += [searched] if searched else []
  lines += [f"note: {m}" for m in [*found.messages, *notes]]
  if outcome is not None:
    lines += _prediction_lines(outcome, data.time_unit if data else "")
  steps = advice.next_steps(found, data, program=program)
  lines += [f"next: {step}" for step in steps]
  # Beside what has no formula, or beside what a few data can show.
  if found.count and (found.count.at_least > found.count.with_formula or
                      found.count.estimate is not None or found.independent):
    lines.append(f"conserved quantities: {found.count}")
  return "\n".join([*lines, f"verdict: {found.verdict}"])


def _law_lines(heading: str, law: ShownLaw) -> list[str]:
  unit = f"   [{law.unit}]" if law.unit != "1" else ""
  lines = [
      f"{heading}{law.text}{unit}", f"  {words.evidence_sentence(law)}",
      f"  ({law.verdict}{f', {law.reason}' if law.reason else ''}; "
      f"{words.statistics_text(law)})"
  ]
  for k, (c, u) in enumerate(zip(law.coefficients, law.uncertainties)):
    if k != law.reference:
      unit = law.coefficient_unit(k)
      lines.append(f"  {c:>14.8g} +- {u:.2g}{'' if unit == '1' else ' ' + unit}"
                   f"  *  {law.terms[k].text}")
  for k, loss in enumerate(law.losses):
    unit = "" if law.loss_unit(k) == "1" else f" {law.loss_unit(k)}"
    lines.append(f"  {loss.coefficient:>14.8g} +- {loss.uncertainty:.2g}{unit}"
                 f"  *  {loss.term.text}")
  told = [words.loss_sentence(law), words.symmetry_sentence(law)]
  return [*lines, *(f"  {sentence}" for sentence in told if sentence)]


def _prediction_lines(outcome: ShownOutcome, time_unit: str) -> list[str]:
  """Write the comparison, one line per variant."""
  s = outcome.summary
  lines = [
      f"Does the law help to predict? {predictions.finding(s)}",
      predictions.recommendation(s), *predictions.explanations(s),
      f"  {s['split']}; {s['held_out_paths']} rollouts over "
      f"{s['horizon']:.4g} {time_unit or 'time units'}, {s['seeds']} seeds; "
      "error in standard deviations of the columns"
  ]
  width = max(len(row["name"]) for row in s["variants"])
  for n, row in enumerate(s["variants"]):
    mean, spread = row["rmse"]
    line = f"  {row['name']:<{width}} {mean:.3g} +- {spread:.2g}"
    if n:
      line += (f"   ratio to without {row['ratio_paired'][0]:.3g} +- "
               f"{row['ratio_paired'][1]:.2g}, better in {row['wins']} of "
               f"{s['seeds']} seeds")
    lines.append(line)
  return lines
