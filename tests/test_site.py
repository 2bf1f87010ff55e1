"""What the documentation is built with: docs/hooks."""

import importlib
import sys
import zlib

import pytest

import noether_jax
from tests import paths

HOOKS = paths.ROOT / "docs" / "hooks"


@pytest.fixture(autouse=True)
def hooks(monkeypatch):
  """MkDocs loads the hooks as files; they are in no package."""
  monkeypatch.syspath_prepend(str(HOOKS))
  yield
  for path in HOOKS.glob("*.py"):
    sys.modules.pop(path.stem, None)


def hook(name):
  return importlib.import_module(name)


def test_every_public_name_is_on_a_page_of_the_reference():
  reference = hook("reference")
  lines = {
      line.removeprefix("::: ")
      for page in reference.pages().values()
      for line in page.splitlines()
  }
  for package in ["noether_jax", *reference.rooms()]:
    face = importlib.import_module(package)
    assert face.__all__
    for name, source in reference.exported(package).items():
      assert source in reference.rooms(
      ) or lines & {f"{package}.{name}", source}, f"{package}.{name}"
    assert set(reference.exported(package)) >= set(face.__all__)


def test_the_first_page_links_each_name_of_the_face():
  page = hook("reference").index()
  rooms = {r.removeprefix("noether_jax.") for r in hook("reference").rooms()}
  for name in set(noether_jax.__all__) - rooms:
    described = f"\n  {name}: " in noether_jax.__doc__
    assert not described or f"[`nj.{name}`]" in page, name


def test_a_name_that_is_not_in_the_built_site_is_missing():
  offline = hook("offline")
  header = b"# Sphinx inventory version 2\n# a\n# b\n# c\n"
  line = b"noether_jax.tailoring.tailor py:function 1 page.html#$ -"
  names = offline.missing(header + zlib.compress(line))
  assert "noether_jax.tailoring.partition" in names
  assert "noether_jax.tailoring.tailor" not in names


def test_what_a_page_loads_is_told_from_what_it_links():
  loaded = hook("offline").loaded
  assert not loaded('<a href="https://a.org">a</a><script src="b.js"></script>'
                    '<link rel="canonical" href="https://a.org">')
  assert loaded('<script src="https://a.org/b.js"></script>') == [
      "https://a.org/b.js"
  ]
  assert loaded('<link rel="stylesheet" href="https://a.org/c.css">') == [
      "https://a.org/c.css"
  ]


def test_formulas_become_mathml():
  pytest.importorskip("latex2mathml")
  typeset = hook("mathematics").typeset
  text = r'<p><span class="arithmatex">\(a &lt; \frac{b}{c}\)</span></p>'
  assert "<mfrac>" in typeset(text) and "arithmatex" not in typeset(text)
  shown = typeset(r'<div class="arithmatex">\[x^2\]</div>')
  assert 'display="block"' in shown


def test_formulas_of_a_docstring_are_fenced_and_sections_are_not():
  pytest.importorskip("griffe")
  doc = """A law.

  L = sum_t |g(s_t)|^2
    + 1

More, with a list:

- one
  and its second line.

Args:
  x: a state.

Example:
  >>> 1
  1"""
  fenced = hook("docstrings").fenced(doc)
  assert "```text\nL = sum_t |g(s_t)|^2\n  + 1\n```" in fenced
  assert fenced.count("```") == 2
  assert "- one\n  and its second line." in fenced
  assert "Args:\n  x: a state." in fenced
  assert "Examples:\n  >>> 1" in fenced
