"""Objects on a ramp, simulated and real."""
