"""The page, the notebook's cell and the text: content, escaping, verdicts."""

import dataclasses
import html
import re

import numpy as np
import pytest

from noether_jax.reporting import figures
from noether_jax.reporting import report
from noether_jax.reporting import verdicts
from tests.reporting import made
from tests.reporting import pages

VERDICTS = tuple(made.EVIDENCE)


def page(found, outcome=None, data=None, **changes):
  options = {"title": "T", "notes": (), "footer": "Made by: x", **changes}
  return report.page(found, outcome, data or made.data(), **options)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_page_of_each_verdict(verdict):
  text = page(made.found(verdict), made.Outcome())
  tree = pages.page(text)
  shown = " ".join(pages.text(tree).split())
  assert "math" in pages.tags(tree) and "svg" in pages.tags(tree)
  assert "What to do next" in shown and "No time column" in shown
  assert made.found(verdict).verdict[1:] in shown
  assert "Yes, tailored, law 1" in shown


@pytest.mark.parametrize("verdict,words", [
    ("conserved", "less than 1 part in 104 of its spread over all data."),
    ("approximately conserved", "20 % of its spread over all data, 3 times "
     "what the measurement noise explains; it falls steadily with time."),
    (verdicts.FEW, "no more than the measurement noise explains; it "
     "may rise slowly with time."),
    (verdicts.ONE_VALUE, "All trajectories have the same value"),
    ("not conserved", "changes along trajectories about as"),
])
def test_plain_words_come_before_statistics(verdict, words):
  shown = " ".join(pages.text(pages.page(page(made.found(verdict)))).split())
  assert words in shown
  if verdict != verdicts.ONE_VALUE:
    assert shown.index(words) < shown.index("within/total")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_nothing_is_loaded_from_elsewhere(verdict):
  for text in (page(made.found(verdict), made.Outcome()),
               report.discovery_html(made.found(verdict), made.data())):
    tree = (pages.page if "<!doctype" in text else pages.parsed)(text)
    assert not pages.tags(tree) & {
        "script", "link", "iframe", "object", "embed", "base", "form"
    }
    for element in tree.iter():
      for name, value in element.attrib.items():
        assert not name.lower().startswith("on")
        if name.rpartition("}")[2] in ("src", "href", "srcset", "data",
                                       "xlink:href"):
          assert value.startswith(("#", "data:image/png;base64,"))
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_names_from_users_stay_text():
  hostile = made.HOSTILE
  law = made.law(name=hostile)
  found = made.found(variables=law.variables,
                     laws=(law,),
                     messages=(f"using {hostile}",))
  data = made.data()
  data = dataclasses.replace(data,
                             variables=law.variables,
                             labels=(hostile, "$x$", "b&c"),
                             time_unit="s</svg>")
  outcome = made.Outcome()
  text = page(found,
              outcome,
              data,
              title=f"What {hostile} conserves",
              notes=[hostile],
              footer=hostile)
  tree = pages.page(text)
  assert "script" not in pages.tags(tree)
  assert tree.find("./head/title").text == f"What {hostile} conserves"
  assert pages.text(tree.find("body")).count(hostile) > 5
  cell = pages.parsed(report.discovery_html(found, data))
  assert "script" not in pages.tags(cell)


def test_styles_of_a_cell_stay_inside_it():
  text = report.discovery_html(made.found(), made.data())
  style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
  for rule in re.findall(r"([^{}]+)\{", style):
    for selector in rule.split(","):
      assert selector.strip().startswith(".nj"), selector
  tree = pages.parsed(text)
  assert [e.get("class") for e in tree] == ["nj"]


def test_a_cell_without_data_has_no_figure():
  assert "svg" not in pages.tags(
      pages.parsed(report.discovery_html(made.found(), None)))


def test_no_figure_where_the_formula_is_not_finite_everywhere():
  data = made.data()
  broken = dataclasses.replace(data,
                               states=tuple(
                                   s * float("nan") for s in data.states))
  assert "<svg" in page(made.found(), None, broken)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_text_for_a_terminal(verdict):
  text = report.plain_text(made.found(verdict), made.Outcome(), ["a note"])
  lines = text.splitlines()
  assert lines[-1] == f"verdict: {made.found(verdict).verdict}"
  assert "note: a note" in lines and text.isascii()
  assert any(line.startswith("next: ") for line in lines)
  assert ("None of the combinations" in text) == (verdict == "not conserved")


@pytest.mark.parametrize("program,wanted,other", [
    (True, "--check=", "found.laws[0].check"),
    (False, "found.laws[0].check(new_data)", "--check="),
])
def test_next_steps_in_the_words_of_the_program_or_of_python(
    program, wanted, other):
  text = report.plain_text(made.found(), None, (), made.data(), program=program)
  assert wanted in text and other not in text


def test_text_gives_the_horizon_its_unit():
  data = dataclasses.replace(made.data(), time_unit="yr")
  text = report.plain_text(made.found(), made.Outcome(), (), data)
  assert "rollouts over 4 yr" in text
  text = report.plain_text(made.found(), made.Outcome(), ())
  assert "rollouts over 4 time units" in text


def test_losses_are_part_of_a_balance_law():
  found = made.found("balance")
  (law,) = found.laws
  assert law.text == "q^2 + 2.5 p^2 + 0.1 integral(p^2)"
  assert law.latex.endswith(r"+ 0.1 \, \int p^{2} \, \mathrm{d}t")
  assert law.loss_unit(0) == "s"
  text = report.plain_text(found, None, ())
  assert "0.1 +- 0.002 s  *  integral(p^2)" in text
  assert "Over a trajectory, integral(p^2) changes it by 25 % of" in text
  shown = " ".join(pages.text(pages.page(page(found))).split())
  assert "integral(p2) changes it by 25 % of its spread." in shown


@pytest.mark.parametrize("ratio,wins,word", [(.5, 2, "Yes"), (1.3, 0, "No:"),
                                             (.97, 1, "Not clearly")])
def test_whether_the_law_helps(ratio, wins, word):
  text = report.plain_text(made.found(), made.Outcome(ratio, wins), ())
  assert f"predict? {word}" in text


def test_laws_are_named_where_that_is_certain():
  shown = " ".join(pages.text(pages.page(page(made.found()))).split())
  assert "found. Energy" in shown and "Law 1: energy" in shown
  law = made.law(columns="q,p")
  found = made.found(laws=(law,))
  shown = " ".join(pages.text(pages.page(page(found))).split())
  assert "energy" not in shown and "Law 1" in shown


def test_any_term_can_set_the_scale():
  law = made.law("balance",
                 coefficients=np.array([.37, 1.]),
                 uncertainties=np.array([1e-4, 0.]),
                 reference=1)
  found = made.found(laws=(law,))
  lines = report.plain_text(found, None, ()).splitlines()
  assert lines[0].endswith("0.37 q^2 + p^2 + 0.1 integral(p^2)   [m^2/s^2]")
  assert "            0.37 +- 0.0001 1/s^2  *  q^2" in lines
  assert "             0.1 +- 0.002 1/s  *  integral(p^2)" in lines
  assert not any(line.endswith("*  p^2") for line in lines)
  tree = pages.page(page(found))
  cells = ["".join(cell.itertext()) for cell in tree.iter("td")]
  place = cells.index("chosen")
  assert cells[place - 2:place] == ["1", "1"]
  assert "0.37" in cells[:place - 2] and "1/s2" in cells[:place - 2]


def test_the_first_term_of_the_portrait_has_its_coefficient():
  law = made.law(coefficients=np.array([.37, 1.]),
                 uncertainties=np.array([1e-4, 0.]),
                 reference=1)
  svg = "".join(figures.portrait(law, made.data()).svgs())
  assert "0.37 q² [m²/s²]" in html.unescape(svg)


def test_simple_coefficients_stand_beside_the_fitted_ones():
  law = made.law(coefficients=np.array([1., -.9999873]),
                 uncertainties=np.array([0., 6e-6]),
                 freedom=3)
  tree = pages.page(page(made.found(laws=(law,))))
  cells = ["".join(cell.itertext()) for cell in tree.iter("td")]
  place = cells.index("\u22120.9999873")
  assert cells[place - 1] == "\u22121"
  assert cells[place + 1] == "6 × 10\u22126"
