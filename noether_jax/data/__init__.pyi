from . import ephemeris as ephemeris
from .columns import as_variables as as_variables
from .columns import parse_columns as parse_columns
from .columns import Variable as Variable
from .conversion import as_trajectories as as_trajectories
from .reading import load as load
from .smoothing import local_polynomial as local_polynomial
from .trajectories import Trajectories as Trajectories
