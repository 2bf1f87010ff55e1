"""A discovery shows and saves itself."""

import dataclasses
import re

import numpy as np
import pytest

from noether_jax import discover
from noether_jax import InputError
from noether_jax.reporting import verdicts
from tests.discovery import laws
from tests.reporting import made


@pytest.mark.parametrize("kind", list(made.EVIDENCE))
def test_a_discovery_of_a_network_shows_and_saves_itself(kind, tmp_path):
  verdict, reason = made.judged(kind)
  law = dataclasses.replace(laws.KINDS["network"],
                            verdict=verdict,
                            reason=reason)
  rejected = kind == verdicts.NOT_CONSERVED
  found = made.found(kind,
                     laws=() if rejected else (law,),
                     best_rejected=law if rejected else None)
  for text in (str(found), found._repr_html_()):  # pylint: disable=W0212
    assert "network" in text
  found.save(tmp_path)
  names = {p.name for p in tmp_path.iterdir()}
  assert {"portrait.png", "quantity.png", "report.html"} <= names
  assert ("law.py" in names) == (not rejected)
  assert str(law) and law.name is None and law.simple == ()
  assert law.check(made.data()).text == "network(q, p)"


def test_a_discovery_shows_and_saves_itself(tmp_path):
  angle = np.linspace(0, 6, 60)
  circle = np.stack([np.cos(angle), -np.sin(angle)], -1)
  found = discover([r * circle for r in (1., 2., 3., 4.)],
                   angle,
                   columns={
                       "q": "1",
                       "p": "1/s"
                   })
  assert "q^2 + p^2" in str(found) and len(repr(found)) < 100
  assert "<math" in found._repr_html_()  # pylint: disable=protected-access
  found.save(tmp_path / "new" / "folder")
  names = {p.name for p in (tmp_path / "new" / "folder").iterdir()}
  assert names == {
      "law.py", "result.json", "report.html", "quantity.png", "portrait.png"
  }
  (tmp_path / "file").write_text("")
  with pytest.raises(InputError, match="The folder .*file: "):
    found.save(tmp_path / "file")


@pytest.mark.parametrize("kind,line", [
    (verdicts.CONSERVED, "1 independent conservation law found"),
    (verdicts.APPROXIMATE, "approximately conserved quantity found"),
    (verdicts.FEW, "cannot tell: .* too few trajectories"),
    (verdicts.ONE_VALUE, "cannot tell: .* only one value"),
    (verdicts.UNTIMED, "cannot tell: .* without times"),
    (verdicts.CHANCE, "cannot tell: .* broken trajectories"),
    (verdicts.CONTRADICTION, "cannot tell: .* another law"),
    (verdicts.NOT_CONSERVED, "no law found"),
])
def test_one_line_for_each_verdict(kind, line):
  assert re.search(line, made.found(kind).verdict)
