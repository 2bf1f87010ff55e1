"""The ideal spring."""
