"""Prepares docstrings for Markdown: formulas are kept as they are written."""

import re

import griffe

_LIST = re.compile(r"\s*([-*]|\d+\.) ")
_SECTION = re.compile(r"\w[\w ]*:$")


def fenced(text: str) -> str:
  """Return a docstring with its indented formulas as literal blocks.

  Args:
    text: a docstring without its outer indentation. A formula is indented by
      two spaces below a paragraph; the lines of a section ("Args:") are no
      formula, and neither are those of a list.

  Returns:
    The docstring; each formula stands between fences.
  """
  lines: list[str] = []
  block: list[str] = []
  section = listed = False
  for line in [*text.splitlines(), ""]:
    # The plural is the section whose doctests are shown as such.
    line = "Examples:" if line == "Example:" else line
    indented = line.startswith("  ") and not (section or listed)
    if block and not indented and line.strip():
      lines += _fence(block)
      block = []
    if indented or (block and not line.strip()):
      block.append(line)
      continue
    if line.strip() and not line.startswith(" "):
      section = bool(_SECTION.match(line))
      listed = bool(_LIST.match(line))
    lines.append(line)
  lines += _fence(block)
  return "\n".join(lines).rstrip()


def _fence(block: list[str]) -> list[str]:
  while block and not block[-1].strip():
    block = block[:-1]
  if not block:
    return []
  return ["", "```text", *[line[2:] for line in block], "```", ""]


class Formulas(griffe.Extension):
  """Fences the formulas of every docstring that is loaded."""

  def on_object(self, *, obj, **_):
    """Rewrite one docstring (griffe calls this)."""
    if obj.docstring:
      obj.docstring.value = fenced(obj.docstring.value)
