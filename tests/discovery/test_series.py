"""Which long forms may be series that only approximate."""

import dataclasses

import numpy as np
import pytest

from noether_jax.discovery import Evidence
from noether_jax.discovery import null
from noether_jax.discovery import series
from noether_jax.reporting import verdicts
from tests.discovery import laws

_TEXTS = ["v^2", "x^2", "x", "x^3", "x*v", "x^4", "x^2*v^2"]
_ODD = [1., .317, 1.73, -.0873, 2.44, 5.17, -.611]


def _law(numbers, error=.01, corrected=.002, excess=1., colour=.2):
  law = laws.make("x,v", **dict(zip(_TEXTS, numbers)))
  order = [_TEXTS.index(t.text) for t in law.terms]
  form = dataclasses.replace(law.form,
                             coefficients=np.array(numbers)[order],
                             uncertainties=np.abs(np.array(numbers)[order]) *
                             error,
                             freedom=19)
  return dataclasses.replace(law,
                             form=form,
                             evidence=Evidence(.01, corrected, excess, 0.,
                                               colour))


@pytest.mark.parametrize("law, wanted", [
    (_law(_ODD), True),
    (_law(_ODD, error=.2), True),
    (_law(_ODD[:6]), True),
    (_law(_ODD[:5]), False),
    (_law(_ODD[:5], corrected=.02, colour=.9), True),
    (_law(_ODD[:5], corrected=.02, colour=.6), False),
    (_law(_ODD[:3], corrected=.02, colour=.9), False),
    (_law(_ODD, corrected=1e-4), False),
    (_law(_ODD, excess=np.inf), True),
    (_law([1.] * 6, error=.2, excess=np.inf), True),
    (_law([1.] * 2, error=.2, excess=np.inf), True),
    (_law([1.] * 2, error=.2, corrected=1e-9, excess=np.inf), False),
    (_law([1.] * 6, error=.05, excess=np.inf), False),
    (_law(_ODD[:5], excess=np.inf, colour=.9), False),
    (_law(_ODD, corrected=1e-9, excess=np.inf), False),
    (_law([1., 2., .5, 3., 2.44, 5.17, -.611], error=1e-4), False),
    (_law([1., .317, .33, -.31, 2.44, 2.5, 1.06]), False),
])
def test_a_long_form_of_arbitrary_numbers_is_a_series(law, wanted):
  assert series.is_series(law) == wanted
  found = null.doubted(law, None, [200] * 20)
  assert (found.reason == verdicts.SERIES) == wanted
  assert (found.verdict == verdicts.UNKNOWN) == wanted


def test_numbers_that_are_simple_or_alike_are_not_arbitrary():
  assert series.arbitrary_numbers(_law(_ODD).form) == 6
  assert series.arbitrary_numbers(_law([1., .317, -.33, 1.1, .7]).form) == 2
  assert series.arbitrary_numbers(_law([1., .317, 2., .5], 1e-4).form) == 1
