"""Flax NNX definitions, split once into (apply, params)."""

from noether_jax.networks.backbones import Architecture
from noether_jax.networks.conserved import conserved_mlp
from noether_jax.networks.conserved import ConservedNet
from noether_jax.networks.embedding import frame_embedding
from noether_jax.networks.embedding import FrameNet
from noether_jax.networks.mlp import functional
from noether_jax.networks.mlp import hamiltonian
from noether_jax.networks.mlp import MLP
from noether_jax.networks.mlp import mlp
from noether_jax.networks.modulation import Modulation
from noether_jax.networks.svg import Noise
from noether_jax.networks.svg import SVGConfig
from noether_jax.networks.svg import Video
from noether_jax.networks.symmetries import flip
from noether_jax.networks.symmetries import planar_invariants
from noether_jax.networks.video_model import svg
from noether_jax.networks.video_model import VideoModel

__all__ = [
    "Architecture", "ConservedNet", "FrameNet", "MLP", "Modulation", "Noise",
    "SVGConfig", "Video", "VideoModel", "conserved_mlp", "flip",
    "frame_embedding", "functional", "hamiltonian", "mlp", "planar_invariants",
    "svg"
]
