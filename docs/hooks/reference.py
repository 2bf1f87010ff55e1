"""Writes the reference: one page for each room, from the list of its exports.

A face is `__init__.py` with `__init__.pyi`, the list of what the room exports.
The text of the pages comes from the docstrings.
"""

import ast
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = "noether_jax"
# Names that the top face takes from single files, not from rooms.
PLAIN = "Values and errors"


def exported(package: str) -> dict[str, str]:
  """Return the public names of a package, and where each one comes from.

  Args:
    package: a dotted name.

  Returns:
    For each name the dotted name of its source, `noether_jax.data` if it is a
    room itself.
  """
  folder = ROOT.joinpath(*package.split("."))
  names = {}
  for node in ast.parse((folder / "__init__.pyi").read_text()).body:
    if isinstance(node, ast.ImportFrom):
      source = ".".join(filter(None, [package, node.module]))
      for alias in node.names:
        names[alias.asname or alias.name] = f"{source}.{alias.name}"
  return names


def rooms() -> list[str]:
  """Return the dotted names of the rooms; a room within one is private."""
  return sorted(f"{LIBRARY}.{path.parent.name}"
                for path in (ROOT / LIBRARY).glob("*/__init__.pyi"))


def first_line(package: str) -> str:
  """Return the first line of a package's docstring."""
  path = ROOT.joinpath(*package.split("."))
  path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
  doc = ast.get_docstring(ast.parse(path.read_text())) or ""
  return doc.split("\n\n")[0].replace("\n", " ")


def pages() -> dict[str, str]:
  """Return the text of each page of the reference, by its path."""
  top = exported(LIBRARY)
  found = {}
  for package in rooms():
    name = package.removeprefix(LIBRARY + ".")
    lines = [f"# {name}", "", first_line(package), ""]
    lines += [f"::: {package}.{public}" for public in exported(package)]
    found[f"reference/{name}.md"] = "\n\n".join(lines) + "\n"
  plain = [
      n for n, source in top.items()
      if source.rpartition(".")[0] not in rooms() and source not in rooms() and
      source.count(".") > 1
  ]
  modules = [
      source for source in top.values()
      if source.count(".") == 1 and source not in rooms()
  ]
  lines = [f"# {PLAIN}", ""]
  lines += [f"::: {LIBRARY}.{n}" for n in plain]
  lines += [f"::: {source}" for source in modules]
  found["reference/values.md"] = "\n\n".join(lines) + "\n"
  found["reference/index.md"] = index()
  return found


def index() -> str:
  """Return the first page: the top face in its groups, and the rooms."""
  source = (ROOT / LIBRARY / "__init__.py").read_text()
  doc = ast.get_docstring(ast.parse(source)) or ""
  names = exported(LIBRARY)
  lines = [
      "# Reference", "", "`import noether_jax as nj` gives these names.",
      "Every other name is in a room.", ""
  ]
  for line in doc.splitlines()[1:]:
    entry = re.fullmatch(r"  (\w+): (.*)", line)
    if entry and entry[1] in names:
      lines.append(
          f"- [`nj.{entry[1]}`][{target(names, entry[1])}]: {entry[2]}")
    elif line.endswith(":") and not line.startswith(" "):
      lines += ["", f"## {line[:-1]}", ""]
    elif line.startswith("   ") and lines[-1].startswith("- "):
      lines[-1] += " " + line.strip()
  lines += ["", "## Rooms", ""]
  for package in rooms():
    name = package.removeprefix(LIBRARY + ".")
    lines.append(f"- [{name}]({name}.md): {first_line(package)}")
  return "\n".join(lines) + "\n"


def target(names: dict[str, str], name: str) -> str:
  """Return the identifier under which the reference describes a top name."""
  room = names[name].rpartition(".")[0]
  return names[name] if room in rooms() else f"{LIBRARY}.{name}"


def on_config(config):
  """Name the pages of the reference in the menu (MkDocs calls this)."""
  names = ["reference/index.md", *sorted(set(pages()) - {"reference/index.md"})]
  for number, entry in enumerate(config.nav):
    if "Reference" in entry:
      config.nav[number] = {"Reference": names}
  return config


def on_files(files, config):
  """Add the pages to those in docs/ (MkDocs calls this)."""
  from mkdocs.structure.files import File  # pylint: disable=C0415
  for path, text in pages().items():
    files.append(File.generated(config, path, content=text))
  return files
