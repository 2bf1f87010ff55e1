"""The examples run, are short, and are all shown."""

import importlib

import matplotlib.pyplot as plt
import pytest

from examples import gallery
from tests import paths

each = pytest.mark.parametrize("name", gallery.names())
PAGE = (paths.ROOT / "docs" / "gallery.md").read_text()


def test_there_are_examples():
  assert len(gallery.names()) >= 6


@each
def test_an_example_is_short_and_shown(name):
  source = (paths.ROOT / "examples" / f"{name}.py").read_text()
  assert len(source.splitlines()) < 40
  assert f"(gallery/{name}.png)" in PAGE
  assert f'"examples/{name}.py"' in PAGE
  assert (paths.ROOT / "docs" / "gallery" / f"{name}.png").stat().st_size


@pytest.mark.slow
@each
def test_an_example_draws_its_figure(name):
  figure = importlib.import_module(f"examples.{name}").main()
  figure.canvas.draw()
  assert all(axes.lines or axes.collections for axes in figure.axes)
  plt.close(figure)
