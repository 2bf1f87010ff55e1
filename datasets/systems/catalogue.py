"""The systems: their equations, laws and columns; dimensionless but for names.

One module holds each kind of system.
"""

from datasets.systems import bodies
from datasets.systems import constants
from datasets.systems import driven
from datasets.systems import inner
from datasets.systems import lawless
from datasets.systems import losses
from datasets.systems import plain
from datasets.systems import rich
from datasets.systems import rods
from datasets.systems import unspelled

_SYSTEMS = (*plain.SYSTEMS, *rich.SYSTEMS, *bodies.SYSTEMS, *constants.SYSTEMS,
            *losses.SYSTEMS, *driven.SYSTEMS, *rods.SYSTEMS, *inner.SYSTEMS,
            *unspelled.SYSTEMS, *lawless.SYSTEMS)
SYSTEMS = {system.name: system for system in _SYSTEMS}
