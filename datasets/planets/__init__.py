"""The planets around the Sun."""
