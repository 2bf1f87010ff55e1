"""The ideal spring, as for HNN.

H = q^2 + p^2, start radius in [0.1, 1.0), 30 samples in [0, 3].
"""

import functools

from datasets import hamiltonian
from datasets import hamiltonian_builder

config = functools.partial(hamiltonian_builder.make_config, hamiltonian.SPRING)


class Builder(hamiltonian_builder.HamiltonianBuilder):
  __doc__ = hamiltonian_builder.HamiltonianBuilder.__doc__
  SAMPLING = hamiltonian.SPRING
  BUILDER_CONFIGS = [config()]
