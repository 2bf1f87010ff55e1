"""The ideal pendulum, as for HNN.

H = 3 (1 - cos q) + p^2, start radius in [1.3, 2.3), 45 samples in [0, 3].
"""

import functools

from datasets import hamiltonian
from datasets import hamiltonian_builder

config = functools.partial(hamiltonian_builder.make_config,
                           hamiltonian.PENDULUM)


class Builder(hamiltonian_builder.HamiltonianBuilder):
  __doc__ = hamiltonian_builder.HamiltonianBuilder.__doc__
  SAMPLING = hamiltonian.PENDULUM
  BUILDER_CONFIGS = [config()]
