"""What the comparison of predictors says, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from typing import Any

# A ratio of errors that counts as better, and one that counts as worse.
_BETTER, _WORSE = .95, 1.05
# By how much something must grow to be named as a reason.
_GROWN = 1.25

Row = Mapping[str, Any]


def _keeping(summary: Mapping[str, Any]) -> list[Row]:
  return [row for row in summary["variants"] if row["laws"]]


def finding(summary: Mapping[str, Any]) -> str:
  """Say whether the laws helped to predict.

  Args:
    summary: of the prediction experiment, its first variant without a law.

  Returns:
    One sentence, the variant with the smallest error first.
  """
  best, *others = sorted(_keeping(summary),
                         key=lambda row: row["ratio_paired"][0])
  ratio, seeds = best["ratio_paired"][0], summary["seeds"]
  plural = "" if seeds == 1 else "s"
  told = (f"the error is {ratio:.2g} times that without a law, better in "
          f"{best['wins']} of {seeds} seed{plural}")
  for row in others:
    told += f"; {row['name']}, {row['ratio_paired'][0]:.2g} times"
  if ratio < _BETTER and best["wins"] == seeds:
    return f"Yes, {best['name']}: {told}."
  if ratio > _WORSE and not best["wins"]:
    return f"No: {best['name']}, {told}."
  return f"Not clearly: {best['name']}, {told}."


def recommendation(summary: Mapping[str, Any]) -> str:
  """Name the predictor that the data held out to choose prefer.

  Args:
    summary: of the prediction experiment.

  Returns:
    One sentence.
  """
  name = summary["recommended"]
  row = next(r for r in summary["variants"] if r["name"] == name)
  first = summary["variants"][0]
  if row is first:
    return (f"Recommended: {name}. On the data held out to choose, no other "
            "prediction has a smaller error.")
  before, after = first["validation_rmse"][0], row["validation_rmse"][0]
  return (f"Recommended: {name}. On the data held out to choose, its error is "
          f"{after:.2g}; {first['name']} it is {before:.2g}.")


def explanations(summary: Mapping[str, Any]) -> list[str]:
  """Say why laws made the prediction worse, where they did, and what helps.

  Args:
    summary: of the prediction experiment.

  Returns:
    Sentences; none if no law did harm.
  """
  rows = _keeping(summary)
  plain = summary["variants"][0]
  told = []
  for count in sorted({row["laws"] for row in rows}):
    same = [row for row in rows if row["laws"] == count]
    if all(_harms(row) for row in same):
      told.append(_why(same, plain, count))
  if not told:
    return []
  helping = sorted((row for row in rows if _helps(row)),
                   key=lambda row: row["validation_ratio"][0])
  if helping:
    names = "; ".join(f"{row['name']} ({row['validation_ratio'][0]:.2g} times "
                      "the error)" for row in helping)
    return [*told, f"What helps, on the data held out to choose: {names}."]
  return [
      *told, "No law helps here. A better field may: more trajectories, or "
      "more training."
  ]


def _harms(row: Row) -> bool:
  return row["ratio_paired"][0] > _WORSE and not row["wins"]


def _helps(row: Row) -> bool:
  return row["validation_ratio"][0] < _BETTER


def _why(rows: Sequence[Row], plain: Row, count: int) -> str:
  """Give the measured reasons for which some laws did harm."""
  first = rows[0]
  laws = first["name"].split(", ")[-1]
  its = "its gradient" if count == 1 else "their gradients"
  share = 100 * first["mended"]["share_before"]
  parts = [
      f"Why {laws} made the prediction worse: {share:.2g} % of the squared "
      f"error without a law lies along {its}, and no more can be mended."
  ]
  if first["speed_only"]:
    columns = ", ".join(first["speed_only"])
    parts.append(f"The law fixes the size of the velocity ({columns}), not its "
                 "direction.")
  grown = min(row["growth"] for row in rows)
  if grown > _GROWN * plain["growth"]:
    parts.append("In the directions left free, a small deviation of the start "
                 f"grows {_times(grown)} to the end of a rollout; without a "
                 f"law, {_times(plain['growth'])}.")
  for row in rows:
    across = row["mended"]["across"]
    if across > _GROWN:
      kind = row["name"].split(", ", maxsplit=1)[0]
      parts.append(f"The {kind} field has {across:.2g} times the error in the "
                   "directions left free.")
  return " ".join(parts)


def _times(factor: float) -> str:
  if math.isinf(factor):
    return "without bound"
  return f"{factor:.2g} times" if factor < 100 else f"{factor:.0f} times"
