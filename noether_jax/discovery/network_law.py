"""A learned quantity judged as any law is judged."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, cast

import numpy as np

from noether_jax.discovery.features import Features
from noether_jax.discovery.judging import TermFit
from noether_jax.discovery.law import Law
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.network_form import LearnedAtom
from noether_jax.discovery.network_form import LearnedForm
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.terms import Term
from noether_jax.reporting import verdicts
from noether_jax.symbolic import units

# Without noise, a network that changes more than this may be an adiabatic
# invariant, which is no law.
_SURE = 2e-4
# Student's t of a slope along time of a quantity that does not drift.
_DRIFT = 4.


def as_law(samples: Samples, form: LearnedForm) -> Law:
  """Judge a learned quantity on the trajectories that are held out.

  Args:
    samples: the trajectories.
    form: the quantity; it is scaled so that its spread is 1.

  Returns:
    The law, with a verdict.
  """
  everything = form.value(np.concatenate(samples.states))
  size = max(float(everything.std()), 1e-300)
  form = dataclasses.replace(
      form,
      params={
          **form.params, "readout": np.asarray(form.params["readout"]) / size
      })
  columns = range(len(samples.variables))
  atom = cast(Any, LearnedAtom(form, tuple(columns)))
  term = Term(((atom, 1),), units.Unit(), form.name)
  features = Features.make(samples, (term,))
  fit = TermFit.make(features, Moments.make(features, features.weights()))
  evidence = fit.evidence
  # Noise must look like noise, or an adiabatic invariant would pass.
  precise = (math.isinf(evidence.excess) and evidence.ratio < _SURE and
             abs(evidence.drift) < _DRIFT)
  sure = precise or evidence.verdict == verdicts.CONSERVED
  return Law(samples.variables, form, evidence,
             verdicts.CONSERVED if sure else verdicts.APPROXIMATE)
