from .check_result import Check as Check
from .checking import check as check
from .engine import discover as discover
from .evidence import Evidence as Evidence
from .forms import Combination as Combination
from .forms import Network as Network
from .law import Law as Law
from .result import Discovery as Discovery
