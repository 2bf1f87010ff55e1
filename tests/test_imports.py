"""The order of the rooms: imports point one way, and without a circle."""

import ast
import configparser
import fnmatch
import graphlib
import subprocess
import sys

import pytest

import noether_jax
from tests import paths

# A room may import the rooms before it.
ROOMS = [
    "types", "errors", "theory", "symbolic", "data", "tailoring", "training",
    "dynamics", "networks", "learned", "reporting", "discovery", "keeping",
    "video", "app"
]
LIBRARY = paths.ROOT / "noether_jax"


def files(package):
  return sorted((paths.ROOT / package).rglob("*.py"))


def name(path):
  """A dotted name."""
  parts = path.relative_to(paths.ROOT).with_suffix("").parts
  return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name(path): path for path in files("noether_jax")}


def imported(path):
  """Dotted names that a file imports, those of modules where it says so."""
  names = set()
  for node in ast.walk(ast.parse(path.read_text())):
    if isinstance(node, ast.Import):
      names.update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
      for alias in node.names:
        longer = f"{node.module}.{alias.name}"
        names.add(longer if longer in MODULES else node.module)
  return names


def room(module):
  return (module.split(".") + [""])[1]


@pytest.mark.parametrize("path", files("noether_jax"), ids=name)
def test_a_room_imports_the_rooms_before_it(path):
  own = room(name(path))
  if not own:
    return
  for other in map(room, imported(path) & set(MODULES)):
    assert ROOMS.index(other) <= ROOMS.index(own), other


def test_every_module_is_in_a_room():
  assert {room(module) for module in MODULES} - {""} == set(ROOMS)


def test_no_circle():
  graph = {m: imported(path) & set(MODULES) for m, path in MODULES.items()}
  assert set(graphlib.TopologicalSorter(graph).static_order()) == set(MODULES)


@pytest.mark.parametrize("path", files("noether_jax"), ids=name)
def test_the_library_knows_no_experiment_or_dataset(path):
  roots = {module.split(".")[0] for module in imported(path)}
  assert not roots & {"experiments", "datasets", "benchmarks", "tests"}


@pytest.mark.parametrize("path", files("datasets"), ids=name)
def test_datasets_import_little_of_the_library(path):
  used = {m for m in imported(path) if m.startswith("noether_jax.")}
  assert {room(m) for m in used} <= {"dynamics", "data", "errors"}


def test_only_the_library_is_packaged():
  config = configparser.ConfigParser()
  config.read(paths.ROOT / "setup.cfg")
  patterns = config["options.packages.find"]["include"].split()
  assert all(
      fnmatch.fnmatch(m, patterns[0]) or fnmatch.fnmatch(m, patterns[1])
      for m in MODULES)
  assert all(p.split(".")[0] == "noether_jax" for p in patterns)


def faces():
  return sorted(".".join(p.parent.relative_to(paths.ROOT).parts)
                for p in LIBRARY.rglob("__init__.pyi"))


@pytest.mark.parametrize("face", faces())
def test_a_face_shows_public_names_only_and_all_are_there(face):
  module = __import__(face, fromlist=["_"])
  assert dir(module) == module.__all__
  for public in module.__all__:
    assert not public.startswith("_")
    assert getattr(module, public) is not None


@pytest.mark.parametrize("face", faces())
def test_a_public_name_has_a_line_and_an_example(face):
  module = __import__(face, fromlist=["_"])
  for public in module.__all__:
    value = getattr(module, public)
    assert (value.__doc__ or "").strip(), public
    if face == "noether_jax" and callable(value) and not isinstance(
        value, type):
      assert f"\n  {public}: " in noether_jax.__doc__, public
      assert "Example:\n" in value.__doc__, public


def test_a_public_function_has_one_definition():
  """No public class or function has the name of another one."""
  seen = {}
  for module, path in MODULES.items():
    for node in ast.parse(path.read_text()).body:
      if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        if not node.name.startswith("_") and node.name != "main":
          seen.setdefault(node.name, []).append(module)
  assert not {k: v for k, v in seen.items() if len(v) > 1}


def test_the_import_needs_no_extra_and_is_light():
  """Neither what only some use, nor what is slow to import."""
  program = "import sys, noether_jax; print(*sys.modules)"
  out = subprocess.run([sys.executable, "-c", program],
                       capture_output=True,
                       check=True,
                       text=True)
  loaded = {module.split(".")[0] for module in out.stdout.split()}
  assert not loaded & {
      "diffrax", "jplephem", "matplotlib", "orbax", "pandas", "pint", "sympy",
      "torch", "tensorflow", "tensorflow_datasets"
  }


def test_every_file_of_the_library_is_packaged():
  config = configparser.ConfigParser()
  config.read(paths.ROOT / "setup.cfg")
  patterns = config["options.package_data"]["*"].replace(",", " ").split()
  for path in LIBRARY.rglob("*"):
    if path.is_file() and path.suffix not in (".py", ".pyc"):
      # Relative to the nearest folder that is a package.
      home = next(p for p in path.parents if (p / "__init__.py").exists())
      inside = str(path.relative_to(home))
      assert any(fnmatch.fnmatch(inside, p) for p in patterns), path


@pytest.mark.parametrize("package", [
    "noether_jax", "experiments", "datasets", "benchmarks", "examples", "docs",
    "tests"
])
def test_a_file_fits_on_a_few_screens(package):
  lengths = {
      name(path): len(path.read_text().splitlines()) for path in files(package)
  }
  assert not {path: lines for path, lines in lengths.items() if lines > 300}
