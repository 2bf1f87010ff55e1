"""LaTeX of terms and laws."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from noether_jax.data.columns import parse_columns
from noether_jax.discovery.formula_atom import FormulaAtom
from noether_jax.discovery.terms import Atom
from noether_jax.discovery.terms import Term
from noether_jax.reporting import typeset
from tests.reporting import made

COLUMNS = parse_columns("x1:m,y1:m,x2:m,y2:m,vx1:m/s,vy1:m/s,theta:rad,a b")


@pytest.mark.parametrize("factors,latex", [
    ([("var", (0,), (), 2)], "x_{1}^{2}"),
    ([("var", (7,), (), 1)], r"\mathrm{a\ b}"),
    ([("log", (0,), (), 2)], r"\log^{2}{x_{1}}"),
    ([("cos", (6,), (), 1)], r"\cos{\theta}"),
    ([("sin", (6,), (0,), 1)], r"\sin(\theta - x_{1})"),
    ([("log", (7,), (), 1)], r"\log(\mathrm{a\ b})"),
    ([("norm", (0, 1), (), 1)], r"{\lvert\mathbf{r}_{1}\rvert}"),
    ([("inverse", (0, 1),
       (2, 3), 1)], r"\frac{1}{{\lvert\mathbf{r}_{1} - \mathbf{r}_{2}\rvert}}"),
    ([("inverse", (0, 6),
       (), 2)], r"\frac{1}{{\lvert(x_{1}, \theta)\rvert}^{2}}"),
    ([("dot", (4, 5), (4, 5), 1)], r"{\lvert\mathbf{v}_{1}\rvert}^{2}"),
    ([("dot", (0, 1), (4, 5), 1)], r"\mathbf{r}_{1} \cdot \mathbf{v}_{1}"),
    ([("dot", (0, 1),
       (4, 5), 2)], r"(\mathbf{r}_{1} \cdot \mathbf{v}_{1})^{2}"),
    ([("var", (0,), (), 1),
      ("inverse", (0, 1),
       (), 3)], r"\frac{x_{1}}{{\lvert\mathbf{r}_{1}\rvert}^{3}}"),
    ([("var", (0,), (), -1)], r"\frac{1}{x_{1}}"),
    ([("var", (1,), (), 2),
      ("var", (0,), (), -2)], r"\frac{y_{1}^{2}}{x_{1}^{2}}"),
    ([("exp", (0,), (), -1)], r"e^{-x_{1}}"),
    ([("exp", (0,), (2,), -2)], r"e^{-2 \, (x_{1} - x_{2})}"),
    ([("var", (0,), (), Fraction(1, 2))], r"\sqrt{x_{1}}"),
    ([("abs", (0,), (), 3)], r"{\lvert x_{1}\rvert}^{3}"),
    ([("difference", (0,), (2,), 2)], r"(x_{1} - x_{2})^{2}"),
    ([("inverse", (0, 1), (), -1)], r"{\lvert\mathbf{r}_{1}\rvert}"),
    ([("exp", (0,), (), 1)], "e^{x_{1}}"),
    ([("exp", (0,), (), -2)], r"e^{-2 \, x_{1}}"),
    ([("exp", (0,), (2,), -1)], "e^{-(x_{1} - x_{2})}"),
    ([("abs", (0,), (), 1)], r"{\lvert x_{1}\rvert}"),
    ([("difference", (0,), (2,), 3)], "(x_{1} - x_{2})^{3}"),
    ([("norm", (0,), (2,), 1)], r"{\lvert x_{1} - x_{2}\rvert}"),
    ([("lognorm", (0, 1), (), 1)], r"\log{\lvert\mathbf{r}_{1}\rvert}"),
    ([("var", (0,), (), Fraction(-2, 3))], r"\frac{1}{x_{1}^{2/3}}"),
])
def test_terms(factors, latex):
  term = Term.make([
      (Atom(kind, plus, minus), power) for kind, plus, minus, power in factors
  ], COLUMNS)
  assert typeset.term_latex(term, COLUMNS) == latex


@pytest.mark.parametrize("source,power,text,latex", [
    ("exp(-a/2)*w^2", 1, "exp(-a/2)*w^2", r"w^{2} \, e^{- \frac{a}{2}}"),
    ("a - w", 1, "(a - w)", r"\left(a - w\right)"),
    ("a - w", 2, "(a - w)^2", r"\left(a - w\right)^{2}"),
    ("a*w", 2, "(a*w)^2", r"\left(a \, w\right)^{2}"),
    ("a*w", -1, "1/(a*w)", r"\frac{1}{a \, w}"),
    ("exp(a)", -2, "1/exp(a)^2", r"\frac{1}{\left(e^{a}\right)^{2}}"),
    ("-a*w", 1, "(-a*w)", r"\left(- a \, w\right)"),
    ("cos(theta1)", 1, "cos(theta1)", r"\cos{\left(\theta_{1} \right)}"),
])
def test_a_formula_stays_one_factor(source, power, text, latex):
  columns = parse_columns("a,w,theta1:rad")
  term = Term.make([(FormulaAtom.read(source, columns), power)], columns)
  assert term.text == text
  assert typeset.term_latex(term, columns) == latex


def test_a_law_has_its_signs_and_rounded_coefficients():
  law = made.law(coefficients=np.array([-1., -2.98765e-5]),
                 uncertainties=np.array([0., 1e-8]))
  assert law.latex == r"-q^{2} - 2.9877 \times 10^{-5} \, p^{2}"
  terms = (law.terms[0], Term.make([(Atom("inverse", (0, 1)), 1)],
                                   law.variables))
  law = dataclasses.replace(law,
                            form=dataclasses.replace(law.form, terms=terms))
  assert r"\frac{2.9877 \times 10^{-5}}{{\lvert(q, p)\rvert}}" in (law.latex)


def test_words_are_told_apart_by_a_dot():
  columns = parse_columns("left wheel,right wheel,x")
  atoms = [(Atom("var", (i,)), 1) for i in range(3)]
  left, right = r"\mathrm{left\ wheel}", r"\mathrm{right\ wheel}"
  assert typeset.term_latex(Term.make(atoms[:2], columns),
                            columns) == rf"{left} \cdot {right}"
  law = made.law(variables=columns,
                 terms=(Term.make([atoms[2]],
                                  columns), Term.make([atoms[0]], columns)))
  assert law.latex == rf"x + 2.5 \, {left}"
