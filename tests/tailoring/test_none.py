"""Parameters that hold None, as modules without a bias do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import by_path
from noether_jax import field_residuals
from noether_jax import gauss_newton
from noether_jax import MetaParams
from noether_jax import tailored_predict


@pytest.mark.parametrize("implementation", ["factored", "general"])
def test_none_within_the_parameters_is_no_leaf(implementation):
  """As in modules whose bias is None."""
  first = jax.random.normal(jax.random.key(2), (2, 9))
  second = jax.random.normal(jax.random.key(3), (9, 2))
  apply = lambda p, x, key: jnp.tanh(x @ p["first"]) @ p["second"]
  params = {"first": first, "second": second}
  with_none = {"bias": None, "first": first, "more": [None], "second": second}
  outs = [
      tailored_predict(MetaParams(p, (), jax.tree.map(lambda _: jnp.zeros(()),
                                                      p)),
                       jnp.array([.3, -.4]),
                       None,
                       predict_fn=apply,
                       conserved_fn=lambda _, x: jnp.sum(x**2)[None],
                       optimizer=gauss_newton(),
                       residual_fn=field_residuals,
                       adapt=by_path("second"),
                       implementation=implementation)
      for p in (params, with_none)
  ]
  np.testing.assert_allclose(outs[0].value, outs[1].value, rtol=1e-12)
  assert float(outs[1].losses[-1]) < 1e-3 * float(outs[1].losses[0])
