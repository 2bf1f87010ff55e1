"""The formula that each seed's training data conserve (Alet et al. 2021, 5.1).

Stages: list the language; fit every formula; screen against a null; tailor the
predictor with the survivors; meta-tailor with the best; choose. Everything is
decided on the training paths.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.common.stages import Stages
from experiments.scientific.experiment import Experiment
from experiments.scientific.laws import Quantity
from noether_jax.symbolic import noise as noise_lib
from noether_jax.symbolic import programs
from noether_jax.symbolic import samples as samples_lib
from noether_jax.symbolic import screening
from noether_jax.symbolic.grammar import Grammar
from noether_jax.symbolic.grammar import make_grammar
from noether_jax.symbolic.linear import linear_terms
from noether_jax.symbolic.parsing import parse

Array = jax.Array
# The simulated trajectories last as long; a measured one is cut to it.
WINDOW_SECONDS = 3.0
BEST = 20
NONE_FOUND = "q - q"
_STEPS = 6
_PARAMETERS = 3

Candidate = dict[str, Any]


def grammar(system: str) -> Grammar:
  """The formula language of a system.

  Args:
    system: one of config.SYSTEMS.

  Returns:
    The grammar; the springs' p is a velocity, the pendulums' an angular one.

  Example:
    >>> [str(unit) for unit in grammar("pendulum").parameter_units]
    ['1', '1/s^2']
  """
  if system == "spring":
    return make_grammar(["q", "p"], ["m", "m/s"],
                        parameter_units=["1", "s^2", "1/s^2"])
  return make_grammar(["q", "p"], ["rad", "1/s"],
                      parameter_units=["1", "1/s^2"])


def samples_of(
    e: Experiment,
    seed: int) -> tuple[samples_lib.StackedStates, noise_lib.StateNoise | None]:
  """A seed's training trajectories, and the noise that is left in them.

  Derivatives that were observed without noise are integrated: the states keep
  one error per trajectory.

  Args:
    e: the experiment.
    seed: which.

  Returns:
    `(samples, noise)`, noise None if there is none.
  """
  data = e.data
  if e.system == "real_pendulum":
    states = np.asarray(data.x[seed], np.float64)
    length = int(round(WINDOW_SECONDS / data.dt))
    pieces = [
        states[i:i + length] for i in range(0,
                                            len(states) - length + 1, length)
    ]
    return samples_lib.concatenate(pieces), None
  paths = np.asarray(data.train[seed], np.float64)
  if not e.config.noise:
    return samples_lib.concatenate(list(paths)), None
  derivatives = np.asarray(data.y[seed], np.float64).reshape(paths.shape)
  times = data.dt * np.arange(paths.shape[1])
  states, noise = noise_lib.integrate(paths, derivatives, times)
  return samples_lib.concatenate(list(states)), noise


def _language(e: Experiment) -> screening.Language:
  """All formulas, or those with a closed form where the settings say so."""
  with e.stages.stage("enumeration") as counts:
    language = screening.make_language(grammar(e.system))
    if not e.config.nonlinear_formulas:
      keep = [linear_terms(f) is not None for f in language.distinct]
      language = dataclasses.replace(
          language,
          distinct=[f for f, k in zip(language.distinct, keep) if k],
          multiplicity=language.multiplicity[keep])
    counts.update(language.stage.counts, searched=len(language.distinct))
  return language


def candidates(e: Experiment) -> list[list[Candidate]]:
  """What each seed's training data conserve, best first.

  Args:
    e: the experiment.

  Returns:
    One list per seed of `{"formula", "parameters", "errors", "ratio", "null",
    "equivalents"}`; the seeds of a measured system share one search.
  """
  return e.stages.noted("formulas", lambda: _search(e))


def _search(e: Experiment) -> list[list[Candidate]]:
  language = _language(e)
  shared = e.system == "real_pendulum"
  found, stages = [], []
  for seed in range(1 if shared else e.seeds):
    samples, noise = samples_of(e, seed)
    survivors, own = screening.search(language, samples, noise=noise)
    found.append([_candidate(s) for s in survivors])
    stages.append(own)
  for parts in zip(*stages):
    e.stages.add(f"formulas: {parts[0].name}", sum(p.seconds for p in parts), {
        name: [p.counts.get(name, 0) for p in parts] for name in parts[0].counts
    })
  return found * e.seeds if shared else found


def _candidate(survivor: screening.Survivor) -> Candidate:
  return {
      "formula": str(survivor.formula),
      "parameters": survivor.refined.parameters.tolist(),
      "errors": survivor.refined.errors.tolist(),
      "ratio": survivor.refined.ratio,
      "null": survivor.null_ratio,
      "equivalents": [str(f) for f in survivor.equivalents],
  }


def law_of(e: Experiment, chosen: list[Candidate | None]) -> Quantity:
  """One formula per seed as a law; None stands for no law and no tailoring.

  Args:
    e: the experiment.
    chosen: S candidates.

  Returns:
    The law; its formulas are data, so that one compiled function serves all.
  """
  inputs = grammar(e.system).inputs
  texts = [NONE_FOUND if c is None else c["formula"] for c in chosen]
  formulas = [parse(text, inputs) for text in texts]
  values = np.zeros((len(chosen), _PARAMETERS), np.float32)
  for row, candidate in enumerate(chosen):
    own = [] if candidate is None else candidate["parameters"]
    values[row, :len(own)] = own
  program = programs.encode(formulas,
                            num_inputs=2,
                            num_parameters=_PARAMETERS,
                            num_steps=_STEPS)
  names = tuple("none found" if c is
                None else f.with_parameters(c["parameters"], digits=4)
                for c, f in zip(chosen, formulas))
  return Quantity(programs.conserved_fn,
                  (jax.tree.map(jnp.asarray, program), jnp.asarray(values)),
                  names)


def discovered(e: Experiment) -> Quantity:
  """The law of each seed's best formula.

  Of the survivors, the 20 whose tailored predictor follows the training paths
  best are meta-tailored; of these, the one that then follows them best.

  Args:
    e: the experiment.

  Returns:
    The law.
  """
  found = candidates(e)
  with e.stages.stage("choice of the formula") as counts:
    counts["survivors"] = [len(own) for own in found]
    width = max(len(own) for own in found)
    if width <= 1:
      return law_of(e, [own[0] if own else None for own in found])
    chosen = _ranked(e, found, width, meta=False)
    width = min(width, BEST)
    chosen = [own[:width] for own in chosen]
    counts["meta_tailored"] = [len(own) for own in chosen]
    best = _ranked(e, chosen, width, meta=True)
  return law_of(e, [own[0] if own else None for own in best])


def _ranked(e: Experiment, found: list[list[Candidate]], width: int,
            meta: bool) -> list[list[Candidate]]:
  """Each seed's candidates by the error of tailored training rollouts."""
  flat: list[Candidate | None] = []
  for own in found:
    padded: list[Candidate | None] = [*own]
    flat += padded + [None] * (width - len(own))
  repeat = lambda tree: jax.tree.map(
      lambda leaf: jnp.repeat(leaf, width, axis=0), tree)
  data = e.data._replace(
      **{
          name: repeat(getattr(e.data, name))
          for name in ("x", "y", "train", "train_mask", "test", "test_mask")
      })
  many = Experiment(e.system,
                    e.config,
                    data,
                    laws={"candidates": lambda _: law_of(e, flat)},
                    stages=Stages())
  many.base = repeat(e.base)
  law, inner = many.law("candidates"), e.config.inner
  log_inner_rates = many.log_inner_rates(
      "candidates") if inner == "sgd" else None
  weights = many.meta("candidates", log_inner_rates) if meta else many.base
  errors = np.asarray(
      many.training_error(many.roller(many.tailored(law.conserved_fn, inner)),
                          (weights, law.params, log_inner_rates))).reshape(
                              -1, width)
  return [[own[i]
           for i in np.argsort(row[:len(own)], kind="stable")]
          for own, row in zip(found, errors)]
