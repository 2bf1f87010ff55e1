from . import drawing as drawing
from . import figures as figures
from . import formulas as formulas
from . import records as records
from . import report as report
from . import typeset as typeset
from . import views as views
from . import words as words
