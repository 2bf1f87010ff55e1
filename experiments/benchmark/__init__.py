"""Prediction with discovered laws by the protocol of COMET."""
