"""Text that holds a table in another notation, rewritten as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import io
import re
from typing import Any

_LEGEND = re.compile(r'@\s*s\d+\s+legend\s+"(.*)"')
_AXES = re.compile(r'@\s*([xy])axis\s+label\s+"(.*)"')
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_UNIT = r"(?:\s*[^\W\d][\w/^\u00b0%\u00b2]*(?=\s*(?:[,;|\t]|$)))?"
_PAIR = re.compile(
    rf"""(?<![\w.])["']?([^\W\d][\w.]*)["']?\s*[:=]\s*({_NUMBER}{_UNIT})"""
    r"(?![\w.:])")
_QUOTED = re.compile(r"(?<![^,;\t| ])'([^'\"]*)'(?![^,;\t| ])")
_OPENING = re.compile(rf"(?<![^\s,;|(\[{{])[(\[{{]+\s*(?={_NUMBER})")
_CLOSING = re.compile(r"(?<=[\d.])\s*[)\]}]+")
_MONITOR = re.compile(r"(\d{1,2}:\d\d:\d\d[.,]\d+)\s*->\s*")

Rewriter = Callable[[Sequence[str]], tuple[list[str], str]]


def plain(stream: Any, head: str, encoding: str) -> tuple[Any, str, list[str]]:
  """Rewrite a text as a table if its beginning shows another notation.

  These are plots of Grace (.xvg), labelled numbers (`t:20,x:0.9`), cells in
  single quotes, numbers in brackets, and stamps of a serial monitor.

  Args:
    stream: of bytes, at its beginning.
    head: the beginning of its text.
    encoding: of the text.

  Returns:
    A stream at its beginning, its encoding, and what was decided.

  Example:
    >>> stream = io.BytesIO(b"t:0,x:1\\nt:1,x:2\\n")
    >>> stream, encoding, told = plain(stream, "t:0,x:1\\nt:1,x:2\\n", "utf-8")
    >>> stream.read(), told
    (b't\\tx\\n0\\t1\\n1\\t2\\n', ['numbers are labelled: columns t, x'])
  """
  messages: list[str] = []
  lines = [line[:2000] for line in head.splitlines() if line.strip()][:200]
  for applies, rewrite in _NOTATIONS:
    if not lines or not applies(lines):
      continue
    try:
      text = stream.read().decode(encoding)
    except UnicodeDecodeError:
      stream.seek(0)
      return stream, encoding, messages
    written, told = rewrite(text.splitlines())
    stream, encoding = io.BytesIO("\n".join([*written, ""]).encode()), "utf-8"
    lines = [line for line in written if line.strip()][:200]
    if told:
      messages.append(told)
  return stream, encoding, messages


def _is_grace(lines: Sequence[str]) -> bool:
  return any(map(_AXES.search, lines))


def _from_grace(lines: Sequence[str]) -> tuple[list[str], str]:
  """A plot of Grace: names are the axis and the legends."""
  text = "\n".join(lines)
  labels = dict(_AXES.findall(text))
  rows = [
      line.split()
      for line in lines
      if line.strip() and line.lstrip()[0] not in "#@&"
  ]
  names = [labels.get("x", "x"), *_LEGEND.findall(text)]
  width = len(rows[0]) if rows else len(names)
  missing = width - len(names)
  if missing == 1 and len(names) == 1:
    names.append(labels.get("y", "y"))
  else:
    names += [f"y{n + 1}" for n in range(len(names) - 1, width - 1)]
  return ["\t".join(row) for row in [names, *rows]], ""


def _labels(line: str) -> tuple[str, ...]:
  """Labels of a line that holds nothing but labelled numbers."""
  pairs = _PAIR.findall(line)
  rest = _PAIR.sub("", line)
  names = tuple(name for name, _ in pairs)
  bare = not re.search(r"\w", rest) and len(set(names)) == len(names)
  return names if bare and len(names) > 1 else ()


def _usual(labels: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
  return max(set(labels), key=labels.count)


def _is_labelled(lines: Sequence[str]) -> bool:
  labels = [_labels(line) for line in lines]
  names = _usual(labels)
  return bool(names) and labels.count(names) > .8 * len(labels)


def _from_labelled(lines: Sequence[str]) -> tuple[list[str], str]:
  """Lines such as `t:20,x:0.9`."""
  labels = [_labels(line) for line in lines]
  names = _usual([n for n in labels if n])
  rows = [[value
           for _, value in _PAIR.findall(line)]
          for line, found in zip(lines, labels)
          if found == names]
  lost = sum(bool(line.strip()) for line in lines) - len(rows)
  told = f"numbers are labelled: columns {', '.join(names)}"
  if lost:
    told += f"; {lost} lines with other labels or text left out"
  return ["\t".join(row) for row in [names, *rows]], told


def _is_quoted(lines: Sequence[str]) -> bool:
  first = _QUOTED.findall(lines[0])
  if first and 2 * len(first) == lines[0].count("'"):
    return True
  return sum(map(bool, map(_QUOTED.search, lines))) > len(lines) / 2


def _from_quoted(lines: Sequence[str]) -> tuple[list[str], str]:
  return [_QUOTED.sub(r'"\1"', line) for line in lines], ""


def _is_bracketed(lines: Sequence[str]) -> bool:
  both = [_OPENING.search(c) and _CLOSING.search(c) for c in lines]
  return sum(map(bool, both)) > len(lines) / 2


def _from_bracketed(lines: Sequence[str]) -> tuple[list[str], str]:
  """Rows such as `(1, 2)` or `0.1 (1 2 0) (3 4 0)`."""
  return [
      _CLOSING.sub(" ", _OPENING.sub("", line)).rstrip(" ,") for line in lines
  ], "brackets around numbers left out"


def _is_monitor(lines: Sequence[str]) -> bool:
  return sum(map(bool, map(_MONITOR.match, lines))) > .8 * len(lines)


def _from_monitor(lines: Sequence[str]) -> tuple[list[str], str]:
  """Lines such as `10:00:00.050 -> 1,2` as a serial monitor writes them."""
  found = [(_MONITOR.match(line), line) for line in lines]
  bodies = [line[m.end():] for m, line in found if m]
  mark = next((
      d for d in "\t;," if sum(d in body for body in bodies) > len(bodies) / 2),
              "\t")
  rows = [f"{m[1]}{mark}{line[m.end():]}" for m, line in found if m]
  return rows, "times before -> are those of a serial monitor"


_NOTATIONS: tuple[tuple[Callable[[Sequence[str]], bool], Rewriter], ...] = (
    (_is_grace, _from_grace),
    (_is_labelled, _from_labelled),
    (_is_quoted, _from_quoted),
    (_is_monitor, _from_monitor),
    (_is_bracketed, _from_bracketed),
)
