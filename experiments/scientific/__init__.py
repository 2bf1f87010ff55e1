"""Conserved formulas and the rollouts of small mechanical systems."""
