"""The predictors of one problem and seed, and their errors."""

from collections.abc import Callable, Iterable
from typing import Any

from absl import logging
import jax
import jax.numpy as jnp
import numpy as np

from experiments.benchmark import laws as laws_lib
from experiments.benchmark import networks
from experiments.benchmark import rolling
from experiments.benchmark import sparse
from experiments.benchmark.config import Config
from experiments.benchmark.config import Problem
from experiments.benchmark.data import Data
from experiments.benchmark.rolling import FieldFn
from noether_jax.keeping import conserve
from noether_jax.types import MetaParams

Row = dict[str, Any]
NAMES = ("vanilla", "control", "HNN", "PySINDy", "sparse",
         "sparse, kept to the laws", "tailored", "projected",
         "trained through projection")
_NETWORKS = ("vanilla", "control", "tailored", "projected",
             "trained through projection")
# From which rows a predictor is recommended; the others are for comparison.
RECOMMENDED = {
    "recommended network": _NETWORKS,
    "recommended": (*_NETWORKS, "sparse", "sparse, kept to the laws"),
}


class _Study:
  """One problem and seed; rows in the order in which they are made."""

  def __init__(self, problem: Problem, config: Config, data: Data):
    self.problem, self.config, self.data = problem, config, data
    self.rows: dict[str, Row] = {}

  def validation(self, field: FieldFn, params: Any) -> float:
    """Mean error on the paths that choose."""
    paths, config = self.data.validation, self.config
    rolled = rolling.roll_out(field,
                              params,
                              paths,
                              config.duration,
                              substeps=config.substeps)
    return float(np.mean(rolling.errors(rolled, paths)))

  def add(self, name: str, field: FieldFn, params: Any, told: str = "") -> None:
    """Measure a predictor on the paths that choose and on those that judge."""
    paths, config = self.data.tests, self.config
    rolled = rolling.roll_out(field,
                              params,
                              paths,
                              config.test_duration,
                              substeps=config.substeps)
    values = rolling.errors(rolled, paths)
    self.rows[name] = {
        "row": name,
        "told": told,
        "validation": _number(self.validation(field, params)),
        "rmse": [_number(v) for v in values],
    }
    logging.info("%s, %s: median %.4g", self.problem.title, name,
                 float(np.median(values)))

  def best(self, fits: Iterable[sparse.Sparse]) -> sparse.Sparse:
    """The fit with the smallest error on the paths that choose."""
    scored = [
        (self.validation(f.field, jnp.asarray(f.coefficients)), f) for f in fits
    ]
    return min(scored, key=lambda pair: pair[0])[1]

  def keeping(self, field: FieldFn, params: Any, kept: list[Any],
              how: Any) -> FieldFn:
    """The field that keeps quantities; see `conserve`.

    Projections are nearest in units of the field's own errors.
    """
    states = jnp.asarray(self.data.states, jnp.result_type(float))
    values = jax.jit(jax.vmap(lambda p, x: field(p, x),
                              in_axes=(None, 0)))(params, states)
    errors = np.asarray(values) - self.data.derivatives
    scale = jnp.asarray(np.sqrt(np.mean(errors**2, axis=0)), states.dtype)
    step = self.config.duration / (self.config.num_samples - 1)
    keeps = conserve((field, params),
                     kept,
                     of="vector_field",
                     how=how,
                     dt=step,
                     state_scale=scale)
    return lambda p, x: keeps.run(MetaParams(p), x, None).value


def _number(value: float) -> float | None:
  """What JSON can hold."""
  return float(value) if np.isfinite(value) else None


def _sparse_rows(study: _Study, kept: list[Any], peers: bool) -> None:
  problem, config, data = study.problem, study.config, study.data
  fit = study.best(sparse.own(problem, config, data))
  coefficients = jnp.asarray(fit.coefficients, jnp.result_type(float))
  study.add("sparse", fit.field, coefficients, fit.told)
  if kept:
    field = study.keeping(fit.field, coefficients, kept, "project")
    study.add("sparse, kept to the laws", field, coefficients, fit.told)
  if peers:
    fit = study.best(sparse.peer(config, data))
    study.add("PySINDy", fit.field,
              jnp.asarray(fit.coefficients, jnp.result_type(float)), fit.told)


def _network_rows(study: _Study, kept: list[Any], key: jax.Array) -> None:
  config, data, title = study.config, study.data, study.problem.title
  keys = jax.random.split(key, 5)

  def train(network: networks.Network,
            key: jax.Array,
            name: str,
            fine: bool = False,
            keep: Callable[[FieldFn], FieldFn] = lambda f: f) -> Any:
    return networks.train(network,
                          data,
                          config,
                          key,
                          steps=config.fine_steps if fine else config.steps,
                          learning_rate=config.learning_rate *
                          (.1 if fine else 1),
                          keep=keep,
                          name=f"{title}, {name}")

  net = networks.vanilla(keys[0], data, config)
  params = train(net, keys[1], "vanilla")
  net = net._replace(params=params)
  study.add("vanilla", net.field, params)
  study.add("control", net.field, train(net, keys[2], "control", fine=True))
  hnn = networks.hamiltonian(keys[3], data, config)
  study.add("HNN", hnn.field, train(hnn, keys[4], "HNN"))
  if not kept:
    return
  projected = study.keeping(net.field, params, kept, "project")
  study.add("projected", projected, params)
  through = train(net,
                  keys[2],
                  "trained through projection",
                  fine=True,
                  keep=lambda _: projected)
  study.add("trained through projection", projected, through)
  study.add("tailored", study.keeping(net.field, params, kept, "tailor"),
            params)


def measure(problem: Problem, config: Config, data: Data, seed: int, *,
            with_networks: bool, peers: bool) -> dict[str, Any]:
  """All rows of a problem and seed.

  Args:
    problem: which one.
    config: the protocol.
    data: of the seed.
    seed: of the discovery and the networks.
    with_networks: whether networks take part.
    peers: whether PySINDy takes part.

  Returns:
    The quantities in words and the rows by name, which JSON can hold.
  """
  study = _Study(problem, config, data)
  found = laws_lib.find(data.observed, data.states, seed)
  logging.info("%s keeps: %s", problem.title, "; ".join(found.texts))
  _sparse_rows(study, found.kept, peers)
  if with_networks:
    _network_rows(study, found.kept, jax.random.key(seed))
  return {
      "kept": found.texts,
      "rows": {
          name: study.rows[name] for name in NAMES if name in study.rows
      }
  }


def with_recommended(measured: dict[str, Any]) -> dict[str, Any]:
  """Repeat the rows that the paths that choose prefer, under another name.

  Args:
    measured: what `measure` returns.

  Returns:
    The same with the rows of RECOMMENDED, whose `told` is the row chosen.

  Example:
    >>> row = lambda name, v: {"row": name, "validation": v, "rmse": [v]}
    >>> names = {"vanilla": .2, "tailored": .1, "sparse": None}
    >>> one = with_recommended(
    ...     {"rows": {name: row(name, v) for name, v in names.items()}})
    >>> one["rows"]["recommended"]["told"]
    'tailored'
  """
  known = measured["rows"]
  size = lambda name: (np.inf if known[name]["validation"] is None else known[
      name]["validation"])
  chosen = {}
  for title, candidates in RECOMMENDED.items():
    names = [name for name in candidates if name in known]
    if names:
      best = min(names, key=size)
      chosen[title] = {**known[best], "row": title, "told": best}
  return {**measured, "rows": {**known, **chosen}}
