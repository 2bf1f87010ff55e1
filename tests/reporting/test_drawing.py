"""Figures: in a page of any colour, in any script, with what was drawn."""

import dataclasses

import matplotlib.figure
import numpy as np
import pytest

from noether_jax.reporting import drawing
from noether_jax.reporting import figures
from tests.reporting import made
from tests.reporting import pages


def _luminance(color):
  parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
  linear = [
      p / 12.92 if p <= .03928 else ((p + .055) / 1.055)**2.4 for p in parts
  ]
  return float(np.dot([.2126, .7152, .0722], linear))


@pytest.mark.parametrize("page", ["#ffffff", "#14181d"])
@pytest.mark.parametrize("color", drawing.COLORS)
def test_colors_show_on_light_and_dark(color, page):
  """WCAG 2.1 asks for 3 between graphics and what is beside them."""
  low, high = sorted((_luminance(color), _luminance(page)))
  assert (high + .05) / (low + .05) >= 3


def test_long_series_keep_their_extremes():
  times = np.arange(100_000.)
  values = np.sin(times)
  values[54_321] = -9.
  short = drawing.envelope(times, values)
  assert len(short[0]) <= 1200 and short[1].min() == -9.
  assert np.all(np.diff(short[0]) > 0)


@pytest.mark.parametrize("picture", [
    figures.quantity(made.law(), made.data()),
    figures.quantity(made.law("one value"), made.data(1)),
    figures.portrait(made.law(), made.data(20)),
    figures.portrait(made.law(name="速度 $x_1$"), made.data(2)),
    figures.horizon(made.Outcome(), "s"),
],
                         ids=["many", "one", "plane", "script", "horizon"])
def test_pictures(picture):
  assert picture.png().startswith(b"\x89PNG")
  images = picture.svgs()
  assert len(images) == 2
  for image in images:
    tree = pages.parsed(image)
    assert [e.tag for e in tree] == ["svg"]
    assert "currentColor" in image and "#1c2430" not in image
    assert "mathdefault" not in image and len(image) < 300_000


def test_axes_have_names_and_units():
  image = "".join(figures.portrait(made.law(), made.data()).svgs())
  shown = pages.text(pages.parsed(image))
  for label in ("q [m]", "p [m/s]", "q² [m²]", "all other terms [m²]"):
    assert label in shown
  shown = pages.text(
      pages.parsed("".join(figures.quantity(made.law(), made.data()).svgs())))
  assert "time [s]" in shown and "energy [m²]" in shown
  assert "run 0" in shown


def test_with_its_losses_added_a_balance_is_level():
  times = np.linspace(0., 6., 400)
  # p' = -p / 2: q = 0, and 2.5 p^2 falls by 2.5 times the integral of p^2.
  states = np.stack([0. * times, np.exp(-times / 2)], -1)
  data = dataclasses.replace(made.data(1), times=(times,), states=(states,))
  law = made.law("balance")
  (loss,) = law.form.losses
  loss = dataclasses.replace(loss, coefficient=2.5)
  law = dataclasses.replace(law,
                            form=dataclasses.replace(law.form, losses=(loss,)))
  heights = []
  for panel in figures.quantity(law, data).panels:
    axes = matplotlib.figure.Figure().subplots()
    panel.draw(axes)
    heights.append(np.ptp(axes.lines[0].get_ydata()))
  assert heights[0] > 2 and heights[1] < 1e-3
  assert "losses added" in axes.get_title()


def test_three_columns_have_no_level_sets():
  law = made.law(columns="q:m,p:m/s,z:m")
  data = made.data()
  wide = [np.pad(s, ((0, 0), (0, 1))) for s in data.states]
  data = dataclasses.replace(data, states=tuple(wide), variables=law.variables)
  image = figures.portrait(law, data).svgs()[0]
  assert "The first two columns" in image
