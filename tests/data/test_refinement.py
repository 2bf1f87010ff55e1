"""Angles, degrees, gaps and time stamps."""

import numpy as np
import pytest

from noether_jax.data import load
from tests.data import tables


@pytest.mark.parametrize("stamp", [
    "2024-05-01T12:00:{:09.6f}", "2024-05-01 12:00:{:09.6f}",
    "2024-05-01T12:00:{:09.6f}Z", "12:00:{:09.6f}", "01.05.2024 12:00:{:09.6f}",
    "5/1/2024 12:00:{:09.6f} PM", "0:{:09.6f}"
])
def test_time_stamps(tmp_path, stamp):
  rows = [(n, stamp.format(t), x, v) for n, t, x, v in tables.orbits()]
  data = tables.load(tmp_path, tables.text("trial,when,x,v", rows))
  tables.check(data)
  assert data.time_unit == "s"
  tables.told(data, "seconds since the first")


def _pendulum(period, shift):
  """An angle that turns over, wrapped; rate^2 - 39.24 cos(angle) is kept."""
  rows = []
  for n in range(3):
    angle, rate = .3, 5. + 3 * n
    for k in range(400):
      turn = angle * period / (2 * np.pi)
      rows.append((n, k * .01, (turn - shift) % period + shift,
                   rate * period / (2 * np.pi)))
      for _ in range(50):
        rate -= 1e-4 * 19.62 * np.sin(angle)
        angle += 2e-4 * rate
        rate -= 1e-4 * 19.62 * np.sin(angle)
  return rows


@pytest.mark.parametrize("period,shift", [(360., -180.), (360., 0.),
                                          (2 * np.pi, -np.pi), (2 * np.pi, 0.),
                                          (1., 0.), (1., -.5)])
@pytest.mark.parametrize("head", ["trial,time,angle,rate"])
def test_wrapped_angles(tmp_path, period, shift, head):
  data = tables.load(tmp_path, tables.text(head, _pendulum(period, shift)))
  assert data.variables[0].unit.is_angle
  assert max(np.abs(np.diff(s[:, 0])).max() for s in data.states) < .2
  energy = [s[:, 1]**2 - 39.24 * np.cos(s[:, 0]) for s in data.states]
  assert max(np.ptp(e) for e in energy) < 1e-2
  tables.told(data, "angle jumps by")
  if period != 2 * np.pi:
    tables.told(data, "rate is the derivative of angle in")


def test_degrees_that_are_told(tmp_path):
  data = tables.load(
      tmp_path,
      tables.text("trial,time,angle (deg),rate (deg/s)", _pendulum(360., 0.)))
  energy = [s[:, 1]**2 - 39.24 * np.cos(s[:, 0]) for s in data.states]
  assert max(np.ptp(e) for e in energy) < 1e-2
  tables.told(data, "angle converted to rad", "rate converted to 1/s",
              "angle unwrapped")
  again = load(tmp_path / "data.csv", columns="angle:deg,rate:deg/s")
  np.testing.assert_allclose(again.states, data.states)


def test_a_reset_is_no_turn_but_is_told(tmp_path):
  t = np.arange(200) * .05
  charge = 1 - np.exp(-2 * (t % 1.7))  # Reset to 0 while nearly still.
  rows = list(zip(t, charge, np.cos(t)))
  data = tables.load(tmp_path, tables.text("t,charge,y", rows))
  np.testing.assert_allclose(data.states[0][:, 0], charge, atol=1e-6)
  tables.told(
      data, "charge jumps by about 1: if it is an angle in turns, give "
      "its unit, as in columns='charge:turn'")
  again = load(tmp_path / "data.csv", columns="charge:turn,y")
  assert again.variables[0].unit.is_angle
  tables.told(again, "charge unwrapped")


@pytest.mark.parametrize("form", [np.round, np.sin])
def test_switches_and_waves_are_no_turns(tmp_path, form):
  t = np.arange(200) * .05
  rows = list(zip(t, form(np.sin(t)**2), np.cos(t)))
  data = tables.load(tmp_path, tables.text("t,on,y", rows))
  assert not any("jumps" in m for m in data.messages)


def test_a_column_of_phases_that_is_called_a_number_stays(tmp_path):
  t = np.arange(200) * .05
  rows = list(zip(t, (1.3 * t) % 1., np.cos(t)))
  tables.load(tmp_path, tables.text("t,phase,y", rows))
  data = load(tmp_path / "data.csv", columns="phase:1,y")
  np.testing.assert_allclose(data.states[0][:, 0], (1.3 * t) % 1., atol=1e-6)


def test_noise_at_the_jump(tmp_path):
  random = np.random.default_rng(0)
  turn = np.linspace(0., 20., 400) + .1 * random.normal(size=400)
  rows = np.stack([
      np.arange(400), (turn + np.pi) % (2 * np.pi) - np.pi,
      random.normal(size=400)
  ], 1)
  data = tables.load(tmp_path, tables.text("t,q,p", rows))
  np.testing.assert_allclose(data.states[0][:, 0], turn, atol=1e-6)
  assert not data.variables[1].unit.is_angle


@pytest.mark.parametrize("seed", range(5))
def test_jumps_that_are_no_turns_stay(tmp_path, seed):
  random = np.random.default_rng(seed)
  rows = [(k * .1, *random.uniform(-np.pi, np.pi, 2)) for k in range(60)]
  data = tables.load(tmp_path, tables.text("t,x,y", rows))
  assert not any(v.unit.is_angle for v in data.variables)
  np.testing.assert_allclose(data.states[0], np.array(rows)[:, 1:], rtol=1e-6)


def test_gaps_are_left_out(tmp_path):
  rows = [(n, t, "NaN" if k % 11 == 5 else x, None if k % 13 == 7 else v)
          for k, (n, t, x, v) in enumerate(tables.orbits())]
  bad = sum(r[2] == "NaN" or r[3] is None for r in rows)
  data = tables.load(tmp_path, tables.text("trial,time,x,v", rows))
  assert sum(map(len, data.states)) == len(rows) - bad
  tables.told(
      data, f"{bad} of {len(rows)} rows left out: blank or NaN in x, v, first "
      "in data row 6")
  for t, s in zip(data.times, data.states):
    assert len(t) == len(s) and np.all(np.diff(t) > 0)


def test_rounded_stamps(tmp_path):
  rows = [(n, f"{k / 120:.3f}", k % 5, v)
          for n in range(2)
          for k, (_, _, _, v) in enumerate(tables.orbits() + tables.orbits())]
  data = tables.load(tmp_path, tables.text("trial,t,x,v", rows))
  steps = np.concatenate([np.diff(t) for t in data.times])
  np.testing.assert_allclose(steps, 1 / 120, rtol=1e-4)
  tables.told(data, "rounded to 0.001: taken as equal steps of 0.00833")


def test_jitter_is_no_rounding(tmp_path):
  random = np.random.default_rng(0)
  t = np.cumsum(random.uniform(.8, 1.2, 60))
  rows = [(float(f"{a:.4f}"), np.cos(a), np.sin(a)) for a in t]
  data = tables.load(tmp_path, tables.text("t,x,y", rows))
  np.testing.assert_allclose(data.times[0], t, atol=1e-4)
  assert not any("rounded" in m for m in data.messages)
