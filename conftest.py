"""Settings of tests and doctests: most of their time goes to XLA's compiler."""

import importlib.metadata
import os

# A few slow tests run for longer than they are compiled; SVG's predictions are
# not finite at level 0.
_LEVEL = os.environ.get("TEST_OPTIMIZATION_LEVEL", "0")
_FLAGS = [f"--xla_backend_optimization_level={_LEVEL}"]
# Later versions stop at flags that they do not know.
if tuple(map(int,
             importlib.metadata.version("jaxlib").split(".")[:2])) < (0, 11):
  _FLAGS.append("--xla_cpu_use_fusion_emitters=false")

# Must be set before JAX starts its backend.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *_FLAGS])
# Threads of BLAS wait for each other on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
