"""Numbers and tables of results, in Markdown and for the terminal."""

from collections.abc import Sequence

import numpy as np

Line = Sequence[str]
# A heading, or its two lines.
Heading = str | tuple[str, str]


def array(values: Sequence[float | None]) -> np.ndarray:
  """Stored numbers; None, which stands for not finite, is inf.

  Example:
    >>> array([1.0, None]).tolist()
    [1.0, inf]
  """
  return np.array([np.inf if v is None else v for v in values], float)


def number(value: float, digits: int = 4) -> str:
  """Fixed digits, or powers of ten where they would hide the number.

  Example:
    >>> number(0.25), number(1e-6)
    ('0.2500', '1.0e-06')
  """
  hidden = 0 < abs(value) < 0.5 * 10**-digits or 1e4 <= abs(value) < np.inf
  return f"{value:.1e}" if hidden else f"{value:.{digits}f}"


def markdown(header: Sequence[Heading], body: Sequence[Line]) -> str:
  """A table in Markdown.

  Args:
    header: the headings.
    body: lines as long as the header.

  Returns:
    Lines of Markdown.
  """
  names = [name if isinstance(name, str) else _joined(name) for name in header]
  table = [names, ["---"] * len(names), *body]
  return "".join(f"| {' | '.join(line)} |\n" for line in table)


def _joined(name: tuple[str, str]) -> str:
  """A heading on one line, without a hyphen at the end of its first."""
  first, second = name
  return f"{first} {second}".strip().replace("- ", "")


def _split(name: Heading) -> tuple[str, str]:
  """A heading on two lines."""
  if not isinstance(name, str):
    return name
  if name.startswith("ratio to "):
    return "ratio to", name[len("ratio to "):]
  first, _, second = name.partition(" ")
  return (first, second) if second else ("", first)


def text(header: Sequence[Heading],
         body: Sequence[Line],
         *,
         left: int = 1) -> str:
  """A table with aligned columns, numbers to the right.

  Args:
    header: the headings; each takes two lines.
    body: lines as long as the header.
    left: how many first columns are text.

  Returns:
    Lines of at most the same width.

  Example:
    >>> print(text(["row", "ratio to control"], [["a", "1.0"]]), end="")
         ratio to
    row   control
    ---  --------
    a         1.0
  """
  pairs = [_split(name) for name in header]
  lines = [tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)]
  widths = [
      max(len(line[i]) for line in [*lines, *body]) for i in range(len(header))
  ]
  lines += [tuple("-" * width for width in widths), *map(tuple, body)]
  align = lambda line: "  ".join(
      cell.ljust(width) if i < left else cell.rjust(width)
      for i, (cell, width) in enumerate(zip(line, widths)))
  return "".join(align(line).rstrip() + "\n" for line in lines)
