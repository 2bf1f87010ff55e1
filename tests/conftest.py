"""Strict settings for every test: x64, explicit rank promotion, 8 devices."""

import os

# Must be set before JAX starts its backend.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# LLVM takes most of the tests' time, and less at this level; at 0 two fail.
os.environ["XLA_FLAGS"] = (os.environ.get("XLA_FLAGS", "") +
                           " --xla_force_host_platform_device_count=8"
                           " --xla_backend_optimization_level=1")
os.environ.setdefault("MPLBACKEND", "Agg")
# Threads of BLAS wait for each other on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import jax  # noqa: E402

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
