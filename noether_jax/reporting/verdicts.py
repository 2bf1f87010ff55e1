"""The words of a verdict, and the reasons why one cannot be given."""

from __future__ import annotations

CONSERVED = "conserved"
# Conserved but for the losses, or the work, that are given with it.
BALANCE = "balance"
APPROXIMATE = "approximately conserved"
UNKNOWN = "cannot tell"
NOT_CONSERVED = "not conserved"

# Why one cannot tell, and what data would.
ONE_VALUE = "one value"
FEW = "few trajectories"
UNTIMED = "no times"
CHANCE = "coincidence"
