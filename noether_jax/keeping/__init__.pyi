from .conserve import conserve as conserve
from .models import pure_function as pure_function
from .network import NoetherNetwork as NoetherNetwork
from .optimizer_state import OptimizerState as OptimizerState
from .predictor import Predictor as Predictor
