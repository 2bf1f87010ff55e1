"""What a NoetherNetwork says about arguments that it cannot use."""

import jax
import jax.numpy as jnp
import pytest

from noether_jax import InputError
import noether_jax as nj
from tests.keeping.oscillator import BATCH
from tests.keeping.oscillator import KEY
from tests.keeping.oscillator import network
from tests.keeping.oscillator import OUTER
from tests.keeping.oscillator import PHI
from tests.keeping.oscillator import THETA
from tests.keeping.oscillator import X


@pytest.mark.parametrize("arguments, message", [
    ({
        "of": "field"
    }, "`of` must be one of"),
    ({
        "inner": 3
    }, "`inner` must be an optax transformation or an InnerLoop"),
    ({
        "predict": 3
    }, "`predict` must be a Flax NNX module"),
    ({
        "predict": lambda x: x
    }, r"`predict` must take \(theta, x\)"),
    ({
        "conserved": lambda t, phi, x: x
    }, r"`conserved` must take \(x\)"),
    ({
        "conserved": []
    }, "`conserved` is empty"),
])
def test_other_networks(arguments, message):
  with pytest.raises(InputError, match=message):
    network(**arguments)


@pytest.mark.parametrize("arguments, message", [
    ({
        "theta": None
    }, "`theta` is missing"),
    ({
        "phi": None
    }, "`phi` is missing"),
    ({
        "theta": {
            "w": "text"
        }
    }, "`theta` must hold arrays and numbers: got str"),
    ({
        "outer": 3
    }, "`outer` must be an optax transformation"),
    ({
        "theta": lambda key: THETA,
        "key": None
    }, "`theta` is an initialiser"),
])
def test_other_parameters(arguments, message):
  arguments = {
      "key": KEY,
      "theta": THETA,
      "phi": PHI,
      "outer": OUTER,
      **arguments
  }
  with pytest.raises(InputError, match=message):
    network().init(**arguments)


@pytest.mark.parametrize("batch, message", [
    (X, "`batch` must be a pair"),
    ((X, X[:3]), "the examples along its first axis"),
    ((X, 1.), "the examples along its first axis"),
    ((X[:0], X[:0]), "the examples along its first axis"),
])
def test_other_batches(batch, message):
  net = network()
  with pytest.raises(InputError, match=message):
    net.update(net.init(KEY, THETA, PHI, outer=OUTER), batch, KEY)


@pytest.mark.parametrize("key, given", [
    (0, "int"),
    (None, "NoneType"),
    (jax.random.split(KEY, 2), r"key<fry>\[2\]"),
])
def test_other_keys(key, given):
  net = network()
  state = net.init(KEY, THETA, PHI, outer=OUTER)
  with pytest.raises(InputError,
                     match=f"one random key, such as .*: got {given}"):
    net.update(state, BATCH, key)


def test_a_quantity_of_another_shape():
  net = network(conserved=lambda phi, x: jnp.ones((2, 2)))
  with pytest.raises(InputError, match=r"a number or a vector \[K\]"):
    net.tailored(nj.MetaParams(THETA, PHI), X[0], None)
