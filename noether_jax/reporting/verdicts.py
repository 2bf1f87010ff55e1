"""The words of a verdict, and the reasons why one cannot be given."""

from __future__ import annotations

from typing import NamedTuple

from noether_jax.reporting.subjects import ShownQuantity

CONSERVED = "conserved"
# Conserved but for the losses, or the work, that are given with it.
BALANCE = "balance"
APPROXIMATE = "approximately conserved"
# Given by the user, and not tested.
KNOWN = "known"
UNKNOWN = "cannot tell"
NOT_CONSERVED = "not conserved"

# Why one cannot tell, and what data would.
ONE_VALUE = "one value"
FEW = "few trajectories"
UNTIMED = "no times"
RATES = "noisy derivatives"
DISAGREE = "derivatives disagree"
CHANCE = "coincidence"
SERIES = "series"
CONTRADICTION = "contradiction"

# What each verdict on a law means.
MEANINGS = {
    CONSERVED:
        "Conserved: it stays constant along every trajectory, and differs "
        "between trajectories.",
    BALANCE:
        "Balance: it stays constant but for the losses, or the work, that are "
        "given with it.",
    APPROXIMATE:
        "Approximately conserved: it changes little, but measurement noise "
        "does not explain the change.",
    UNKNOWN: "One cannot tell whether it is a law.",
    NOT_CONSERVED:
        "Not conserved: it changes along trajectories about as it differs "
        "between them.",
}


class Reason(NamedTuple):
  """Why one cannot tell whether a quantity is a law.

  Attributes:
    headline: follows "cannot tell: ".
    meaning: whole sentences.
    remedy: what data would tell.
  """
  headline: str
  meaning: str
  remedy: str


REASONS = {
    FEW:
        Reason(
            "a quantity is conserved here, but there are too few trajectories "
            "to tell it from a coincidence",
            "It stays constant here. There are too few trajectories to tell a "
            "law from a coincidence.",
            "Measure more trajectories of the same system that start at other "
            "energies: three at least, ten are better. Only differences "
            "between trajectories can show that a quantity is a law."),
    ONE_VALUE:
        Reason(
            "a combination is constant in all the data, but they hold only "
            "one value of it",
            "It has one and the same value in all the data. So it may be a "
            "law, or a relation between the columns that always holds.",
            "Measure more trajectories, on which the quantity has other "
            "values: start them at other energies. A law keeps each of its "
            "values; a relation between the columns has one value only."),
    UNTIMED:
        Reason(
            "a quantity hardly changes here, but without times its change "
            "cannot be told from noise",
            "It hardly changes. Without times, the measurement noise is not "
            "known, so the change may be noise or real.",
            "Give the time of each row: then the noise can be estimated, and "
            "the change compared with it."),
    RATES:
        Reason(
            "a quantity hardly changes by the measured derivatives, but they "
            "are too few or too noisy to tell it from a law",
            "The measured derivatives hardly change it. They are too few or "
            "too noisy to show that they do not change it at all.",
            "Measure more states with their derivatives, or derivatives with "
            "less noise."),
    DISAGREE:
        Reason(
            "the trajectories and the measured derivatives disagree about a "
            "quantity",
            "It changes by the measured derivatives, or along the trials, but "
            "not by both.",
            "See that each derivative is that of its column, in matching "
            "units, and that the rows of a trial belong together."),
    CHANCE:
        Reason(
            "a quantity is conserved here, but as many terms would fit broken "
            "trajectories as well",
            "It stays constant here. But where pieces of different "
            "trajectories are joined, some combination of the same terms is as "
            "constant, so it may be a coincidence.",
            "Measure more or longer trajectories, or search with fewer "
            "columns: then a coincidence becomes less likely."),
    SERIES:
        Reason(
            "a formula hardly changes, but several of its numbers are "
            "arbitrary, so it may only approximate",
            "It hardly changes. But several of its numbers are arbitrary, or "
            "the data do not determine them. It may approximate a conserved "
            "quantity, or nothing may be conserved.",
            "Measure with less noise, at more times, or on longer "
            "trajectories: then a series shows by its change."),
    CONTRADICTION:
        Reason(
            "a quantity stays constant within the noise, but not by the "
            "motion that another law implies",
            "It stays constant within the noise. But by the accelerations that "
            "follow from another law it would change, so one of the two only "
            "approximates. What this one leaves is less like noise.",
            "Measure with less noise, or at more times: then the one that "
            "approximates shows by its change."),
}


def explanation(law: ShownQuantity) -> str:
  """Say what a verdict means; where one cannot tell, why.

  Args:
    law: the quantity.

  Returns:
    One or two sentences.
  """
  if law.verdict == UNKNOWN and law.reason in REASONS:
    return REASONS[law.reason].meaning
  return MEANINGS.get(law.verdict, f"{law.verdict}.")
