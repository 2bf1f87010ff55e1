"""The encoding of a text."""

from __future__ import annotations

import codecs

from noether_jax.errors import InputError


def decode(raw: bytes, name: str) -> tuple[str, str, list[str]]:
  """Decode the beginning of a text.

  Args:
    raw: the first bytes of a file; the last character may be cut.
    name: of the file, for messages.

  Returns:
    The text, its encoding, and what was decided.

  Raises:
    InputError: if the bytes are no text.

  Example:
    >>> decode("t,x,v\\n".encode("utf-16-le"), "a.csv")[0]
    't,x,v\\n'
  """
  encoding, messages = "utf-8-sig", []
  if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
    encoding = "utf-16"
  else:
    wide = _wide(raw)
    if wide:
      encoding = wide
      messages.append("without a byte-order mark: read as UTF-16")
  try:
    text = codecs.getincrementaldecoder(encoding)().decode(raw)
  except UnicodeDecodeError:
    encoding = "cp1252"
    text = raw.decode(encoding, errors="replace")
    messages.append("not in UTF-8: read as Windows-1252 (Western European)")
  odd = next((c for c in text if c < " " and c not in "\t\n\r\f\v"), None)
  if odd is not None or "\ufffd" in text:
    raise InputError(f"{name}: a binary file, not a table of text; the ending "
                     "of its name must tell its kind.")
  return text, encoding, messages


def _wide(raw: bytes) -> str:
  """UTF-16 whose second or first bytes are nearly all zero; else empty."""
  for encoding, zeros, others in (("utf-16-le", raw[1::2], raw[::2]),
                                  ("utf-16-be", raw[::2], raw[1::2])):
    if len(zeros) > 4 and zeros.count(
        0) > .9 * len(zeros) and not others.count(0):
      return encoding
  return ""
