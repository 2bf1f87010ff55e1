"""Draws every example: `python -m examples.gallery` (`make gallery`)."""

import importlib
import pathlib
import sys

import matplotlib

ROOT = pathlib.Path(__file__).resolve().parents[1]


def names():
  """Return the names of the examples."""
  here = pathlib.Path(__file__).parent.glob("*.py")
  return sorted({path.stem for path in here} - {"__init__", "gallery"})


def main(chosen):
  """Draw the examples named, or all, into docs/gallery."""
  matplotlib.use("Agg")
  for name in chosen or names():
    figure = importlib.import_module(f"examples.{name}").main()
    out = ROOT / "docs" / "gallery" / f"{name}.png"
    figure.savefig(out,
                   dpi=110,
                   bbox_inches="tight",
                   metadata={"Software": None})
    print(out)


if __name__ == "__main__":
  main(sys.argv[1:])
