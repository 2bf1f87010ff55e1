from .integrators import adaptive_rollout as adaptive_rollout
from .integrators import euler as euler
from .integrators import leapfrog as leapfrog
from .integrators import rk4 as rk4
from .integrators import rollout as rollout
from .metrics import psnr as psnr
from .metrics import rmse as rmse
from .metrics import valid_prediction_time as valid_prediction_time
