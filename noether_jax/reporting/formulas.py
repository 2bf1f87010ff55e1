"""Formulas, units and numbers as LaTeX, MathML and HTML, without a network."""

from __future__ import annotations

import copy
import html
import math
import re
from xml.etree import ElementTree

from latex2mathml import converter
import markupsafe

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi "
    "pi rho sigma tau phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma "
    "Phi Psi Omega".split())
_SPECIAL = {
    "\\": r"\backslash ",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\wedge ",
    "~": r"\sim ",
    "-": r"\text{-}",
    "'": r"\text{'}",
    "`": r"\text{`}",
    " ": r"\ ",
}
_NAME = re.compile(r"([^\W\d_]+)(?:_?(\d+)|_([^\W_]{1,3}))?")
_COMPONENT = re.compile(r"([vpaLF])([xyz])(\d*)")
_TOKENS = frozenset("mi mn mo mtext mspace".split())
# What MathML needs of its attributes; none can run a script or load a file.
_ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnspacing display displaystyle fence "
    "form height depth linethickness lspace mathvariant maxsize minsize "
    "movablelimits rowspacing rspace scriptlevel separator stretchy symmetric "
    "voffset width xmlns".split())
MINUS = "\u2212"
_PLAIN = str.maketrans("\u2212\u2227\u223c\u2217\u00a0", "-^~* ")
_BREAKS = ("+", "\u2212", "\u22c5", "\u00b7")
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_PROGRAM = re.compile(r"\bnoether-discover [A-Z_]+(?= --)")
_OPTION = re.compile(r"(?<![\w-])--\w[\w-]*"
                     r"(?:=&#34;\w+&#34;|=[\w:,/*^|.-]*[\w|])?")
_SCIENTIFIC = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?)e([+-]\d+)\b")
_NEGATIVE = re.compile(r"(?<=[ (])-(?=\d)")
_OPTION_HTML = r'<code class="nj-option">\g<0></code>'
_POWER = re.compile(r"(?<=[^\s^])\^(?:(-?\d+)|\((-?\d+/\d+)\))")


def symbol(name: str) -> str:
  """Write a column's name in LaTeX: no name can leave its place in a formula.

  Args:
    name: any text.

  Returns:
    A Greek letter, a letter with an index, or upright text.

  Example:
    >>> symbol("theta1"), symbol("vx"), symbol("q_dot")
    ('\\\\theta_{1}', 'v_{x}', '\\\\dot{q}')
    >>> symbol("left wheel")
    '\\\\mathrm{left\\\\ wheel}'
  """
  component = _COMPONENT.fullmatch(name)
  if component:
    return f"{component[1]}_{{{component[2]}{component[3]}}}"
  match = _NAME.fullmatch(name)
  if match and (len(match[1]) == 1 or match[1] in _GREEK):
    stem = f"\\{match[1]}" if match[1] in _GREEK else match[1]
    if match[3] in ("dot", "d"):
      return f"\\dot{{{stem}}}"
    index = match[2] or match[3]
    return f"{stem}_{{{_upright(index)}}}" if index else stem
  return f"\\mathrm{{{_escaped(name)}}}"


def _upright(index: str) -> str:
  one = len(index) == 1 or index.isdigit()
  return index if one else f"\\mathrm{{{index}}}"


def _escaped(text: str) -> str:
  return "".join(_SPECIAL.get(c, c) for c in text if c.isprintable())


def mathml(latex: str,
           *,
           plain: str = "",
           large: bool = False) -> markupsafe.Markup:
  """Convert a formula to MathML that a page can hold, in pieces.

  Browsers do not break a formula into lines. So what follows a plus, a minus or
  a dot is an element of its own, before which a line may end.

  Args:
    latex: the formula; text from users must have passed `symbol`.
    plain: shown if the formula cannot be converted.
    large: with fractions of full size, for a line of its own.

  Returns:
    HTML. All text in it is escaped, and it has no attribute but MathML's.

  Example:
    >>> print(mathml("x + 1"))
    <math ...><mrow><mi>x</mi></mrow></math> <math ...><mrow><mo
     form="infix" lspace="0">+</mo><mn>1</mn></mrow></math>
  """
  try:
    root = converter.Converter().convert_to_element(latex)
  except Exception:  # pylint: disable=broad-except
    # The package has a dozen kinds of errors, IndexError among them.
    return markupsafe.Markup("<code>{}</code>").format(plain or latex)
  for element in root.iter():
    _clean(element)
  if large:
    root.set("displaystyle", "true")
  _join_names(root)
  pieces = [ElementTree.tostring(e, encoding="unicode") for e in _split(root)]
  return markupsafe.Markup(" ".join(pieces))


def _clean(element: ElementTree.Element) -> None:
  """Resolve character references in the text, which would be escaped again."""
  element.text = html.unescape(element.text) if element.text else None
  element.tail = html.unescape(element.tail) if element.tail else None
  for name in set(element.attrib) - _ATTRIBUTES:
    del element.attrib[name]
  if element.tag == "mo" and element.text == "|":
    element.set("stretchy", "false")


def _join_names(root: ElementTree.Element) -> None:
  r"""Make one word of the letters of each `\mathrm{...}`."""
  for row in list(root.iter("mrow")):
    letters = [c for c in row if c.tag == "mi"]
    upright = all(c.get("mathvariant") == "normal" for c in letters)
    if letters and upright and all(c.tag in _TOKENS for c in row):
      text = "".join(c.text or " " for c in row)
      row[:] = []
      word = ElementTree.SubElement(row, "mi", {"mathvariant": "normal"})
      word.text = text.translate(_PLAIN)


def _split(root: ElementTree.Element) -> list[ElementTree.Element]:
  """Return one copy of the outer element per piece."""
  rows: list[list[ElementTree.Element]] = [[]]
  for child in root[0]:
    breaks = child.tag == "mo" and child.text in _BREAKS
    if breaks and rows[-1]:
      child.set("form", "infix")
      child.set("lspace", "0")  # The space between the pieces is there already.
      rows.append([])
    rows[-1].append(child)
  out = []
  for row in rows:
    piece = copy.copy(root)
    piece[:] = [ElementTree.Element("mrow")]
    piece[0].extend(row)
    out.append(piece)
  return out


def raised(text: str) -> markupsafe.Markup:
  """Raise powers such as `AU^3/day^2` and `10^4`, as HTML.

  Example:
    >>> print(raised("AU^3/day^2"))
    AU<sup>3</sup>/day<sup>2</sup>
  """
  escaped = str(markupsafe.escape(text))
  return markupsafe.Markup(_POWER.sub(_raise, escaped))


def _raise(match: re.Match[str]) -> str:
  return f"<sup>{(match[1] or match[2]).replace('-', MINUS)}</sup>"


def prose(text: str) -> markupsafe.Markup:
  """Write a sentence as HTML: powers raised, commands and percentages whole.

  Example:
    >>> print(prose("Try --degree=3 & more: 2 +- 1 %."))
    Try <code class="nj-option">--degree=3</code> &amp; more: 2 ± 1\u00a0%.
    >>> print(prose("It is -2.5e-09 J."))
    It is \u22122.5\u00a0×\u00a010<sup>\u22129</sup> J.
  """
  escaped = str(raised(text)).replace(" +- ", " ± ").replace(" %", "\u00a0%")
  escaped = _SCIENTIFIC.sub(
      lambda m: f"{m[1]}\u00a0×\u00a010<sup>{int(m[2])}</sup>".replace(
          "-", MINUS), escaped)
  escaped = _NEGATIVE.sub(MINUS, escaped)
  escaped = _PROGRAM.sub(r"<code>\g<0></code>", escaped)
  return markupsafe.Markup(_OPTION.sub(_OPTION_HTML, escaped))


def unit_text(unit: str) -> str:
  """Write a unit for a figure: raised powers, empty for a pure number.

  Example:
    >>> unit_text("AU^3/day^2"), unit_text("1")
    ('AU³/day²', '')
  """
  if unit in ("", "1"):
    return ""
  return _POWER.sub(lambda m: m[1].translate(SUPERSCRIPTS)
                    if m[1] else m[0], unit).replace("*", "·")


def number(value: float, digits: int = 3) -> markupsafe.Markup:
  """Write a number as HTML, with a raised power of ten where it is long.

  Example:
    >>> print(number(-2.9591e-4, 5), number(12.5), number(float("inf")))
    −2.9591 × 10<sup>−4</sup> 12.5 ∞
  """
  if not math.isfinite(value):
    sign = MINUS if value < 0 else ""
    return markupsafe.Markup("–" if math.isnan(value) else f"{sign}∞")
  kind = "e" if 0 < abs(value) < 1e-3 else "g"
  places = digits - 1 if kind == "e" else digits
  mantissa, _, power = f"{value:.{places}{kind}}".partition("e")
  text = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
  text = text.replace("-", MINUS)
  if power:
    text += f" × 10<sup>{str(int(power)).replace('-', MINUS)}</sup>"
  return markupsafe.Markup(text)
