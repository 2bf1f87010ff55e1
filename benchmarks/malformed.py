"""Malformed and odd inputs for noether-discover, each with the truth about it.

The good data below each mutation are six exact orbits of a spring, q^2 + p^2.
"""

import collections
from collections.abc import Callable, Sequence
import io

import numpy as np

_COLUMNS = ("trial", "t", "q", "p")
_ARGS = ("--columns=q:1,p:1/s", "--trial=trial", "--time=t")

# If the truth is known, the answer must agree with it: `error` (exit code 2),
# `law` (q^2 + p^2), `none` (no exact law). `any` allows every verdict.
Case = collections.namedtuple("Case", "name content args truth")


def good_rows(random: np.random.Generator) -> np.ndarray:
  """Six orbits with 50 rows each: columns trial, t, q, p."""
  times = np.arange(50) * .15
  phases = random.uniform(0, 6, 6)
  parts = []
  for n, (size, phase) in enumerate(zip(np.linspace(.5, 2., 6), phases)):
    angle = times + phase
    parts.append(
        np.stack([
            np.full(50, float(n)), times, size * np.cos(angle),
            -size * np.sin(angle)
        ], 1))
  return np.concatenate(parts)


def to_csv(rows: Sequence[Sequence[object]],
           columns: Sequence[str] = _COLUMNS,
           delimiter: str = ",") -> str:
  """Plain CSV text."""
  lines = [delimiter.join(columns)]
  lines += [delimiter.join(str(c) for c in row) for row in rows]
  return "\n".join(lines) + "\n"


def _cells(rows: np.ndarray) -> list[list[object]]:
  return [[int(r[0]), *(repr(float(c)) for c in r[1:])] for r in rows]


def _with_cell(text: object, count: int = 1) -> Callable[..., str]:

  def make(rows: np.ndarray, random: np.random.Generator) -> str:
    cells = _cells(rows)
    first = random.integers(len(cells) - count)
    column = random.integers(1, 4)
    for n in range(first, first + count):
      cells[n][column] = text
    return to_csv(cells)

  return make


def _scaled(factor: float, column: int | None = None) -> Callable[..., str]:

  def make(rows: np.ndarray, random: np.random.Generator) -> str:
    del random
    rows = rows.copy()
    rows[:, 2:] *= factor if column is None else 1
    if column is not None:
      rows[:, column] = factor
    return to_csv(_cells(rows))

  return make


def _reordered(order: Callable[..., np.ndarray]) -> Callable[..., str]:
  return lambda rows, random: to_csv(_cells(rows[order(rows, random)]))


def _text(change: Callable[..., str | bytes]) -> Callable[..., str | bytes]:
  return lambda rows, random: change(to_csv(_cells(rows)), random)


def _duplicate(rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
  at = random.integers(len(rows))
  return np.insert(np.arange(len(rows)), at, at)


def _noise(rows: np.ndarray, random: np.random.Generator) -> str:
  rows = rows.copy()
  rows[:, 2:] = random.normal(size=(len(rows), 2))
  return to_csv(_cells(rows))


def _damped(rows: np.ndarray, random: np.random.Generator) -> str:
  del random
  rows = rows.copy()
  rows[:, 2:] *= np.exp(-.2 * rows[:, 1:2])
  return to_csv(_cells(rows))


def _npz(change: Callable[..., dict]) -> Callable[..., bytes]:

  def make(rows: np.ndarray, random: np.random.Generator) -> bytes:
    del random
    buffer = io.BytesIO()
    np.savez(buffer, **change(dict(zip(_COLUMNS, rows.T))))
    return buffer.getvalue()

  return make


def _cut(make: Callable[..., bytes]) -> Callable[..., bytes]:

  def broken(rows: np.ndarray, random: np.random.Generator) -> bytes:
    whole = make(rows, random)
    return whole[:random.integers(1, len(whole) - 30)]

  return broken


def _parquet(rows: np.ndarray, random: np.random.Generator) -> bytes:
  import pyarrow  # pylint: disable=import-outside-toplevel
  import pyarrow.parquet  # pylint: disable=import-outside-toplevel
  del random
  buffer = io.BytesIO()
  table = pyarrow.table(dict(zip(_COLUMNS, rows.T)))
  pyarrow.parquet.write_table(table, buffer)
  return buffer.getvalue()


def _args(*changed: str) -> tuple[str, ...]:
  """The usual arguments with some replaced or added."""
  names = [c.split("=")[0] for c in changed]
  return (*(a for a in _ARGS if a.split("=")[0] not in names), *changed)


_PLAIN = _text(lambda text, random: text)


def _add_tables(add: Callable[..., None]) -> None:
  """Cells, rows and columns that are wrong or odd."""
  for delimiter, truth in ((";", "law"), ("\t", "law"), ("|", "law"),
                           (" ", "law"), (":", "error")):
    add(lambda rows, random, d=delimiter: to_csv(_cells(rows), delimiter=d),
        truth)
  for cell in ("abc", "inf", "1e999", "0,5", "1.2.3", "True"):
    add(_with_cell(cell), "error")
  # A gap is left out.
  for cell in ("", "nan", "--"):
    add(_with_cell(cell), "law")
  add(_with_cell("nan", 20), "law")
  add(_with_cell('"0.5'), "error")
  for factor, truth in ((1e300, "error"), (1e25, "law"), (1e-25, "law")):
    add(_scaled(factor), truth)
  for column in (1, 2, 3):
    add(_scaled(1., column), "error")
  add(_reordered(_duplicate), "error")
  add(_reordered(lambda rows, random: np.arange(len(rows))[::-1]), "error")
  add(_reordered(lambda rows, random: np.arange(1)), "error")
  add(_reordered(lambda rows, random: np.arange(12)), "error")
  add(_reordered(lambda rows, random: np.argsort(rows[:, 1], kind="stable")),
      "law")
  add(_reordered(lambda rows, random: np.arange(50)), "none")
  add(_reordered(lambda rows, random: np.arange(100)), "none")
  add(_noise, "none")
  add(_damped, "none")
  add(lambda rows, random: to_csv([]), "error")


def _add_texts(add: Callable[..., None]) -> None:
  """Text files that are broken or oddly encoded."""
  for content in (b"", b"\n\n  \n", b"\x00\x01\x02" * 50, b"\xff\xfe",
                  b"\x89PNG"):
    add(lambda rows, random, c=content: c, "error")
  add(lambda rows, random: random.bytes(4000), "error")
  add(_text(lambda text, random: "\ufeff" + text), "law")
  add(_text(lambda text, random: text.encode("utf-16")), "law")
  add(_text(lambda text, random: text.replace("q", "é").encode("latin-1")),
      "error")
  add(_text(lambda text, random: text.replace("\n", "\r\n")), "law")
  add(_text(lambda text, random: text + "\n\n"), "law")
  add(_text(lambda text, random: text + "1,99\n"), "law")
  add(_text(lambda text, random: text + "5,99,1,2,3\n"), "error")
  add(_text(lambda text, random: text[:len(text) // 2]), "any")
  add(_text(lambda text, random: text.split("\n", 1)[1]), "error")
  add(_text(lambda text, random: text.replace("q", "p", 1)), "error")
  add(_text(lambda text, random: text.replace("\n", "\n\x00", 3)), "error")
  add(_text(lambda text, random: "x" * 200_000 + text), "error")


def _add_arguments(add: Callable[..., None]) -> None:
  """Good data, wrong or rare arguments."""
  for columns in ("q:furlong^,p", "q:deg^,p", "q:1,z:1", "q,q", ",q", "q:2*m,p",
                  "trial,q", "q:1/,p:1/s"):
    add(_PLAIN, "error", f"--columns={columns}")
  add(_PLAIN, "none", "--columns=q:rad,p:1/s")
  for argument in ("--trial=nope", "--time=nope", "--degree=0", "--degree=two",
                   "--nonsense=1", "--vectors=q,z", "--vectors=q", "--seeds=0",
                   "--vectors=q,p", "--dataset=planets", "--out=/dev/null/x"):
    add(_PLAIN, "error", argument)
  add(_PLAIN, "law", "--vectors=none", "--degree=2")
  add(_PLAIN, "law", "--predict", "--quick", "--steps=5")


def _add_binaries(add: Callable[..., None]) -> None:
  """NPZ and Parquet, whole and broken."""
  add(_npz(lambda table: table), "law", name="data.npz")
  add(_npz(lambda table: {"q": np.zeros((3, 3))}), "error", name="data.npz")
  complex_q = lambda table: {**table, "q": table["q"] + 1j}
  object_q = lambda table: {**table, "q": np.array(["a"] * 300, dtype=object)}
  add(_npz(complex_q), "error", name="data.npz")
  add(_npz(object_q), "error", name="data.npz")
  add(_cut(_npz(lambda table: table)), "error", name="data.npz")
  add(_PLAIN, "error", name="data.npz")
  add(_parquet, "law", name="data.parquet")
  add(_cut(_parquet), "error", name="data.parquet")
  add(_PLAIN, "error", name="data.parquet")


def cases() -> list[Case]:
  """All mutations; `content(rows, random)` makes the file."""
  made = []

  def add(content: Callable,
          truth: str,
          *args: str,
          name: str = "data.csv") -> None:
    made.append(Case(name, content, _args(*args), truth))

  for part in (_add_tables, _add_texts, _add_arguments, _add_binaries):
    part(add)
  return made
