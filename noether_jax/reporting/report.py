"""What a discovery leaves behind: result.json, law.py and report.html."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
import html
import json
import math
from typing import Any

from noether_jax.reporting.subjects import ShownDiscovery
from noether_jax.reporting.subjects import ShownLaw
from noether_jax.reporting.subjects import ShownOutcome

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.55 system-ui, sans-serif; color: #1c2430; margin: 0 auto;
  max-width: 60rem; padding: 2rem 1.2rem 4rem; background: #fff; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem;
  border-bottom: 1px solid #d8dee6; padding-bottom: .25rem; }
.verdict { font-size: 1.15rem; padding: .7rem 1rem; border-radius: .4rem;
  background: #eef4fb; border-left: .35rem solid #2b6cb0; margin: 1rem 0; }
.none { background: #f6f1e7; border-color: #b7791f; }
.law { font: 600 1.05rem/1.6 ui-monospace, Menlo, monospace; }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-size: .93rem; }
th, td { padding: .3rem .8rem .3rem 0; text-align: left;
  border-bottom: 1px solid #e6eaef; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
img { max-width: 100%; height: auto; }
.quiet { color: #5b6673; font-size: .9rem; }
code { background: #f3f5f7; padding: .1rem .3rem; border-radius: .2rem; }
"""


def _number(value: float) -> float | None:
  """JSON has no infinity."""
  return float(value) if math.isfinite(value) else None


def law_record(law: ShownLaw) -> dict[str, Any]:
  """A law as plain numbers and text; infinite statistics become None."""
  e = law.evidence
  return {
      "law": law.text,
      "unit": law.unit,
      "verdict": law.verdict,
      "terms": [{
          "term": term.text,
          "coefficient": float(law.coefficients[k]),
          "uncertainty": float(law.uncertainties[k]),
          "unit": law.coefficient_unit(k),
      } for k, term in enumerate(law.terms)],
      "within_over_total": _number(e.ratio),
      "noise_corrected": _number(e.corrected),
      "within_over_noise": _number(e.excess),
      "drift_t": _number(e.drift),
  }


def result(found: ShownDiscovery, outcome: ShownOutcome | None,
           extra: Mapping[str, Any]) -> str:
  """The content of result.json."""
  record = {
      "verdict": found.verdict,
      "independent_laws": found.independent,
      "laws": [law_record(law) for law in found.laws],
      "best_rejected":
          (law_record(found.best_rejected) if found.best_rejected else None),
      "columns": [{
          "name": v.name,
          "unit": str(v.unit)
      } for v in found.variables],
      "library_terms": found.num_terms,
      "noise": [float(n) for n in found.noise],
      "smoothed": found.smoothed,
      "judged_on": list(found.held_out),
      "messages": list(found.messages),
      "prediction": outcome.summary if outcome else None,
      **extra,
  }
  return json.dumps(record, indent=2) + "\n"


def plain_text(found: ShownDiscovery, outcome: ShownOutcome | None,
               notes: Sequence[str]) -> str:
  """What the program prints at the end."""
  lines = []
  for n, law in enumerate(found.laws, 1):
    lines += [
        f"{n}. {law.text}   [{law.unit}]", f"   {law.verdict}; "
        f"{evidence_text(law)}"
    ]
    lines += [
        f"   {c:>14.8g} +- {u:.2g} {law.coefficient_unit(k)}  x  "
        f"{law.terms[k].text}"
        for k, (c, u) in enumerate(zip(law.coefficients, law.uncertainties))
        if k
    ]
  if found.best_rejected is not None:
    lines.append(f"best combination, rejected: {found.best_rejected.text}; "
                 f"{evidence_text(found.best_rejected)}")
  lines += [f"note: {m}" for m in [*found.messages, *notes]]
  if outcome is not None:
    lines += [prediction_text(outcome)]
  return "\n".join([*lines, f"verdict: {found.verdict}"])


def evidence_text(law: ShownLaw) -> str:
  """The statistics in one line."""
  e = law.evidence
  if law.verdict == "constant in all data":
    return "one value in all the data, so no ratio within/between exists"
  return (f"within/total {e.ratio:.2g}, corrected for noise {e.corrected:.2g}, "
          f"within/noise {e.excess:.2g}, drift t {e.drift:.2g}")


def prediction_text(outcome: ShownOutcome) -> str:
  """The comparison, one line per variant."""
  s = outcome.summary
  lines = [
      f"prediction: {s['split']}; {s['held_out_paths']} rollouts over "
      f"{s['horizon']:.4g}, {s['seeds']} seeds; error in standard "
      "deviations"
  ]
  for n, row in enumerate(s["variants"]):
    mean, spread = row["rmse"]
    line = f"  {row['name']:<18} {mean:.3g} +- {spread:.2g}"
    if n:
      line += (f"   ratio to without {row['ratio_paired'][0]:.3g} +- "
               f"{row['ratio_paired'][1]:.2g}, better in {row['wins']} of "
               f"{s['seeds']} seeds")
    lines.append(line)
  return "\n".join(lines)


def _law_section(n: int, law: ShownLaw) -> str:
  rows = "".join(f"<tr><td>{html.escape(term.text)}</td><td class=n>"
                 f"{law.coefficients[k]:.8g}</td><td class=n>"
                 f"{f'{law.uncertainties[k]:.2g}' if k else 'chosen'}</td>"
                 f"<td>{html.escape(law.coefficient_unit(k))}</td></tr>"
                 for k, term in enumerate(law.terms))
  return (f"<h2>Law {n}</h2><p class=law>{html.escape(law.text)} "
          f"<span class=quiet>[{html.escape(law.unit)}]</span></p>"
          f"<p>{html.escape(law.verdict.capitalize())}: "
          f"{html.escape(evidence_text(law))}.</p><table><tr><th>term</th>"
          "<th>coefficient</th><th>uncertainty</th><th>unit</th></tr>"
          f"{rows}</table>")


def _prediction_section(outcome: ShownOutcome) -> str:
  s = outcome.summary
  rows = ""
  for n, row in enumerate(s["variants"]):
    ratio = (f"{row['ratio_paired'][0]:.3g} ± {row['ratio_paired'][1]:.2g}"
             if n else "")
    wins = f"{row['wins']} of {s['seeds']}" if n else ""
    rows += (f"<tr><td>{html.escape(row['name'])}</td><td class=n>"
             f"{row['rmse'][0]:.3g} ± {row['rmse'][1]:.2g}</td>"
             f"<td class=n>{ratio}</td><td class=n>{wins}</td>"
             f"<td class=n>{row['drift']:.2g}</td>"
             f"<td class=n>{row['diverged']}</td></tr>")
  return (
      "<h2>Do the laws help to predict?</h2><p>A network learned the time "
      f"derivative of the state; {html.escape(s['split'])}. At every state the "
      "tailored field changes the network's weights, as little as possible, "
      "until the laws hold along the field. All fields are the same trained "
      "network: tailoring needs no training, so the plain field of the same "
      f"seed is the control. {s['held_out_paths']} rollouts over "
      f"{s['horizon']:.4g} time units, {s['seeds']} seeds; ± is the spread over"
      " seeds, errors are in standard deviations of the columns.</p><table><tr>"
      "<th></th><th>error</th><th>ratio, same seed</th><th>better</th>"
      "<th>drift of law 1</th><th>diverged</th></tr>"
      f"{rows}</table>")


def page(found: ShownDiscovery, outcome: ShownOutcome | None,
         images: Mapping[str, bytes], *, title: str, notes: Sequence[str],
         footer: str) -> str:
  """The report as one HTML file with its figures inside.

  Args:
    found: the discovery.
    outcome: the prediction experiment, or None.
    images: PNG bytes by caption.
    title: of the page.
    notes: remarks on the data set.
    footer: how it was made.

  Returns:
    HTML.
  """
  kind = "" if found.independent else " none"
  parts = [
      "<!doctype html><html lang=en><head><meta charset=utf-8>",
      "<meta name=viewport content='width=device-width'>",
      f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>",
      f"<body><h1>{html.escape(title)}</h1>",
      f"<div class='verdict{kind}'>{html.escape(found.verdict.capitalize())}."
      "</div>"
  ]
  remarks = [*notes, *found.messages]
  if remarks:
    items = "".join(f"<li>{html.escape(m)}</li>" for m in remarks)
    parts.append(f"<ul>{items}</ul>")
  parts += [_law_section(n, law) for n, law in enumerate(found.laws, 1)]
  if found.best_rejected is not None:
    rejected = found.best_rejected
    parts.append("<h2>Best combination, rejected</h2><p class=law>"
                 f"{html.escape(rejected.text)}</p><p>"
                 f"{html.escape(evidence_text(rejected))}</p>")
  if outcome is not None:
    parts.append(_prediction_section(outcome))
  if images:
    parts.append("<h2>Figures</h2>")
  for caption, image in images.items():
    data = base64.b64encode(image).decode()
    parts.append(f"<figure><img alt='{html.escape(caption, quote=True)}' "
                 f"src='data:image/png;base64,{data}'><figcaption class=quiet>"
                 f"{html.escape(caption)}</figcaption></figure>")
  parts.append(_METHOD +
               f"<p class=quiet>{html.escape(footer)}</p></body></html>")
  return "\n".join(parts) + "\n"


_METHOD = """<h2>How to read this</h2>
<p class=quiet>A law is a combination of terms that scatters little within each
trajectory compared with its scatter over all of them. <i>Within/total</i> is
that ratio on trajectories that took no part in the fit; below 1e-6 the law is
exact. Otherwise the ratio corrected for observation noise must be below 0.05,
the scatter within must be no more than twice that of the noise
(<i>within/noise</i>), and the quantity must not drift (<i>|t|</i> below 4).
Uncertainties are standard deviations over bootstrap samples of the
trajectories.</p>"""
