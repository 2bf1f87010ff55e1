"""Strict settings for every test: x64, explicit rank promotion, 8 devices."""

import os

# Must be set before JAX starts its backend; more of it in `../conftest.py`.
os.environ["XLA_FLAGS"] = (os.environ.get("XLA_FLAGS", "") +
                           " --xla_force_host_platform_device_count=8")

import jax  # noqa: E402

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
