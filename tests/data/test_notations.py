"""Text that holds a table in another notation, and headers of programs."""

import numpy as np
import pytest

from noether_jax.data import decoding
from noether_jax.errors import InputError
from tests.data import tables

_ONE = tables.orbits()[:tables.ROWS]


def _lines(form, head=""):
  return head + "".join(form.format(t=t, x=x, v=v) for _, t, x, v in _ONE)


@pytest.mark.parametrize("form", [
    "t:{t:.2f},x:{x:.7f},v:{v:.7f}\n",
    "t={t:.2f} x={x:.7f} v={v:.7f}\n",
    "t: {t:.2f}\tx: {x:.7f}\tv: {v:.7f}\n",
    "{{'t': {t:.2f}, 'x': {x:.7f}, 'v': {v:.7f}}}\n",
])
def test_labelled_numbers(tmp_path, form):
  tables.check_first(tables.load(tmp_path, _lines(form), "log.txt"))
  data = tables.load(tmp_path, _lines(form, "Ready\n"), "log.txt")
  tables.check_first(data)
  tables.told(data, "labelled: columns t, x, v; 1 lines with other labels")


def test_labelled_numbers_with_units(tmp_path):
  form = "t: {t:.2f} s, x: {x:.7f} m, v: {v:.7f} m/s\n"
  tables.check_first(tables.load(tmp_path, _lines(form), "log.txt"),
                     unit=("m", "m/s"))


def test_labels_of_rows_may_speak_of_time(tmp_path):
  rows = [(f"time {k}", *r[2:]) for k, r in enumerate(_ONE)]
  data = tables.load(tmp_path, tables.text("name,x,v", rows))
  assert len(data.states[0]) == tables.ROWS


@pytest.mark.parametrize("form", [
    "'{t:.2f}','{x:.7f}','{v:.7f}'\n", "{t:.2f},{x:.7f},{v:.7f}\n",
    "'{t:.2f}', '{x:.7f}', '{v:.7f}'\n"
])
def test_single_quotes(tmp_path, form):
  tables.check_first(tables.load(tmp_path, _lines(form, "'t','x','v'\n")))


@pytest.mark.parametrize("form", [
    "({t:.2f}, {x:.7f}, {v:.7f})\n", "[{t:.2f} {x:.7f} {v:.7f}]\n",
    "{t:.2f} ({x:.7f} {v:.7f})\n"
])
def test_brackets_around_numbers(tmp_path, form):
  data = tables.load(tmp_path, _lines(form), columns="t,x,v")
  tables.check_first(data)
  tables.told(data, "brackets around numbers left out")


def test_an_uncertainty_in_brackets_is_no_digit(tmp_path):
  data = tables.load(tmp_path, _lines("{t:.2f},{x:.3f}(2),{v:.7f}\n",
                                      "t,x,v\n"))
  assert [v.name for v in data.variables] == ["v"]


def test_stamps_of_a_serial_monitor(tmp_path):
  form = "10:00:{t:06.3f} -> {x:.7f},{v:.7f}\n"
  data = tables.load(tmp_path, _lines(form), columns="t,x,v")
  tables.check_first(data)
  tables.told(data, "times before -> are those of a serial monitor")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_byte_order_mark(tmp_path, encoding):
  text = tables.text("trial,t,x,v").encode(encoding)
  data = tables.load(tmp_path, text)
  tables.check(data)
  tables.told(data, "without a byte-order mark: read as UTF-16")


def test_binary_files_are_refused():
  with pytest.raises(InputError,
                     match="a.dat: a binary file, not a table of "
                     "text; the ending of its name must tell its kind"):
    decoding.decode(bytes(range(256)), "a.dat")


def test_grace_without_legends(tmp_path):
  head = '@ xaxis label "Time (ps)"\n@ yaxis label "x"\n@TYPE xy\n'
  rows = [r[1:3] for r in _ONE]
  data = tables.load(tmp_path, tables.text(head.strip(), rows, "  "), "a.xvg")
  assert [v.name for v in data.variables] == ["x"] and data.time_unit == "ps"
  np.testing.assert_allclose(data.times[0], [r[0] for r in rows])


def test_quoted_names_between_blanks(tmp_path):
  rows = [(f'"{k + 1}"', *r[1:]) for k, r in enumerate(_ONE)]
  tables.check_first(
      tables.load(tmp_path, tables.text('"t" "x" "v"', rows, " "), "a.txt"))


@pytest.mark.parametrize("head", [
    "Model,TDS\n\nScale,0.05,\nVertical Units,V,V\n\nTIME,x,v",
    "Length,Analog:30\nInterval,Analog:0.05\nUnits,CH1:V,CH2:V\nSecond,x,v",
    "Device,A,B\nTime,x,v"
])
def test_notes_above_a_header_are_no_names(tmp_path, head):
  data = tables.load(tmp_path, tables.text(head, [r[1:] for r in _ONE]))
  tables.check_first(data)
  tables.told(data, "left out above the header")


def test_a_row_below_the_names_is_told(tmp_path):
  head = "Time,x,v\nsec,raw,raw"
  data = tables.load(tmp_path, tables.text(head, [r[1:] for r in _ONE]))
  tables.check_first(data)
  tables.told(data, "left out below the header: 'sec raw raw'")


def test_names_that_are_numbers(tmp_path):
  data = tables.load(tmp_path, tables.text("time,0.1,0.2",
                                           [r[1:] for r in _ONE]))
  tables.check_first(data, ("0.1", "0.2"))


def test_a_factor_above_the_rows_is_no_name(tmp_path):
  text = tables.text("1.0e+03 *\n", [r[1:] for r in _ONE], "  ")
  data = tables.load(tmp_path, text, "a.txt")
  assert [v.name for v in data.variables] == ["c2", "c3"]
  tables.told(data, "left out above the data: '1.0e+03 *'")


def test_names_over_merged_cells(tmp_path):
  head = ("Trajectories\n,,hip,,knee,\nFrame,Sub Frame,X,Y,X,Y\n"
          ",,mm,mm,mm,mm")
  rows = [(str(k), "0", x, v, v, x) for k, (_, _, x, v) in enumerate(_ONE)]
  data = tables.load(tmp_path, tables.text(head, rows))
  assert [v.name for v in data.variables
         ] == ["hip X", "hip Y", "knee X", "knee Y"]
  assert {str(v.unit) for v in data.variables} == {"mm"}


def test_markers_below_a_row_of_numbers(tmp_path):
  head = ("PathFileType\t4\t(X/Y/Z)\ta.trc\n"
          "Rate\tFrames\tMarkers\tUnits\tStart\tEnd\n20\t30\t2\tmm\t1\t30\n"
          "Frame#\tTime\thip\t\tknee\t\n\t\tX1\tY1\tX2\tY2\n")
  rows = [(str(k), t, x, v, v, x) for k, (_, t, x, v) in enumerate(_ONE)]
  data = tables.load(tmp_path, tables.text(head, rows, "\t"), "a.trc")
  assert [v.name for v in data.variables
         ] == ["hip X1", "hip Y1", "knee X2", "knee Y2"]
  np.testing.assert_allclose(data.times[0], [r[1] for r in _ONE])


def test_the_name_of_an_index_in_a_row_of_its_own(tmp_path):
  rows = [(t, x, v, v, x) for _, t, x, v in _ONE]
  data = tables.load(tmp_path, tables.text(",A,A,B,B\n,x,v,x,v\nt,,,,", rows))
  assert [v.name for v in data.variables] == ["A x", "A v", "B x", "B v"]
  np.testing.assert_allclose(data.times[0], [r[1] for r in _ONE])


def test_a_header_that_ends_by_a_mark(tmp_path):
  head = ("Measurement\t\nSeparator\tTab\n***End_of_Header***\t\n\t\n"
          "Samples\t30\t30\t\nX0\t0.0\t0.0\t\n***End_of_Header***\t\t\t\n"
          "X_Value\tx\tv\tComment")
  data = tables.load(tmp_path, tables.text(head, [r[1:] for r in _ONE], "\t"),
                     "a.lvm")
  tables.check_first(data)
  tables.told(data, "names 1 more columns than the rows have cells: Comment",
              "'X_Value' is taken for the clock")
