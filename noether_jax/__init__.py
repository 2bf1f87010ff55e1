"""Noether Networks in JAX: tailor a predictor to what a system conserves."""

from noether_jax.conservation import cosine
from noether_jax.conservation import difference
from noether_jax.conservation import drift
from noether_jax.conservation import field_residuals
from noether_jax.conservation import noether_loss
from noether_jax.conservation import trajectory_residuals
from noether_jax.inner_optimizers import gauss_newton
from noether_jax.meta import init_state
from noether_jax.meta import meta_loss
from noether_jax.meta import mse
from noether_jax.meta import update
from noether_jax.partition import by_path
from noether_jax.partition import combine
from noether_jax.partition import partition
from noether_jax.tailoring import tailor
from noether_jax.tailoring import tailored_params
from noether_jax.tailoring import tailored_predict
from noether_jax.types import MetaParams
from noether_jax.types import Prediction
from noether_jax.types import Tailored
from noether_jax.types import TrainState

__version__ = "0.1.0"
__all__ = [
    "MetaParams", "Prediction", "Tailored", "TrainState", "by_path", "combine",
    "cosine", "difference", "drift", "field_residuals", "gauss_newton",
    "init_state", "meta_loss", "mse", "noether_loss", "partition", "tailor",
    "tailored_params", "tailored_predict", "trajectory_residuals", "update"
]
