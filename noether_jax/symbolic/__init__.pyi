from . import expression as expression
from . import fitting as fitting
from . import grammar as grammar
from . import noise as noise
from . import programs as programs
from . import screening as screening
from . import units as units
