"""The generalisation bound against arithmetic written out by hand."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import theory

SETTING = {
    "dimension": 64,
    "free_dimension": 16,
    "loss_bound": 1.0,
    "lipschitz": 1.2,
    "radius": 2.0,
    "num_examples": 100,
    "delta": 0.05,
}


def bound(**changes):
  return theory.generalisation_bound(**{**SETTING, **changes})


def tightest(**changes):
  return theory.tightest_bound(**{**SETTING, **changes})


@pytest.mark.parametrize("changes, expected", [
    pytest.param({"free_dimension": 0},
                 math.sqrt(math.log(20.0) / 200.0),
                 id="xi=0: Hoeffding for one predictor"),
    pytest.param(
        {"free_dimension": 1},
        math.sqrt(
            (math.log(2 * 2.0 * 10.0) + math.log(20.0)) / 200) + 1.2 / 10.0,
        id="xi=1, rho=1: no zeta in the logarithm"),
    pytest.param(
        {
            "free_dimension": 4,
            "rho": 2,
            "loss_bound": 3.0
        },
        3.0 * math.sqrt(
            (4 * math.log(2.0) + 4 *
             (math.log(40.0) + 0.5 * math.log(1.2)) + math.log(20.0)) / 200) +
        math.sqrt(1.2) / 10.0,
        id="xi=4, rho=2"),
    pytest.param(
        {
            "dimension": 10_000,
            "conserved": False,
            "num_examples": 10**6,
            "rho": 4
        },
        math.sqrt(
            (10_000 * math.log(100.0) + 10_000 *
             (math.log(4000.0) + 0.75 * math.log(1.2)) + math.log(20.0)) / 2e6)
        + 1.2**0.25 / 1000.0,
        id="xi large"),
    pytest.param({
        "free_dimension": 0,
        "radius": 0.0
    },
                 math.sqrt(math.log(20.0) / 200.0),
                 id="xi=0, v=0 only"),
    pytest.param({"radius": 0.01},
                 math.sqrt(math.log(20.0) / 200.0) + 1.2 / 10.0,
                 id="one ball covers all"),
    pytest.param({
        "lipschitz": 0.0,
        "rho": 3
    },
                 math.sqrt(math.log(20.0) / 200.0),
                 id="loss that v does not change"),
    pytest.param({
        "free_dimension": 0,
        "delta": 1.0
    }, 0.0, id="no promise"),
])
def test_closed_form(changes, expected):
  np.testing.assert_allclose(bound(**changes), expected, rtol=1e-13)


def test_without_the_constraint_the_preimages_do_not_matter():
  free = jnp.arange(65)
  np.testing.assert_array_equal(bound(free_dimension=free, conserved=False),
                                np.full(65, bound(free_dimension=64)))


@pytest.mark.parametrize("rho", [1, 2, 64])
def test_it_rises_with_every_free_dimension(rho):
  assert np.all(np.diff(bound(free_dimension=jnp.arange(65), rho=rho)) > 0)


@pytest.mark.parametrize("free", [0, 1, 64])
def test_it_falls_with_the_number_of_examples(free):
  counts = jnp.array([10, 20, 100, 1000, 10**6])
  assert np.all(np.diff(bound(free_dimension=free, num_examples=counts)) < 0)


@pytest.mark.parametrize("name, values, rises", [
    ("loss_bound", [0.0, 1.0, 2.0], True),
    ("radius", [1.0, 2.0, 4.0], True),
    ("lipschitz", [0.5, 1.0, 2.0], True),
    ("delta", [0.01, 0.1, 1.0], False),
])
def test_it_is_monotone(name, values, rises):
  steps = np.diff(bound(**{name: jnp.array(values)}))
  assert np.all(steps > 0) if rises else np.all(steps < 0)


def test_each_place_of_an_array_has_its_own_constraint():
  both = bound(conserved=jnp.array([True, False]))
  np.testing.assert_allclose(both, [bound(), bound(free_dimension=64)])


def test_arguments_broadcast():
  grid = bound(free_dimension=jnp.array([[0], [1], [5]]),
               num_examples=jnp.array([[10, 100]]))
  expected = [[bound(free_dimension=m, num_examples=n)
               for n in (10, 100)]
              for m in (0, 1, 5)]
  np.testing.assert_allclose(grid, expected, rtol=1e-14)


@pytest.mark.parametrize("make", [bound, lambda **c: tightest(**c).bound])
def test_vmap_under_jit_equals_a_loop(make):
  free, counts = jnp.array([0, 1, 7, 64]), jnp.array([10, 20, 500, 10**4])
  one = lambda m, n: make(free_dimension=m, num_examples=n)
  together = jax.jit(jax.vmap(one))(free, counts)
  np.testing.assert_allclose(together,
                             [one(m, n) for m, n in zip(free, counts)],
                             rtol=1e-13)


def test_the_gradient_is_finite_without_free_dimensions():
  slope = jax.grad(lambda r: bound(free_dimension=0, radius=r))
  assert float(slope(2.0)) == 0.0


@pytest.mark.parametrize("zeta", [0.1, 1.2, 20.0])
def test_the_tightest_is_the_least_of_all(zeta):
  found = tightest(lipschitz=zeta, max_rho=10)
  every = [float(bound(lipschitz=zeta, rho=rho)) for rho in range(1, 11)]
  np.testing.assert_allclose(found.bound, min(every), rtol=1e-14)
  assert int(found.rho) == 1 + int(np.argmin(every))


def test_the_tightest_of_one_and_of_equals():
  np.testing.assert_allclose(tightest(max_rho=1).bound, bound(rho=1))
  assert int(tightest(lipschitz=1.0).rho) == 1


def test_the_tightest_keeps_the_shape():
  found = tightest(free_dimension=jnp.arange(6).reshape(2, 3))
  assert found.bound.shape == found.rho.shape == (2, 3)
  assert found.rho.dtype == jnp.int32


@pytest.mark.parametrize("changes, message", [
    ({
        "dimension": 0
    }, "`dimension` must be a whole number from 1 on: got 0"),
    ({
        "free_dimension": -1
    }, "`free_dimension` must be a whole number from 0 on: got -1"),
    ({
        "free_dimension": 1.5
    }, "`free_dimension` must be a whole number from 0 on: got 1.5"),
    ({
        "free_dimension": 65
    }, "at most `dimension`: got 65 of 64"),
    ({
        "num_examples": np.int64(0)
    }, "`num_examples` must be a whole number from 1 on: got 0"),
    ({
        "num_examples": True
    }, "`num_examples` must be a whole number from 1 on: got True"),
    ({
        "loss_bound": -1.0
    }, "`loss_bound` must be finite and at least 0: got -1.0"),
    ({
        "lipschitz": math.inf
    }, "`lipschitz` must be finite and at least 0: got inf"),
    ({
        "radius": math.nan
    }, "`radius` must be finite and at least 0: got nan"),
    ({
        "delta": 0
    }, "`delta` must be a probability above 0: got 0"),
    ({
        "delta": 1.01
    }, "`delta` must be a probability above 0: got 1.01"),
    ({
        "rho": 0.5
    }, "`rho` must be a whole number from 1 on: got 0.5"),
    ({
        "conserved": 16
    }, "`conserved` must be boolean: got int"),
    ({
        "radius": jnp.ones(2),
        "delta": jnp.ones(3)
    }, r"broadcast together: got \{'radius': \(2,\), 'delta': \(3,\)\}"),
])
def test_errors(changes, message):
  with pytest.raises(ValueError, match=message):
    bound(**changes)


@pytest.mark.parametrize("changes, message", [
    ({
        "max_rho": 0
    }, "`max_rho` must be a whole number from 1 on: got 0"),
    ({
        "max_rho": 1.5
    }, "`max_rho` must be a whole number from 1 on: got 1.5"),
    ({
        "free_dimension": 65
    }, "at most `dimension`: got 65 of 64"),
])
def test_errors_of_the_tightest(changes, message):
  with pytest.raises(ValueError, match=message):
    tightest(**changes)
