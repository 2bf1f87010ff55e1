"""What a learned law is worth where no formula is in reach.

  python -m benchmarks.networks [--net_systems=bumped_spring] [--net_seeds=10]
      [--net_noise=0.01] [--first_net_seed=0]

Each seed draws 20 trajectories of a system whose energy no rung spells (see
datasets/systems/unspelled.py) and searches them with the default rungs and
`network`. A small network is trained on smooth states and their derivatives,
and trained again as long (fine-tuned). Both are rolled out as they are, and
made to keep the law with `conserve`, which trains nothing; from 20 new starts.
Prints a line per seed on standard error and one JSON object: by system,

  formulas  data sets in which a formula was found instead;
  learned   data sets with a network among the laws;
  r2        of the true law, read off the network by a polynomial of degree two
            that is fitted to other trajectories; least and mean;
  lengths   by the length of rollouts in that of the data, 4 and 10, ratios of
            errors, paired by seed; least, median, largest:
    ratio   the fine-tuned network with the law, over the same without;
    plain   the network that was trained once with the law, over the same
            without;
    once    the network that was trained once with the law, over the fine-tuned
            one without;
    good    in how many seeds each of the three is at most .8;
  seconds   of a search, the median.
"""

from collections.abc import Sequence
import functools
import json
import statistics
import sys
import time
from typing import Any

from absl import app
from absl import flags
import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.systems import UNSPELLED
from noether_jax import conserve
from noether_jax import discover
from noether_jax import rungs
from noether_jax.data.smoothing import smoothing_spline
from noether_jax.discovery.law import Law
from noether_jax.discovery.samples import prepare
from noether_jax.dynamics import rk4
from noether_jax.dynamics import rollout
from noether_jax.networks import mlp
from noether_jax.training.loop import gradient_step
from noether_jax.training.loop import scan_steps

_SYSTEMS = flags.DEFINE_list("net_systems", list(UNSPELLED),
                             "Systems of datasets/systems.")
_SEEDS = flags.DEFINE_integer("net_seeds", 10, "Data sets per system.")
_FIRST = flags.DEFINE_integer("first_net_seed", 0, "The first seed.")
_NOISE = flags.DEFINE_float("net_noise", .01, "In spreads of the columns.")

_COUNT, _STEPS, _HIDDEN = 20, 5000, (64, 64)
# Lengths of rollouts, in those of the data.
_LENGTHS = 4, 10
_GOOD = .8
# What is divided by what, see above.
_COMPARED = {
    "ratio": ("tuned_kept", "tuned"),
    "plain": ("kept", "plain"),
    "once": ("kept", "tuned")
}


@functools.cache
def _training(width: int) -> tuple[Any, Any]:
  """`(apply, train)` of a network of so many columns, compiled once."""
  apply, _ = mlp(jax.random.key(0), width, width, hidden=_HIDDEN)
  chain = optax.adam(optax.cosine_decay_schedule(3e-3, _STEPS, .01))

  @jax.jit
  def train(params: Any, x: Any, y: Any) -> Any:
    scale = y.std(0)[None]
    loss = lambda p, _: jnp.mean(((jax.vmap(lambda s: apply(p, s))
                                   (x) - y) / scale)**2)
    step = gradient_step(loss, chain)
    return scan_steps(step, (params, chain.init(params)),
                      jnp.arange(_STEPS))[0][0]

  return apply, train


def control(data: Any, seed: int) -> tuple[Any, Any, Any]:
  """Train a network for the rates of change.

  Returns:
    `(apply, params, params after as much training again)`.
  """
  samples = prepare(data, seed)
  rates = [
      np.stack([smoothing_spline(t, c, 0.)[1]
                for c in s.T], 1)
      for s, t in zip(samples.states, samples.times)
  ]
  x, y = (jnp.asarray(np.concatenate(a)) for a in (samples.states, rates))
  width = x.shape[1]
  apply, train = _training(width)
  _, params = mlp(jax.random.key(seed), width, width, hidden=_HIDDEN)
  params = train(params, x, y)
  return apply, params, train(params, x, y)


def read_off(law: Law, name: str, seed: int) -> float:
  """R2 of the true law, on trajectories that the read-out did not see."""
  drawn = UNSPELLED[name]
  values = []
  for k in (1, 2):
    states = drawn.paths(_COUNT, np.random.default_rng([seed, 100 + k]))
    states = states.reshape(-1, states.shape[-1])
    values.append((law(states), drawn.system.laws(states, np)[..., 0]))
  (g, truth), (other, true) = values
  fit = np.polynomial.Polynomial.fit(g, truth, 2)
  return 1 - float(np.var(fit(other) - true) / np.var(true))


def rollouts(law: Law, model: tuple[Any, Any, Any], name: str,
             seed: int) -> dict[str, dict[str, float]]:
  """Errors of rollouts by length, in spreads, with the law and without."""
  drawn = UNSPELLED[name]
  dt, once = float(drawn.times[1] - drawn.times[0]), len(drawn.times) - 1
  steps = max(_LENGTHS) * once
  times = dt * np.arange(steps + 1)
  truth = drawn.paths(_COUNT, np.random.default_rng([seed, 200]), times)
  spread = truth.reshape(-1, truth.shape[-1]).std(0)
  apply, params, longer = model
  keep = lambda p: conserve(
      (apply, p), law, of="vector_field", dt=dt, state_scale=spread)
  fields = {
      "kept": keep(params),
      "plain": lambda x: apply(params, x),
      "tuned_kept": keep(longer),
      "tuned": lambda x: apply(longer, x)
  }
  errors: dict[str, dict[str, float]] = {str(n): {} for n in _LENGTHS}
  for key, field in fields.items():
    step = rk4(field, dt)
    path = jax.jit(jax.vmap(lambda x: rollout(step, x, steps)))(jnp.asarray(
        truth[:, 0]))
    rest = (np.asarray(path) - truth[:, 1:]) / spread
    for n in _LENGTHS:
      error = np.sqrt(np.mean(rest[:, :n * once]**2))
      errors[str(n)][key] = round(float(error), 4)
  return errors


def measured(name: str, seed: int, noise: float) -> dict[str, Any]:
  """Search one data set, and use the network that is found."""
  drawn = UNSPELLED[name]
  data = drawn.observed(drawn.paths(_COUNT, np.random.default_rng(seed)), noise,
                        np.random.default_rng([seed, 1]))
  start = time.perf_counter()
  found = discover(data.states,
                   data.times,
                   columns=data.variables,
                   seed=seed,
                   rungs=[*rungs.default, rungs.network])
  row: dict[str, Any] = {
      "system": name,
      "seed": seed,
      "seconds": round(time.perf_counter() - start, 1),
      "formula": any(w.terms and w.verdict == "conserved" for w in found.laws),
      "r2": None
  }
  networks = [law for law in found.laws if not law.terms]
  if networks:
    row.update(r2=round(read_off(networks[0], name, seed), 5),
               verdict=networks[0].verdict,
               errors=rollouts(networks[0], control(data, seed), name, seed))
  return row


def _compared(errors: Sequence[dict[str, float]]) -> dict[str, Any]:
  """Ratios of errors, paired by seed: least, median, largest; and the good."""
  out: dict[str, Any] = {}
  good = {}
  for key, (a, b) in _COMPARED.items():
    ratios = [e[a] / e[b] for e in errors]
    out[key] = [round(f(ratios), 3) for f in (min, statistics.median, max)
               ] if ratios else None
    good[key] = sum(r <= _GOOD for r in ratios)
  return {**out, "good": good}


def summarise(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
  """See the module."""
  learned = [row for row in rows if row["r2"] is not None]
  r2 = [row["r2"] for row in learned]
  return {
      "data_sets": len(rows),
      "formulas": sum(row["formula"] for row in rows),
      "learned": len(learned),
      "r2": [min(r2), round(statistics.mean(r2), 4)] if r2 else None,
      "lengths": {
          str(n): _compared([row["errors"][str(n)] for row in learned])
          for n in _LENGTHS
      },
      "seconds": statistics.median(row["seconds"] for row in rows)
  }


def main(argv: Sequence[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError("No positional arguments are known.")
  jax.config.update("jax_enable_x64", True)
  rows = []
  for name in _SYSTEMS.value:
    for seed in range(_FIRST.value, _FIRST.value + _SEEDS.value):
      rows.append(measured(name, seed, _NOISE.value))
      print(*rows[-1].values(), file=sys.stderr)
  print(
      json.dumps({
          "systems": {
              name: summarise([r for r in rows if r["system"] == name])
              for name in _SYSTEMS.value
          },
          "data_sets": rows
      }))


if __name__ == "__main__":
  app.run(main)
