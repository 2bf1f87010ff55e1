"""Simulated systems with their true laws, and how trajectories are drawn.

`catalogue.SYSTEMS` holds the equations, `system.Sampling` says how an
experiment or a benchmark draws trajectories of one of them.
"""
