from . import figures as figures
from . import report as report
