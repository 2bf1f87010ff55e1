"""Small tables in the layouts of other programs."""

import numpy as np

from noether_jax.data import reading

TRIALS, ROWS, STEP = 3, 30, .05


def orbits(step=STEP):
  """Rows (trial, t, x, v) with v^2 + 4 x^2 conserved."""
  t = np.arange(ROWS) * step
  return [(n, t[k], (1 + n) * np.cos(2 * t[k] + n),
           -2 * (1 + n) * np.sin(2 * t[k] + n))
          for n in range(TRIALS)
          for k in range(ROWS)]


def text(head, rows=None, delimiter=",", form="%.9g"):
  """A table of text; None is a blank cell."""
  rows = orbits() if rows is None else rows
  lines = [
      delimiter.join("" if c is None else c if isinstance(c, str) else form % c
                     for c in row)
      for row in rows
  ]
  return "\n".join([head, *lines]) + "\n"


def load(tmp_path, text, name="data.csv", **arguments):
  path = tmp_path / name
  path.write_bytes(text if isinstance(text, bytes) else text.encode())
  return reading.load(path, **arguments)


def check(data, names=("x", "v"), unit=("1", "1")):
  """The orbits came back."""
  assert [v.name for v in data.variables] == list(names)
  assert [str(v.unit) for v in data.variables] == list(unit)
  assert len(data.states) == TRIALS
  rows = np.array(orbits())
  for n, (t, s) in enumerate(zip(data.times, data.states)):
    mine = rows[rows[:, 0] == n]
    np.testing.assert_allclose(t, mine[:, 1], atol=1e-6)
    np.testing.assert_allclose(s, mine[:, 2:], atol=1e-6)


def check_first(data, names=("x", "v"), unit=("1", "1")):
  """The first orbit came back, from a file of a few digits."""
  assert [v.name for v in data.variables] == list(names)
  assert [str(v.unit) for v in data.variables] == list(unit)
  rows = np.array(orbits()[:ROWS])
  np.testing.assert_allclose(data.times[0], rows[:, 1], atol=1e-6)
  np.testing.assert_allclose(data.states[0], rows[:, 2:], atol=1e-5)


def told(data, *parts):
  """One line says each."""
  assert all(isinstance(m, str) and "\n" not in m for m in data.messages)
  for part in parts:
    assert sum(part in m for m in data.messages) == 1, (part, data.messages)
