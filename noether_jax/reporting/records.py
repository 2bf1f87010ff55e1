"""A discovery as plain numbers and text: result.json."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import json
import math
from typing import Any

import numpy as np

from noether_jax.reporting import words
from noether_jax.reporting.subjects import ShownDiscovery
from noether_jax.reporting.subjects import ShownEvidence
from noether_jax.reporting.subjects import ShownLaw
from noether_jax.reporting.subjects import ShownOutcome


def _plain(value: Any) -> Any:
  """Return what JSON can hold: no infinity, plain numbers, keys of text."""
  if isinstance(value, Mapping):
    return {str(k): _plain(v) for k, v in value.items()}
  if isinstance(value, (list, tuple, set, frozenset)):
    return [_plain(v) for v in value]
  if isinstance(value, np.ndarray):
    return _plain(value.tolist())
  if isinstance(value, np.generic):
    return _plain(value.item())
  if isinstance(value, float):
    return value if math.isfinite(value) else None
  if value is None or isinstance(value, (bool, int, str)):
    return value
  return str(value)


def evidence_record(evidence: ShownEvidence) -> dict[str, float | None]:
  """Return statistics as plain numbers; what is not finite becomes None."""
  return {
      "within_over_total": _plain(evidence.ratio),
      "noise_corrected": _plain(evidence.corrected),
      "within_over_noise": _plain(evidence.excess),
      "residual_colour": _plain(evidence.colour),
      "p_value": _plain(evidence.p_value),
  }


def law_record(law: ShownLaw) -> dict[str, Any]:
  """Return a law as plain numbers and text; infinities become None."""
  e = law.evidence
  return {
      "law": law.text,
      "name": law.name,
      "symmetry": law.symmetry,
      "latex": law.latex,
      "unit": law.unit,
      "verdict": law.verdict,
      "reason": law.reason or None,
      "in_words": words.evidence_sentence(law),
      "terms": [{
          "term": term.text,
          "coefficient": _plain(law.coefficients[k]),
          "uncertainty": _plain(law.uncertainties[k]),
          "unit": law.coefficient_unit(k),
          "chosen": k == law.reference,
      } for k, term in enumerate(law.terms)],
      "losses": [{
          "term": loss.term.text,
          "coefficient": _plain(loss.coefficient),
          "uncertainty": _plain(loss.uncertainty),
          "unit": law.loss_unit(k),
          "share_of_spread": _plain(loss.share),
      } for k, loss in enumerate(law.losses)],
      **evidence_record(e),
      "drift_t": _plain(e.drift),
  }


def result(found: ShownDiscovery, outcome: ShownOutcome | None,
           extra: Mapping[str, Any]) -> str:
  """Write the content of result.json.

  Args:
    found: the discovery.
    outcome: the prediction experiment, or None.
    extra: further keys.

  Returns:
    Strict JSON: what is not finite is null.
  """
  rejected = found.best_rejected
  summary = outcome.summary if outcome else None
  record = {
      "verdict": found.verdict,
      "independent_laws": found.independent,
      "laws": [law_record(law) for law in found.laws],
      "best_rejected": law_record(rejected) if rejected is not None else None,
      "columns": [{
          "name": v.name,
          "unit": str(v.unit)
      } for v in found.variables],
      "library_terms": found.num_terms,
      "rungs": found.rungs,
      "count": dataclasses.asdict(found.count) if found.count else None,
      "p_value": found.p_value,
      "noise": found.noise.sigma,
      "smoothed": found.smoothed,
      "judged_on": found.held_out,
      "messages": found.messages,
      "recommended": summary["recommended"] if summary else None,
      "prediction": summary,
      **extra,
  }
  return as_json(record)


def as_json(record: Mapping[str, Any]) -> str:
  """Write plain numbers and text as strict JSON: what is not finite is null.

  Example:
    >>> print(as_json({"t": float("inf")}), end="")
    {
      "t": null
    }
  """
  return json.dumps(_plain(record), indent=2, allow_nan=False) + "\n"
