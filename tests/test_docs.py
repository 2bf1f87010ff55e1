"""The examples of the documentation pages run."""

import re

import jax
import pytest
import threadpoolctl

from tests import paths

PAGES = sorted([*(paths.ROOT / "docs").glob("*.md"), paths.ROOT / "README.md"])
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(path):
  """Line numbers and sources of a page's Python blocks."""
  text = path.read_text()
  return [(text[:found.start(1)].count("\n"), found.group(1))
          for found in BLOCK.finditer(text)]


def test_there_are_pages():
  assert any(blocks(path) for path in PAGES)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_the_blocks_of_a_page_run_in_turn(path):
  names = {"__name__": "page"}
  # A page may limit the threads of BLAS; they are given back here.
  with threadpoolctl.threadpool_limits(limits=1, user_api="blas"):
    for line, source in blocks(path):
      # Empty lines before it, so that a traceback has the page's line numbers.
      exec(compile("\n" * line + source, str(path), "exec"), names)
  # A page shows how x64 is set; the other tests need it on.
  assert jax.config.jax_enable_x64
