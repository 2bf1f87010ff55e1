"""Reads the HTML that the room makes, as strictly as the standard does."""

import html5lib


def parsed(fragment):
  """An HTML fragment without namespaces; any parse error raises."""
  parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
  tree = parser.parseFragment(str(fragment))
  return _plain(tree)


def page(text):
  """A whole HTML page without namespaces; any parse error raises."""
  parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
  return _plain(parser.parse(str(text)))


def _plain(tree):
  for element in tree.iter():
    if isinstance(element.tag, str):
      element.tag = element.tag.rpartition("}")[2]
  return tree


def text(tree):
  """All text of a tree."""
  return "".join(tree.itertext())


def tags(tree):
  """Names of all elements."""
  return {e.tag for e in tree.iter() if isinstance(e.tag, str)}
