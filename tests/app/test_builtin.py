"""What is said of data sets that are known by name."""

import dataclasses

import numpy as np
import pytest

from noether_jax.app import builtin
from noether_jax.data import ephemeris
from tests.discovery import laws


@pytest.mark.parametrize("scale", [1., -1., .25])
def test_the_mass_of_the_sun_whatever_the_scale(scale):
  law = laws.make("x,y,z,vx,vy,vz", 1e-9, **{"|v|^2": 1., "1/|r|": -1.})
  form = dataclasses.replace(law.form,
                             coefficients=scale *
                             np.array([1., -2.002 * ephemeris.SUN_GM]),
                             uncertainties=np.array([0., abs(scale) * 1e-8]))
  (note,) = builtin.planet_notes([dataclasses.replace(law, form=form)])
  assert "(+0.10000 %)" in note and "+- 0.000050) 1e-4" in note
