from .conserved import conserved_mlp as conserved_mlp
from .conserved import ConservedNet as ConservedNet
from .mlp import functional as functional
from .mlp import hamiltonian as hamiltonian
from .mlp import MLP as MLP
from .mlp import mlp as mlp
from .symmetries import flip as flip
from .symmetries import planar_invariants as planar_invariants
