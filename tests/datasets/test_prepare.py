"""The program: a line per split, a line per mistake."""

import re

import pytest

from datasets import prepare


def test_program_prints_a_line_per_split(tmp_path, capsys):
  flags = ["--num_trajectories=4", "--num_samples=3", f"--data_dir={tmp_path}"]
  assert prepare.main(["prepare", "--dataset=spring", "--noise=0", *flags]) == 0
  out, err = capsys.readouterr()
  lines = out.splitlines()
  assert [line.split(":")[0].split()[-1] for line in lines] == ["train", "test"]
  assert all("noise0.0-seed0-n4-t3" in line for line in lines)
  assert err == ""


@pytest.mark.parametrize(
    "flags, message",
    [([], "--dataset is needed"), (["--dataset=x"], "should be one of"),
     (["--dataset=spring", "extra"], "unexpected argument 'extra'"),
     (["--dataset=spring", "--noise=abc"], "abc"),
     (["--dataset=spring", "--noise=-1"], "noise must be"),
     (["--dataset=planets", "--noise=1"], "unexpected keyword .*noise"),
     (["--dataset=planets", "--bodies=mars,x"], "got x"), (["--hlp"], "hlp")])
def test_program_refuses_in_one_line(tmp_path, capsys, flags, message):
  assert prepare.main(["prepare", f"--data_dir={tmp_path}", *flags]) == 2
  out, err = capsys.readouterr()
  assert out == "" and err.startswith("error: ") and err.count("\n") == 1
  assert re.search(message, err)


def test_program_shows_a_traceback_on_request(tmp_path):
  with pytest.raises(ValueError, match="noise"):
    prepare.main([
        "prepare", "--dataset=spring", "--noise=-1", "--debug",
        f"--data_dir={tmp_path}"
    ])


def test_program_help(capsys):
  assert prepare.main(["prepare", "--help"]) == 0
  assert "--manual_dir" in capsys.readouterr().out
