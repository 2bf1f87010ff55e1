from . import library as library
from .engine import discover as discover
from .engine import Discovery as Discovery
from .evidence import Evidence as Evidence
from .law import Law as Law
