"""Imports point one way, and only noether_jax is installed."""

import ast
import configparser
import inspect
import pathlib
import subprocess
import sys

import pytest

import noether_jax

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORE = [
    "types", "partition", "conservation", "factors", "kernel_uses", "capture",
    "inner_optimizers", "factored", "inner_loop", "tailoring", "batching",
    "meta", "parallel"
]
TOP = ["cli", "report"]


def imported(path):
  """Dotted names that a file imports."""
  names = set()
  for node in ast.walk(ast.parse(path.read_text())):
    if isinstance(node, ast.Import):
      names.update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
      names.add(node.module)
      names.update(f"{node.module}.{alias.name}" for alias in node.names)
  return names


def files(package):
  return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path",
                         files("noether_jax"),
                         ids=lambda p: str(p.relative_to(ROOT)))
def test_the_library_knows_no_experiment_or_dataset(path):
  roots = {name.split(".")[0] for name in imported(path)}
  assert not roots & {"experiments", "datasets", "benchmarks", "tests"}


@pytest.mark.parametrize("position, name", list(enumerate(CORE)))
def test_the_core_is_a_chain(position, name):
  later = CORE[position + 1:] + TOP + ["discovery", "symbolic", "networks"]
  names = imported(ROOT / "noether_jax" / f"{name}.py")
  assert not names & {f"noether_jax.{module}" for module in later}


@pytest.mark.parametrize("path",
                         files("noether_jax"),
                         ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_below_imports_the_program(path):
  if path.stem != "cli":
    assert "noether_jax.cli" not in imported(path)


@pytest.mark.parametrize("path",
                         files("datasets"),
                         ids=lambda p: str(p.relative_to(ROOT)))
def test_datasets_import_little_of_the_library(path):
  allowed = {
      "noether_jax.integrators", "noether_jax.metrics", "noether_jax.ephemeris",
      "noether_jax"
  }
  used = {
      ".".join(n.split(".")[:2])
      for n in imported(path)
      if n.startswith("noether_jax")
  }
  assert used <= allowed


def test_only_the_library_is_packaged():
  config = configparser.ConfigParser()
  config.read(ROOT / "setup.cfg")
  packages = config["options"]["packages"].split()
  assert all(name.split(".")[0] == "noether_jax" for name in packages)


def test_public_names_are_sorted_and_all_there_is():
  assert noether_jax.__all__ == sorted(noether_jax.__all__)
  found = {
      name for name, value in vars(noether_jax).items()
      if not name.startswith("_") and not inspect.ismodule(value)
  }
  assert found == set(noether_jax.__all__)


@pytest.mark.parametrize("name", noether_jax.__all__)
def test_a_public_name_has_a_line_and_an_example(name):
  assert f"\n  {name}: " in noether_jax.__doc__
  assert "Example:\n" in inspect.getdoc(getattr(noether_jax, name))


def test_the_import_needs_no_extra_and_is_light():
  """Neither what only some use, nor what is slow to import."""
  program = "import sys, noether_jax; print(*sys.modules)"
  out = subprocess.run([sys.executable, "-c", program],
                       capture_output=True,
                       check=True,
                       text=True)
  loaded = {name.split(".")[0] for name in out.stdout.split()}
  assert not loaded & {
      "diffrax", "jplephem", "matplotlib", "orbax", "sympy", "torch",
      "tensorflow", "tensorflow_datasets"
  }
