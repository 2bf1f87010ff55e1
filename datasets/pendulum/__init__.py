"""The ideal pendulum."""
