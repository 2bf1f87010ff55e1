"""Batches: order, epochs, shares of processes, states, augmentation."""

import importlib

import numpy as np
import pytest

from datasets import pipelines


def source(count=12):
  frames = np.arange(count * 2 * 3, dtype=np.uint8).reshape(count, 1, 2, 3, 1)
  return pipelines.Arrays({
      "frames": frames,
      "actions": np.arange(1., count + 1)[:, None],
      "number": np.arange(count)
  })


def numbers(iterator, steps):
  return [next(iterator)["number"].tolist() for _ in range(steps)]


def test_every_epoch_has_each_example_once_in_an_order_of_its_own():
  found = numbers(pipelines.batches(source(), 4, seed=1), 6)
  first, second = np.ravel(found[:3]), np.ravel(found[3:])
  for epoch in (first, second):
    assert sorted(epoch) == list(range(12))
  assert list(first) != list(second) and list(first) != list(range(12))
  assert found == numbers(pipelines.batches(source(), 4, seed=1), 6)
  assert found != numbers(pipelines.batches(source(), 4, seed=2), 6)


def test_processes_share_an_epoch():
  parts = [
      numbers(pipelines.batches(source(), 2, seed=1, process=(i, 3)), 4)
      for i in range(3)
  ]
  assert all(not set(np.ravel(a[:2])) & set(np.ravel(b[:2]))
             for i, a in enumerate(parts)
             for b in parts[:i])
  assert sorted(np.ravel([p[:2] for p in parts])) == list(range(12))


def test_processes_end_together():
  # Of 39 examples 20 would be the first process's, one batch more of 4.
  make = lambda i: pipelines.batches(
      source(13), 4, seed=1, process=(i, 2), num_epochs=3)
  assert [len(list(make(i))) for i in range(2)] == [4, 4]


def test_a_state_takes_up_the_sequence_augmentation_included():
  make = lambda: pipelines.batches(
      source(), 5, seed=3, augment=pipelines.HorizontalFlip())
  iterator = make()
  for _ in range(2):
    next(iterator)
  state = iterator.get_state()
  rest = [next(iterator) for _ in range(4)]
  again = make()
  again.set_state(state)
  for batch in rest:
    other = next(again)
    for name, values in batch.items():
      np.testing.assert_array_equal(values, other[name])


def test_it_ends_with_the_last_full_batch():
  iterator = pipelines.batches(source(),
                               5,
                               seed=0,
                               shuffle=False,
                               num_epochs=2,
                               features=["number"])
  found = list(iterator)
  assert [set(batch) for batch in found] == [{"number"}] * 4
  assert np.ravel([batch["number"] for batch in found
                  ]).tolist() == [i % 12 for i in range(20)]


def test_flips_mirror_some_examples_with_what_they_show():
  flip = pipelines.HorizontalFlip({"actions": np.negative})
  data = source()
  kept = 0
  for batch, _ in zip(pipelines.batches(data, 4, seed=5, augment=flip),
                      range(30)):
    for frames, actions, number in zip(batch["frames"], batch["actions"],
                                       batch["number"]):
      own = data[number]
      flipped = actions[0] < 0
      kept += not flipped
      np.testing.assert_array_equal(
          frames, own["frames"][:, :, ::-1] if flipped else own["frames"])
      assert abs(actions[0]) == own["actions"][0]
  assert 40 < kept < 80


@pytest.mark.parametrize("arguments, message", [
    ({
        "batch_size": 13,
        "num_epochs": 1
    }, "1 to 12 examples: got 13"),
    ({
        "batch_size": 0
    }, "got 0"),
    ({
        "batch_size": 1,
        "process": (2, 2)
    }, "`process` must be"),
    ({
        "batch_size": 1,
        "features": ["nothing"]
    }, "no such feature: nothing; there are frames, actions, number"),
])
def test_what_does_not_fit_is_refused(arguments, message):
  with pytest.raises(ValueError, match=message):
    pipelines.batches(source(), seed=0, **arguments)


def test_features_of_different_lengths_are_refused():
  with pytest.raises(ValueError, match="one and the same number"):
    pipelines.Arrays({"x": np.zeros(2), "y": np.zeros(3)})
  with pytest.raises(ValueError, match="one and the same number"):
    pipelines.Arrays({})


def test_the_extra_is_named(monkeypatch):

  def fail(name):
    raise ImportError(f"No module named {name!r}")

  monkeypatch.setattr(importlib, "import_module", fail)
  with pytest.raises(ImportError, match=r"grain.*noether-jax\[data\]"):
    pipelines.batches(source(), 1, seed=0)
