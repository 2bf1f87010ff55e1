"""A learned quantity as Python source that needs NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from noether_jax.discovery.network_form import LearnedForm

# In scalars and lists, so that arrays of any library and any rank will do.
HELPER = '''def _network(xp, inputs, mean, scale, monomials, seen, layers,
             powers):
  """A sum of products of inputs, and of products times hidden units."""
  z = [(v - m) / s for v, m, s in zip(inputs, mean, scale)]

  def product(factors, value=1.0):
    for k in factors:
      value = value * z[k]
    return value

  value = sum(c * product(factors) for c, factors in monomials)
  units = [z[k] for k in seen]
  for kernel, bias in layers:
    units = [xp.tanh(sum(w * u for w, u in zip(column, units)) + b)
             for column, b in zip(zip(*kernel), bias)]
  for weights, factors in powers:
    value = value + product(factors) * sum(
        w * u for w, u in zip(weights, units))
  return value
'''


def network_function(number: int, form: LearnedForm, heading: str) -> str:
  """Write a learned quantity as the function `law_1`, or so.

  Args:
    number: of the law.
    form: the quantity.
    heading: first line of the docstring, safe to put into a string.

  Returns:
    Source text; it calls `_arrays` and `_network` (`HELPER`).

  Example:
    >>> from noether_jax.networks.structured import Structure
    >>> params = {"mean": np.zeros(1), "scale": np.ones(1), "layers": [],
    ...           "readout": np.array([3.])}
    >>> form = LearnedForm(Structure((0,), monomials=((0, 0),)), params)
    >>> network_function(1, form, "g").splitlines()[0]
    'def law_1(states):'
  """
  structure, params = form.structure, form.params
  readout = np.asarray(params["readout"])
  first = len(structure.monomials)
  powers = structure.powers
  hidden = readout[first:].reshape(len(powers), -1 if powers else 0)
  before, inputs = _inputs(form)
  layers = [(_plain(kernel), _plain(bias))
            for kernel, bias in params["layers"]
            if powers]
  arguments = [
      f"[{', '.join(inputs)}]",
      repr(_plain(params["mean"])),
      repr(_plain(params["scale"])),
      repr(list(zip(_plain(readout[:first]), structure.monomials))),
      repr(list(structure.positions)),
      repr(layers),
      repr(list(zip(_plain(hidden), powers))),
  ]
  lines = "".join(f"  {line}\n" for line in before)
  calls = ",\n".join(f"      {argument}" for argument in arguments)
  return (f'def law_{number}(states):\n  """{heading}\n\n'
          "  A network: trust it only near the states it was learned from.\n"
          '  """\n  xp, states = _arrays(states)\n'
          f"{lines}  return _network(\n      xp,\n{calls})\n")


def _inputs(form: LearnedForm) -> tuple[list[str], list[str]]:
  """Lines before, and an expression of each input; see `network_inputs`."""
  structure = form.structure
  column = lambda i: f"states[..., {i}]"
  out = [column(i) for i in structure.columns]
  out += [f"xp.log({column(i)})" for i in structure.positive]
  for i in structure.angles:
    out += [f"xp.sin({column(i)})", f"xp.cos({column(i)})"]
  before = []
  for n, (plus, minus) in enumerate(structure.distances):
    parts = [column(i) for i in plus]
    if minus:
      parts = [f"({a} - {column(j)})" for a, j in zip(parts, minus)]
    squares = " + ".join(f"{part}**2" for part in parts)
    before.append(f"r{n} = xp.sqrt({squares})")
    out += [f"xp.log(r{n})", f"1 / r{n}", f"r{n}"]
    if len(structure.distances) == 1:
      out += [f"{part} / r{n}" for part in parts]
  return before, out


def _plain(array: Sequence[float] | np.ndarray) -> list:
  return np.asarray(array, float).tolist()
