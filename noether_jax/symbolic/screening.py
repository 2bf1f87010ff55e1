"""Search all formulas of a language for those that the data conserve."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import time
from typing import Any

import numpy as np

from noether_jax.symbolic import fitting
from noether_jax.symbolic import refining
from noether_jax.symbolic.canonical import essential
from noether_jax.symbolic.expression import Expression
from noether_jax.symbolic.expression import Operation
from noether_jax.symbolic.grammar import enumerate_formulas
from noether_jax.symbolic.grammar import Grammar
from noether_jax.symbolic.noise import StateNoise
from noether_jax.symbolic.samples import StackedStates
from noether_jax.symbolic.scatter import FormulaScatter

# Correlation over the states above which two formulas are the same quantity.
_SAME = 1 - 1e-5
# What noise alone may leave, in standard deviations of its own scatter.
_NOISE_SIGMAS = 3.0


@dataclasses.dataclass(frozen=True)
class Stage:
  """One stage of a search.

  Attributes:
    name: what was done.
    seconds: how long it took.
    counts: what came out.
  """
  name: str
  seconds: float
  counts: dict[str, int]


@dataclasses.dataclass(frozen=True)
class Survivor:
  """A quantity that the trajectories conserve.

  Attributes:
    formula: the simplest of the equivalent formulas.
    refined: its parameters, their standard errors, and its ratio.
    null_ratio: within over total scatter of the best fit to the same states
      assigned to trajectories at random.
    equivalents: other formulas of the language that are the same quantity up
      to scale and shift.
  """
  formula: Expression
  refined: refining.Refined
  null_ratio: float
  equivalents: tuple[Expression, ...] = ()

  def text(self, digits: int = 4) -> str:
    """Return the formula with its numbers."""
    return self.formula.with_parameters(self.refined.parameters.tolist(),
                                        digits=digits)


@dataclasses.dataclass(frozen=True)
class Language:
  """A grammar's formulas, and the distinct ones among them.

  Attributes:
    formulas: all formulas.
    distinct: those that remain when scale and shift are taken out.
    multiplicity: how many formulas each distinct one stands for.
    stage: counts and seconds.
  """
  formulas: list[Expression]
  distinct: list[Expression]
  multiplicity: np.ndarray
  stage: Stage


def make_language(grammar: Grammar) -> Language:
  """List a grammar's formulas once, for any number of searches.

  Args:
    grammar: the grammar.

  Returns:
    The language.

  Example:
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> language = make_language(make_grammar(["q"], ["m"], max_nodes=3))
    >>> [str(formula) for formula in language.distinct]
    ['q', 'q^2', '(q^2)^2', 'q + q', 'q - q', 'q*q', 'q/q', 'c0[1]/q']
  """
  start = time.perf_counter()
  formulas = enumerate_formulas(grammar)
  numbers: dict[Expression, int] = {}
  for formula in formulas:
    reduced = essential(formula)
    numbers[reduced] = numbers.get(reduced, 0) + 1
  stage = Stage("enumerate",
                time.perf_counter() - start, {
                    "formulas": len(formulas),
                    "distinct": len(numbers)
                })
  return Language(formulas, list(numbers), np.array(list(numbers.values())),
                  stage)


def search(language: Language,
           samples: StackedStates,
           *,
           noise: StateNoise | None = None,
           null_factor: float = 100.0,
           seed: int = 0) -> tuple[list[Survivor], list[Stage]]:
  """Return the formulas of a language that trajectories conserve.

  Every formula is fitted to the trajectories and to a null: the same states,
  assigned to trajectories at random. A formula survives if its within/total
  ratio, without the part that noise explains, is `null_factor` times smaller
  than the ratio of the null. Noise may leave 3 standard deviations of its own
  scatter. Survivors that are the same quantity form one group.

  Args:
    language: from `make_language`.
    samples: the trajectories.
    noise: theirs, or None.
    null_factor: the paper's is 100.
    seed: of the null and of the fits' initial values.

  Returns:
    `(survivors, stages)`, survivors by ascending ratio.

  Raises:
    ValueError: if `null_factor` is not above 1.

  Example:
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> from noether_jax.symbolic.samples import concatenate
    >>> a = np.linspace(0, 3, 40)
    >>> circle = np.stack([np.cos(a), 2 * np.sin(a)], 1)
    >>> language = make_language(make_grammar("xv", ["m", "m/s"],
    ...                                       parameter_units=["s^2"]))
    >>> samples = concatenate([circle * k for k in (1, 2, 3)])
    >>> found, _ = search(language, samples)
    >>> [survivor.text(3) for survivor in found]
    ['0.250*v^2 + x^2']

  Reference:
    Alet et al. 2021, section 5.1.
  """
  if not null_factor > 1:
    raise ValueError(f"`null_factor` must be above 1: got {null_factor}.")
  stages: list[Stage] = []
  fits = _timed(stages, "fit", lambda: _fit(language, samples, seed))
  kept = _timed(stages, "null",
                lambda: _screen(fits, samples, noise, null_factor, seed))
  found = _timed(stages, "group",
                 lambda: _group(kept[0], kept[1], samples, noise))
  stages[-1].counts["formulas"] = _originals(language, kept[0])
  return found, stages


def _timed(stages: list[Stage], name: str,
           work: Callable[[], tuple[Any, dict[str, int]]]) -> Any:
  start = time.perf_counter()
  result, counts = work()
  stages.append(Stage(name, time.perf_counter() - start, counts))
  return result


def _fit(language: Language, samples: StackedStates,
         seed: int) -> tuple[fitting.Fits, dict[str, int]]:
  fits = fitting.fit_formulas(language.distinct, samples, seed=seed)
  rejected = fits.counts()
  return fits, {
      "fitted": len(fits.formulas),
      **{
          f"rejected, {name}": number for name, number in rejected.items()
      }
  }


def _screen(
    fits: fitting.Fits, samples: StackedStates, noise: StateNoise | None,
    null_factor: float,
    seed: int) -> tuple[tuple[fitting.Fits, np.ndarray], dict[str, int]]:
  """Return the fits far better than the null's, and the null's ratios."""
  # A null's ratio is at most 1, so all other formulas fail against any null.
  limit = 1 / null_factor
  sound = np.flatnonzero(fits.reason == "")
  if noise is None:
    rows = sound[fits.ratio[sound] < limit]
  else:
    # Cheap first: noise explains half of the total scatter at the most.
    rows = sound[fits.ratio[sound] < 0.5]
    rows = np.array(
        [i for i in rows if _excess(fits, i, samples, noise, limit) <= 0],
        dtype=int)
  null = fitting.fit_formulas([fits.formulas[i] for i in rows],
                              samples.shuffled(seed),
                              seed=seed)
  nulls = np.where(null.reason == "", null.ratio, 0.0)
  passed = np.array([(fits.ratio[i] < r / null_factor if noise is None else
                      _excess(fits, i, samples, noise, r / null_factor) <= 0)
                     for i, r in zip(rows, nulls)],
                    dtype=bool)
  counts = {
      "candidates": len(sound),
      "below the best possible null": len(rows),
      "below the null": int(passed.sum())
  }
  return (fits.select(rows[passed]), nulls[passed]), counts


def _excess(fits: fitting.Fits, row: int, samples: StackedStates,
            noise: StateNoise, limit: float) -> float:
  """Return the scatter within, less noise, its spread and `limit` of T."""
  formula = fits.formulas[row]
  parameters = fits.parameters[row, :formula.num_parameters]
  scatter = FormulaScatter(formula).scatter(parameters, samples, noise)
  # A trajectory whose states share an error has one of them per column.
  freedom = (samples.states.shape[1] *
             len(samples.starts) if noise.shared else len(samples.states) -
             len(samples.starts))
  noisy = scatter.noise_within * (1 + _NOISE_SIGMAS * np.sqrt(2 / freedom))
  rest = scatter.total - scatter.noise_total
  # Where noise explains all, nothing is left that could be conserved.
  excess = scatter.within - noisy - limit * rest if rest > 0 else np.inf
  return float(excess) if np.isfinite(excess) else np.inf


def _group(fits: fitting.Fits, nulls: np.ndarray, samples: StackedStates,
           noise: StateNoise | None) -> tuple[list[Survivor], dict[str, int]]:
  """Return one survivor per quantity: its simplest formula."""
  order = sorted(range(len(fits.formulas)),
                 key=lambda i: _plainness(fits.formulas[i], fits.parameters[i]))
  leaders: list[tuple[np.ndarray, int, list[int]]] = []
  for i in order:
    formula = fits.formulas[i]
    with np.errstate(all="ignore"):
      value = formula(samples.states.T, fits.parameters[i])
    value = value - value.mean()
    value = value / np.linalg.norm(value)
    same = [g for g in leaders if abs(float(g[0] @ value)) > _SAME]
    if same:
      same[0][2].append(i)
    else:
      leaders.append((value, i, []))
  found = [
      Survivor(fits.formulas[i], _refined(fits, i, samples, noise),
               float(nulls[i]), tuple(fits.formulas[j]
                                      for j in others))
      for _, i, others in leaders
  ]
  found.sort(key=lambda s: s.refined.ratio)
  return found, {"distinct": len(fits.formulas), "quantities": len(found)}


def _refined(fits: fitting.Fits, row: int, samples: StackedStates,
             noise: StateNoise | None) -> refining.Refined:
  formula = fits.formulas[row]
  return refining.refine(formula, fits.parameters[row, :formula.num_parameters],
                         samples, noise)


def _plainness(formula: Expression, parameters: np.ndarray) -> tuple:
  """Return a sort key; the formula that people would write comes first."""
  quotients = sum(
      isinstance(n, Operation) and n.op == "/" for n in formula.nodes())
  text = str(formula)
  return (formula.num_nodes, formula.num_parameters, quotients,
          int(np.sum(parameters[:formula.num_parameters] < 0)),
          text.startswith("c"), text)


def _originals(language: Language, fits: fitting.Fits) -> int:
  """Return how many formulas of the language the surviving fits stand for."""
  kept = set(fits.formulas)
  return int(
      sum(n for f, n in zip(language.distinct, language.multiplicity)
          if f in kept))
