"""Checkpoints that were damaged, interrupted or asked for the wrong thing."""

import shutil
import subprocess
import sys
import textwrap
import time

import jax.numpy as jnp
import numpy as np
from orbax.checkpoint import v1 as ocp
import pytest

from noether_jax.training import checkpoints
from noether_jax.training import checksums


@pytest.fixture(name="run")
def _run(tmp_path):
  for step in (1, 2):
    checkpoints.save(tmp_path, step, {"w": jnp.full(20, float(step))})
  return tmp_path


def test_a_flipped_bit_in_any_file_is_found(run):
  files = [p for p in (run / "step_00000002").rglob("*") if p.is_file()]
  assert any("state" in str(p) for p in files)
  for path in files:
    whole = path.read_bytes()
    if not whole:
      continue
    for where in {0, len(whole) // 2, len(whole) - 1}:
      changed = bytearray(whole)
      changed[where] ^= 1
      path.write_bytes(changed)
      with pytest.raises(checkpoints.CheckpointError, match="step 1 instead"):
        checkpoints.verify(run)
    path.write_bytes(whole)
  assert checkpoints.verify(run) == 2


def array_file(run):
  """The largest file of the latest checkpoint's arrays."""
  files = (run / "step_00000002" / "state").rglob("*")
  return max((p for p in files if p.is_file()), key=lambda p: p.stat().st_size)


def flip(path):
  content = bytearray(path.read_bytes())
  middle = len(content) // 2
  content[middle:middle + 4] = bytes(
      b ^ 255 for b in content[middle:middle + 4])
  path.write_bytes(content)


DAMAGE = {
    "flipped": (flip, "is damaged"),
    "truncated": (lambda p: p.write_bytes(p.read_bytes()[:-1]), "is damaged"),
    "emptied": (lambda p: p.write_bytes(b""), "is damaged"),
    "missing": (lambda p: p.unlink(), "is missing"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_told_with_the_file_and_the_remedy(run, name):
  harm, message = DAMAGE[name]
  path = array_file(run)
  harm(path)
  with pytest.raises(checkpoints.CheckpointError) as caught:
    checkpoints.restore(run, {"w": jnp.zeros(20)})
  text = str(caught.value)
  assert message in text and path.name in text and "\n" not in text
  assert "Restore step 1 instead" in text
  # The remedy, as it is told.
  tree, step = checkpoints.restore(run, {"w": jnp.zeros(20)}, step=1)
  assert step == 1 and float(tree["w"][0]) == 1.0
  assert checkpoints.remove_after(run, 1) == (2,)
  checkpoints.save(run, 2, tree)
  assert checkpoints.verify(run) == 2


def test_a_file_that_nobody_listed(run):
  (run / "step_00000002" / "state" / "stranger").write_text("")
  with pytest.raises(checkpoints.CheckpointError, match="stranger is not list"):
    checkpoints.verify(run)


def test_damaged_without_an_earlier_step(run):
  flip(array_file(run))
  shutil.rmtree(run / "step_00000001")
  with pytest.raises(checkpoints.CheckpointError, match="no earlier step"):
    checkpoints.verify(run)


def test_without_the_sums(run):
  (run / "step_00000002" / checksums.NAME).unlink()
  with pytest.raises(checkpoints.CheckpointError, match="SHA256SUMS is missin"):
    checkpoints.verify(run)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no coreutils")
def test_the_sums_are_those_of_coreutils(run):
  subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
                 cwd=run / "step_00000002",
                 check=True)


def before_orbax(patch, stop):
  patch.setattr(ocp, "save", stop)


def after_orbax(patch, stop):
  patch.setattr(checksums, "write_checksums", stop)


def before_the_rename(patch, stop):
  write = checksums.write_checksums

  def write_and_stop(folder):
    write(folder)
    stop()

  patch.setattr(checksums, "write_checksums", write_and_stop)


@pytest.mark.parametrize("interrupt",
                         [before_orbax, after_orbax, before_the_rename])
def test_an_interrupted_save_changes_nothing(run, monkeypatch, interrupt):

  def stop(*args):
    raise KeyboardInterrupt

  with monkeypatch.context() as patch:
    interrupt(patch, stop)
    with pytest.raises(KeyboardInterrupt):
      checkpoints.save(run, 3, {"w": jnp.full(20, 3.)})
  assert checkpoints.steps(run) == (1, 2)
  tree, step = checkpoints.restore(run, {"w": jnp.zeros(20)})
  assert step == 2 and float(tree["w"][0]) == 2.0
  checkpoints.save(run, 3, {"w": jnp.full(20, 3.)})
  assert len(list(run.iterdir())) == 3  # nothing is left of the first attempt


@pytest.mark.slow
def test_a_killed_process_leaves_whole_checkpoints(tmp_path):
  program = textwrap.dedent("""
      import itertools, sys
      import numpy as np
      from noether_jax.training import checkpoints
      folder = sys.argv[1]
      first = max(checkpoints.steps(folder), default=0) + 1
      for step in itertools.count(first):
        checkpoints.save(folder, step, {"w": np.full(200_000, float(step))})
        print(step, flush=True)
  """)
  last = 0
  for delay in (0.0, 0.003, 0.01, 0.02, 0.03, 0.05):
    with subprocess.Popen([sys.executable, "-c", program,
                           str(tmp_path)],
                          stdout=subprocess.PIPE,
                          text=True) as worker:
      told = int(worker.stdout.readline())
      time.sleep(delay)
      worker.kill()
    tree, step = checkpoints.restore(tmp_path, {"w": np.zeros(200_000)})
    assert step >= told > last
    np.testing.assert_array_equal(tree["w"], np.full(200_000, float(step)))
    last = step


def test_an_interrupted_removal_leaves_no_half(run, monkeypatch):

  def stop(path):
    raise KeyboardInterrupt

  with monkeypatch.context() as patch:
    patch.setattr(shutil, "rmtree", stop)
    with pytest.raises(KeyboardInterrupt):
      checkpoints.save(run, 3, {"w": jnp.full(20, 3.)}, keep=2)
  assert checkpoints.steps(run) == (2, 3)
  checkpoints.save(run, 4, {"w": jnp.full(20, 3.)})
  assert len(list(run.iterdir())) == 3


@pytest.mark.parametrize("like, message", [
    ({
        "w": jnp.zeros(21)
    }, r"\['w'\] is float64\[20\], not float64\[21\]"),
    ({
        "w": jnp.zeros(20, jnp.float32)
    }, r"\['w'\] is float64\[20\], not float32\[20\]"),
    ({
        "v": jnp.zeros(20)
    }, r"\['v'\] is nothing, not .*; \['w'\] is float64\[20\], not nothing"),
    ([jnp.zeros(20)], r"\[0\] is nothing"),
    ({
        i: 0 for i in range(9)
    }, "; and 6 more. Pass a tree like the one"),
],
                         ids=["shape", "dtype", "name", "structure", "many"])
def test_a_tree_that_does_not_fit_is_told_in_one_line(run, like, message):
  with pytest.raises(checkpoints.CheckpointError, match=message) as caught:
    checkpoints.restore(run, like)
  assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error, call, message", [
    (TypeError, lambda d: checkpoints.save(d, 9, {"name": "x"}),
     r"got 'x' at \['name'\]"),
    (TypeError, lambda d: checkpoints.save(d, 9, np.array([None])),
     "holds arrays and numbers"),
    (ValueError, lambda d: checkpoints.save(d, -1, 0.), "got -1 and 3"),
    (ValueError, lambda d: checkpoints.save(d, 9, 0., keep=0), "got 9 and 0"),
    (ValueError, lambda d: checkpoints.save(d, 2, 0.), "of step 2 already"),
    (ValueError, lambda d: checkpoints.save(d, 1, 0.), "of step 2 already"),
    (FileNotFoundError, lambda d: checkpoints.verify(d / "x"),
     "save one first"),
    (FileNotFoundError, lambda d: checkpoints.restore(d, 0., step=5),
     r"no checkpoint of step 5: it has \[1, 2\]"),
])
def test_errors(run, error, call, message):
  with pytest.raises(error, match=message):
    call(run)
