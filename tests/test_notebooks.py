"""The notebooks run from top to bottom, and are stored without outputs."""

import json

import pytest

from tests import paths

ROOT = paths.ROOT
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def test_there_are_notebooks():
  assert NOTEBOOKS


@each
def test_no_outputs_are_stored(path):
  cells = json.loads(path.read_text())["cells"]
  stored = [
      number for number, cell in enumerate(cells)
      if cell.get("outputs") or cell.get("execution_count") is not None
  ]
  assert not stored, (
      f"cells {stored} of {path.name} have outputs, which become "
      "stale: clear them (jupyter nbconvert --clear-output).")


@pytest.mark.slow
@each
def test_a_notebook_runs(path, monkeypatch):
  nbclient = pytest.importorskip(
      "nbclient", reason="needs nbclient: pip install -e '.[notebooks]'")
  nbformat = pytest.importorskip(
      "nbformat", reason="needs nbformat: pip install -e '.[notebooks]'")
  pytest.importorskip("ipykernel",
                      reason="needs ipykernel: pip install -e '.[notebooks]'")
  # A notebook is run as its reader does, on one device.
  monkeypatch.delenv("XLA_FLAGS", raising=False)
  # The test process asks for Agg; a notebook draws inline.
  monkeypatch.delenv("MPLBACKEND", raising=False)
  monkeypatch.setenv("PYTHONPATH", str(ROOT))
  notebook = nbformat.read(path, as_version=4)
  client = nbclient.NotebookClient(
      notebook,
      timeout=600,
      kernel_name="python3",
      resources={"metadata": {
          "path": str(path.parent)
      }})
  client.execute()
  figures = [
      output for cell in notebook.cells for output in cell.get("outputs", ())
      if "image/png" in output.get("data", {})
  ]
  assert figures
