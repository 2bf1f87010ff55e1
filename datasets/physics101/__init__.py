"""The real ramp videos of Physics 101."""
