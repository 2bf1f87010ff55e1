"""Frames of a pendulum under random torques."""
