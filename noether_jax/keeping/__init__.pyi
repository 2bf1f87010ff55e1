from .conserve import conserve as conserve
from .models import pure_function as pure_function
from .predictor import Predictor as Predictor
