"""Typesets formulas as MathML, which a browser draws without any script."""

import html
import logging
import re

_LOG = logging.getLogger("mkdocs.hooks.mathematics")
_FORMULA = re.compile(
    r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def typeset(text: str, page: str = "") -> str:
  r"""Return a page's HTML with MathML in the place of TeX.

  Args:
    text: HTML as the Markdown extension arithmatex writes it.
    page: the page's name, for the warning.

  Returns:
    HTML. A formula that cannot be read stays as it is, and a warning says so,
    which ends a strict build.
  """
  import latex2mathml.converter  # pylint: disable=C0415

  def convert(found: re.Match) -> str:
    display = "inline" if found[1] == "span" else "block"
    try:
      return latex2mathml.converter.convert(html.unescape(found[2]),
                                            display=display)
    except Exception as error:  # pylint: disable=broad-except
      _LOG.warning("%s: cannot typeset %r: %s", page, found[2], error)
      return found[0]

  return _FORMULA.sub(convert, text)


def on_page_content(text, page, **_):
  """Typeset a page (MkDocs calls this)."""
  return typeset(text, page.file.src_path)
