"""Errors that a user can mend; the message says how."""


class InputError(ValueError):
  """The data or the arguments cannot be used; the message says how to mend."""


class CheckpointError(ValueError):
  """A checkpoint that is damaged, or does not fit the tree asked for."""
