"""Measured data are searched where they are, and nothing else is needed."""

import json

from absl import app
from absl import flags
from absl.testing import flagsaver
import numpy as np
import pytest

from benchmarks import measured
from tests import paths


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
  """An air track that is nobody's: a spring with viscous friction."""
  place = tmp_path / measured.DATA_SETS["air_track"][0]
  place.parent.mkdir()
  t = np.linspace(0, 10, 300)
  rows = []
  for n in range(6):
    x = (1 + n / 3) * np.exp(-.05 * t) * np.cos(t + n)
    rows.append(np.c_[np.full(300, n), t, x, np.gradient(x, t)])
  np.savetxt(place, np.concatenate(rows), header="trial t x v", comments="% ")
  return tmp_path


def _printed(capsys, **values):
  if not flags.FLAGS.is_parsed():
    flags.FLAGS(["x"])
  with flagsaver.flagsaver(**values):
    measured.main(["x"])
  return json.loads(capsys.readouterr().out)


def test_what_is_there_is_searched(folder, capsys):
  found = _printed(capsys, data=str(folder), sets=None, split_seed=0)
  assert set(found) == {"air_track"}
  row = found["air_track"]
  assert set(row) == {"verdict", "count", "seconds", "laws"}
  (law,) = row["laws"]
  assert set(law) == {
      "law", "verdict", "ratio", "coefficients", "uncertainties", "losses"
  }
  (loss,) = law["losses"]
  # x'' = -1.0025 x - .1 x': v^2 loses .2 v^2.
  np.testing.assert_allclose(loss["coefficient"], .2, rtol=.05)


@pytest.mark.parametrize("values,message", [
    ({
        "data": None
    }, "Give the folder"),
    ({
        "sets": ["comet"]
    }, "'comet' is none of"),
    ({
        "sets": ["arm"]
    }, "There is no"),
])
def test_refusals(folder, values, message):
  settings = {"data": str(folder), "sets": None, "split_seed": 0, **values}
  with flagsaver.flagsaver(**settings):
    with pytest.raises(app.UsageError, match=message):
      measured.main(["x"])


def test_an_empty_folder_is_refused(tmp_path):
  with flagsaver.flagsaver(data=str(tmp_path), sets=None):
    with pytest.raises(app.UsageError, match="holds none"):
      measured.main(["x"])


@pytest.mark.skipif(not (paths.SHARED / "data").exists(),
                    reason="the measured data are not here")
def test_the_nine_terms_of_a_triple_pendulum(capsys):
  found = _printed(capsys,
                   data=str(paths.SHARED / "data"),
                   sets=["triple_pendulum"],
                   split_seed=0)
  law = found["triple_pendulum"]["laws"][0]
  known = {
      "w1^2": 1.,
      "cos(a1)": 115.,
      "cos(a2)": 88.,
      "cos(a3)": 22.,
      "w2^2": .95,
      "w3^2": .217,
      "w1*w2*cos(a1 - a2)": 1.56,
      "w1*w3*cos(a1 - a3)": .39,
      "w2*w3*cos(a2 - a3)": .53
  }
  for text in known:
    assert text in law["law"]
  np.testing.assert_allclose(sorted(law["coefficients"]),
                             sorted(known.values()),
                             rtol=.15)
  assert law["losses"]
