"""Laws in every form become one function of a state."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import InputError
import noether_jax as nj
from noether_jax.keeping.laws import conserved_quantities

X = jnp.array([.3, -.4])


@pytest.fixture(scope="module")
def found():
  angle = np.linspace(0, 6, 60)[:, None]
  circle = np.hstack([np.cos(angle), np.sin(angle)])
  return nj.discover([r * circle for r in (1., 2., 3., 4., 5.)],
                     columns="q,p",
                     degree=2)


def test_forms_of_laws(found):
  network = eqx.nn.MLP(2, 3, 4, 1, key=jax.random.key(0))
  pair = (lambda w, x: w * x[0], jnp.float64(2.))
  laws = [found, found.laws[0], lambda x: x[:1], pair, network]
  values = conserved_quantities(laws)(X)
  square = float(X @ X)
  expected = [square, square, X[0], 2 * X[0], *network(X)]
  np.testing.assert_allclose(values, expected, rtol=1e-6)
  np.testing.assert_allclose(conserved_quantities(pair)(X), [2 * X[0]],
                             rtol=1e-12)


def test_the_precision_is_that_of_the_state(found):
  assert conserved_quantities(found)(X.astype(jnp.float32)).dtype == "float32"


def test_a_discovery_is_kept(found):
  model = eqx.nn.MLP(2, 2, 8, 1, key=jax.random.key(0))
  keeps = nj.conserve(model, found, of="vector_field", dt=.1)
  assert abs(X @ keeps(X)) < 1e-7
  assert bool(keeps.predict(X).accepted)


def test_a_state_that_does_not_fit_the_columns(found):
  model = eqx.nn.MLP(3, 3, 8, 1, key=jax.random.key(0))
  keeps = nj.conserve(model, found)
  with pytest.raises(InputError, match=r"2 columns q, p: .* \[2\], got \[3\]"):
    keeps(jnp.ones(3))


def test_a_discovery_without_laws():
  rng = np.random.default_rng(0)
  states = [np.cumsum(rng.normal(size=(40, 2)), 0) for _ in range(4)]
  found = nj.discover(states, columns="a,b", degree=1)
  assert not found.laws
  with pytest.raises(InputError, match="`laws` holds no law: no law found"):
    conserved_quantities(found)


@pytest.mark.parametrize("laws, message", [
    ([], "`laws` is empty"),
    ("q^2 + p^2", r"`laws` is the text 'q\^2 \+ p\^2': pass a function of a"),
    (3, "`laws` must be a Flax NNX module"),
    ([lambda x: x[0], lambda t, x: x], r"`laws\[1\]` must take \(x\)"),
    (lambda x: jnp.ones((2, 2)), r"`laws` must return a number or a vector"),
    (lambda x: (x, x), r"`laws` must return a number or a vector"),
])
def test_other_laws(laws, message):
  with pytest.raises(InputError, match=message):
    conserved_quantities(laws)(X)


def test_a_balance_law_is_not_kept():
  t = np.linspace(0, 10, 150)
  damped = []
  for size in (1., 1.5, 2., 2.5, 3.):
    decay = size * np.exp(-.1 * t)
    turn = np.sqrt(1 - .01) * t
    damped.append(
        np.stack([
            decay * np.cos(turn), -decay *
            (.1 * np.cos(turn) + np.sqrt(1 - .01) * np.sin(turn))
        ], 1))
  lost = nj.discover(damped, t, columns="q,p")
  assert lost.laws[0].verdict == "balance"
  with pytest.raises(InputError, match="holds balance laws only"):
    conserved_quantities(lost)
  with pytest.raises(InputError, match="is the balance law"):
    conserved_quantities([lost.laws[0]])
