"""Clocks that stand in two columns, or above the rows."""

import numpy as np
import pytest

from tests.data import tables

_ONE = tables.orbits()[:tables.ROWS]


def _one(data, names=("x", "v"), start=0.):
  """The first orbit came back, in seconds."""
  rows = np.array(_ONE)
  assert [v.name for v in data.variables] == list(names)
  np.testing.assert_allclose(data.times[0], rows[:, 1] + start, atol=1e-6)
  np.testing.assert_allclose(data.states[0][:, :2], rows[:, 2:], atol=1e-5)
  assert data.time_unit == "s"


@pytest.mark.parametrize("head,scale", [("stamp.secs,stamp.nsecs", 10**9),
                                        ("header.sec,header.nanosec", 10**9),
                                        ("tv_sec,tv_usec", 10**6),
                                        ("Seconds,Milliseconds", 1000)])
def test_whole_seconds_and_parts(tmp_path, head, scale):
  ticks = [scale * 13 // 10 + k * scale // 20 for k in range(tables.ROWS)]
  rows = [(str(1587123456 + n // scale), str(n % scale), x, v)
          for n, (_, _, x, v) in zip(ticks, _ONE)]
  data = tables.load(tmp_path, tables.text(head + ",x,v", rows))
  _one(data)
  tables.told(data, "became one time in s since the first")


def test_two_times_that_are_no_pair_stay(tmp_path):
  rows = [(t, 2000 * t, x, v) for _, t, x, v in _ONE]
  data = tables.load(tmp_path, tables.text("sec,msec,x,v", rows))
  assert not any("became one time" in m for m in data.messages)


def test_a_second_time_that_stands_still_is_no_state(tmp_path):
  rows = [(str(int(2 * t)), 2000 * t, x, v) for _, t, x, v in _ONE]
  data = tables.load(tmp_path, tables.text("elapsed_sec,elapsed_msec,x,v",
                                           rows))
  assert [v.name for v in data.variables] == ["x", "v"]
  tables.told(data, "'elapsed_sec' is a time, so it is no state")


@pytest.mark.parametrize("head", ["Trajectories\n20", "Trajectories\n20,,,"])
def test_a_rate_in_a_line_of_its_own(tmp_path, head):
  rows = [(str(k), "0", x, v) for k, (_, _, x, v) in enumerate(_ONE)]
  data = tables.load(tmp_path, tables.text(head + "\nFrame,Sub Frame,x,v",
                                           rows))
  _one(data)
  tables.told(data, "20 in a line of its own, taken for frames per second")


def test_frames_with_sub_frames(tmp_path):
  rows = [
      (str(7 + k // 5), str(k % 5), x, v) for k, (_, _, x, v) in enumerate(_ONE)
  ]
  head = "Devices\n20\nFrame,Sub Frame,x,v"
  data = tables.load(tmp_path, tables.text(head, rows))
  _one(data, start=35 / 20)
  tables.told(data, "'Frame' with its sub-frames became seconds")


def test_a_number_alone_is_no_rate_where_no_frame_is_counted(tmp_path):
  rows = [r[2:] for r in _ONE]
  data = tables.load(tmp_path, tables.text("Friday\n20\nx,v", rows))
  assert not data.timed


@pytest.mark.parametrize("head", ["FREQUENCY,20", "Sample rate: 20 Hz"])
def test_a_rate_of_samples_without_a_clock(tmp_path, head):
  data = tables.load(tmp_path, tables.text(head + "\nx,v",
                                           [r[2:] for r in _ONE]))
  _one(data)
  tables.told(data, "the rows became times in s: the header gives")


def test_another_frequency_is_no_clock(tmp_path):
  head = "Driving frequency: 20 Hz\nx,v"
  data = tables.load(tmp_path, tables.text(head, [r[2:] for r in _ONE]))
  assert not data.timed


def test_points_of_three_columns(tmp_path):
  rows = [(x, v, x + v) for _, _, x, v in _ONE]
  head = "FREQUENCY\t20\nMARKER_NAMES\thip"
  data = tables.load(tmp_path, tables.text(head, rows, "\t"), "a.tsv")
  _one(data, ("hip X", "hip Y", "hip Z"))


def test_the_increment_of_an_oscilloscope(tmp_path):
  rows = [(str(k), x, v, None) for k, (_, _, x, v) in enumerate(_ONE)]
  head = "X,CH1,CH2,Start,Increment,\nSequence,Volt,Volt,-1.5e+00,5.0e-02"
  data = tables.load(tmp_path, tables.text(head, rows))
  _one(data, ("CH1", "CH2"), start=-1.5)
  tables.told(data, "'X' became seconds: the header gives Increment 5.0e-02",
              "left out below the header: 'Sequence Volt Volt")


def test_the_step_of_a_measurement(tmp_path):
  head = "Delta_X\t0.05\t0.05\t\n***End_of_Header***\nX_Value\tx\tv\tComment"
  rows = [(None, *r[2:]) for r in _ONE]
  _one(tables.load(tmp_path, tables.text(head, rows, "\t"), "a.lvm"))
