"""What the experiments with frames share."""
