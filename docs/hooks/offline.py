"""Checks the built pages: nothing from a network, no public name missing."""

import logging
import pathlib
import re
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import reference  # noqa: E402  pylint: disable=wrong-import-position

_LOG = logging.getLogger("mkdocs.hooks.offline")
_LOADED = re.compile(
    r'<(?:script|img|iframe|source)\b[^>]*\bsrc="?(https?:[^"\s>]+)|'
    r'<link\b(?=[^>]*\brel="?(?:stylesheet|preload|preconnect|icon))'
    r'[^>]*\bhref="?(https?:[^"\s>]+)')


def loaded(text: str) -> list[str]:
  """Return the addresses that a page would load from a network."""
  return [a or b for a, b in _LOADED.findall(text)]


def missing(inventory: bytes) -> list[str]:
  """Return the public names that are not in a built site's inventory."""
  text = zlib.decompress(inventory.split(b"\n", 4)[4]).decode()
  listed = {line.split(" ")[0] for line in text.splitlines()}
  names = []
  for package in [reference.LIBRARY, *reference.rooms()]:
    for name, source in reference.exported(package).items():
      if not listed & {f"{package}.{name}", source} and source not in [
          *reference.rooms()
      ]:
        names.append(f"{package}.{name}")
  return names


def on_post_build(config):
  """Warn of what is wrong, which ends a strict build (MkDocs calls this)."""
  site = pathlib.Path(config.site_dir)
  for path in sorted(site.rglob("*.html")):
    for address in loaded(path.read_text()):
      _LOG.warning("%s loads %s", path.relative_to(site), address)
  for name in missing((site / "objects.inv").read_bytes()):
    _LOG.warning("%s is not in the reference", name)
