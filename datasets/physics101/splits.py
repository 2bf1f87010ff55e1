"""Train and test videos of Physics 101."""

from collections.abc import Sequence
import functools
import pathlib

import numpy as np

from datasets import sources
from datasets.physics101 import files

NAMES = ("authors", "objects")
TEST_FRACTION = 0.2
_FILE = pathlib.Path(__file__).parent / "authors_split.txt"

Split = dict[str, tuple[str, ...]]


@functools.cache
def authors() -> Split:
  """The split of the Noether Networks paper, from its authors' code.

  Their code (github.com/dylandoblar/noether-networks at commit c7a65a2,
  video_prediction/data/phys101.py) holds a list of 893 videos of the 20-degree
  ramp with their numbers of frames, shuffled once with random.Random(1612) from
  the arbitrary order of a file system, so no rule reproduces that order. The
  code takes every second frame and keeps the videos that then have at least 2 +
  20 frames. These are the 390 videos of 43 frames and more (1.43 s at 30/s;
  only 23 videos last the 2 s that the paper asks for). The command in the
  README takes the first 311 + 78 of them: the first 311 are train, the other 78
  test. Those names are in authors_split.txt. All but two of the 44 test objects
  are also in train: compare `objects`.

  Returns:
    "train" and "test": videos, by their paths from `scenarios` on, in the
    authors' order.

  Example:
    >>> {name: len(videos) for name, videos in authors().items()}
    {'train': 311, 'test': 78}
  """
  found: dict[str, list[str]] = {}
  current = ""
  for line in _FILE.read_text(encoding="ascii").splitlines():
    if line.endswith(":"):
      current = line[:-1]
      found[current] = []
    elif not line.startswith("#"):
      found[current] += [
          f"scenarios/ramp/{trial}/{files.VIDEO}" for trial in line.split()
      ]
  return {name: tuple(videos) for name, videos in found.items()}


def objects(videos: Sequence[str], *, seed: int = 0) -> Split:
  """A split in which no object is on both sides.

  Objects are put in a random order. The test objects are a set whose number of
  videos is as near to a fifth as possible. If there are several such sets, the
  first one found in that order is taken.

  Args:
    videos: paths from `scenarios` on.
    seed: of the order.

  Returns:
    "train" and "test", each sorted.

  Raises:
    DataError: if there are fewer than two objects.

  Example:
    >>> videos = [f"scenarios/ramp/{name}/20_01/01/Kinect_RGB_1.mp4"
    ...           for name in "abcde"]
    >>> [len(part) for part in objects(videos).values()]
    [4, 1]
  """
  groups: dict[str, list[str]] = {}
  for video in sorted(videos):
    groups.setdefault(files.object_of(video), []).append(video)
  if len(groups) < 2:
    raise sources.DataError("split='objects' needs videos of two objects and "
                            f"more: got {', '.join(groups) or 'none'}")
  names = sorted(groups)
  np.random.default_rng(seed).shuffle(names)
  # For each number of videos, the first set of objects that has it.
  chosen: dict[int, tuple[str, ...]] = {0: ()}
  for name in names:
    for count, before in list(chosen.items()):
      chosen.setdefault(count + len(groups[name]), (*before, name))
  target = TEST_FRACTION * len(videos)
  counts = [count for count in chosen if 0 < count < len(videos)]
  best = min(counts, key=lambda count: (abs(count - target), count))
  test = set(chosen[best])
  sides: dict[bool, list[str]] = {False: [], True: []}
  for video in sorted(videos):
    sides[files.object_of(video) in test].append(video)
  return {"train": tuple(sides[False]), "test": tuple(sides[True])}
