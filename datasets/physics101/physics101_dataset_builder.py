"""Physics 101: real videos of objects on a ramp; see `files`."""

from collections.abc import Iterator, Sequence
import dataclasses
import os
import pathlib
import sys
from typing import Any

import tensorflow_datasets as tfds

from datasets import features
from datasets import sources
from datasets.physics101 import decoding
from datasets.physics101 import files
from datasets.physics101 import splits
from datasets.progress import ProgressLine

_CITATION = """\
@inproceedings{wu2016physics,
  title={Physics 101: Learning Physical Object Properties from Unlabeled
    Videos},
  author={Wu, Jiajun and Lim, Joseph J. and Zhang, Hongyi and
    Tenenbaum, Joshua B. and Freeman, William T.},
  booktitle={British Machine Vision Conference}, year={2016},
}"""
SIZES = (32, 64, 128)
Surveys = dict[str, decoding.Survey]


@dataclasses.dataclass(eq=False, kw_only=True)
class Config(tfds.core.BuilderConfig):
  """How videos are cut and split; made by `config`."""
  size: int
  length: int
  split: str
  seed: int
  skip_damaged: bool


def config(*,
           size: int = 128,
           length: int = 22,
           split: str = "authors",
           seed: int = 0,
           skip_damaged: bool = False) -> Config:
  """A configuration whose name tells all its values.

  Args:
    size: height and width of the frames, one of SIZES.
    length: T, frames of a sequence, 1/15 s apart; shorter videos are skipped.
    split: "authors": the 389 videos of the Noether Networks paper, see
      `splits.authors`; "objects": all videos that are long enough,
      no object in both parts, see `splits.objects`.
    seed: of the "objects" split; "authors" has none.
    skip_damaged: leave out missing and damaged videos, saying so on stderr,
      instead of raising.

  Returns:
    The builder's configuration.

  Raises:
    ValueError: if an argument is out of its range.

  Example:
    >>> config(size=64).name
    's64-t22-authors-seed0-strict'
  """
  if size not in SIZES:
    raise ValueError(f"size must be one of {SIZES}: got {size!r}")
  for name, value, low in (("length", length, 2), ("seed", seed, 0)):
    if (isinstance(value, bool) or not isinstance(value, int) or
        not low <= value < 2**32):
      raise ValueError(f"{name} must be an integer in [{low}, 2^32): "
                       f"got {value!r}")
  if split not in splits.NAMES:
    raise ValueError("split must be one of "
                     f"{', '.join(splits.NAMES)}: got {split!r}")
  if not isinstance(skip_damaged, bool):
    raise ValueError(f"skip_damaged must be True or False: got "
                     f"{skip_damaged!r}")
  return Config(name=f"s{size}-t{length}-{split}-seed{seed}-"
                f"{'skip' if skip_damaged else 'strict'}",
                size=size,
                length=length,
                split=split,
                seed=seed,
                skip_damaged=skip_damaged)


class Builder(tfds.core.GeneratorBasedBuilder):
  """Videos of objects on a ramp of 20 degrees, seen by a Kinect from the side.

  The middle T frames at 15/s, cropped to the central square and resized. Random
  horizontal flips, which the paper has, belong to the input pipeline.

  Features of an example, which is a video: frames [T, S, S, 3] uint8; object,
  the text that names what slides; video, its path in the archive, from
  `scenarios` on; sequence, its number in its split.
  """
  VERSION = tfds.core.Version("1.0.0")
  BUILDER_CONFIGS = [config()]
  MANUAL_DOWNLOAD_INSTRUCTIONS = (
      f"Put the archive of {files.HOMEPAGE}, unpacked or not, into "
      "the folder.")

  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
        description="Real videos of objects released on a ramp of 20 degrees.",
        citation=_CITATION,
        license="No licence is stated by the publisher: do not redistribute.",
        homepage=files.HOMEPAGE,
        features=tfds.features.FeaturesDict({
            "frames":
                features.frames(self.builder_config.length,
                                self.builder_config.size),
            "object":
                tfds.features.Text(doc="name of the object"),
            "video":
                tfds.features.Text(doc="path in the archive"),
            "sequence":
                features.index("number of the sequence in its split"),
        }),
        disable_shuffling=True)

  def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
    values = self.builder_config
    collection = files.locate(_manual_dir(dl_manager), dl_manager.download_dir)
    surveys = self._survey(collection)
    if values.split == "authors":
      parts = {
          name: tuple(video for video in videos if video in surveys)
          for name, videos in splits.authors().items()
      }
    else:
      parts = splits.objects(list(surveys), seed=values.seed)
    for name, videos in parts.items():
      if not videos:
        raise sources.DataError(
            f"{collection.origin}: holds no video for split {name!r} of the "
            "authors; config split='objects' takes any")
    return {
        name:
            self._generate_examples(name, collection,
                                    {video: surveys[video] for video in videos})
        for name, videos in parts.items()
    }

  def _survey(self, collection: files.Collection) -> Surveys:
    """The videos that are there, sound so far and long enough."""
    values = self.builder_config
    if values.split == "authors":
      wanted = sorted(sum(splits.authors().values(), ()))
      missing = sorted(set(wanted) - set(collection.videos))
    else:
      wanted, missing = list(collection.videos), list(collection.missing)
    if missing and not values.skip_damaged:
      more = f", as are {len(missing) - 1} more" if len(missing) > 1 else ""
      raise sources.DataError(f"{collection.origin}: {missing[0]} is missing"
                              f"{more}; to leave such out set skip_damaged")
    _report("missing", missing, len(wanted))
    found: Surveys = {}
    short, damaged = [], []
    progress = ProgressLine("physics101: looked at video",
                            len(wanted) - len(missing))
    with files.reader(collection) as fetch:
      for video in sorted(set(wanted) & set(collection.videos)):
        progress.step()
        try:
          survey = decoding.survey(fetch(video), video)
        except sources.DataError:
          if not values.skip_damaged:
            raise
          damaged.append(video)
          continue
        if survey.taken < values.length:
          short.append(video)
        else:
          found[video] = survey
    _report("damaged", damaged, len(wanted))
    _report(f"shorter than {values.length} frames at 15/s", short, len(wanted))
    return found

  def _generate_examples(self, name: str, collection: files.Collection,
                         surveys: Surveys) -> Iterator[tuple[int, Any]]:
    values = self.builder_config
    number, damaged = 0, []
    progress = ProgressLine(f"physics101 {name}: decoded video", len(surveys))
    with files.reader(collection) as fetch:
      for video, survey in surveys.items():
        progress.step()
        try:
          images = decoding.read(fetch(video),
                                 survey,
                                 size=values.size,
                                 length=values.length,
                                 name=video)
        except sources.DataError:
          if not values.skip_damaged:
            raise
          damaged.append(video)
          continue
        yield number, {
            "frames": images,
            "object": files.object_of(video),
            "video": video,
            "sequence": number,
        }
        number += 1
    _report("damaged", damaged, len(surveys))
    if not number:
      raise sources.DataError(f"{collection.origin}: no video of split "
                              f"{name!r} can be decoded")


def _report(why: str, videos: Sequence[str], total: int) -> None:
  """Says which videos are left out."""
  if videos:
    names = ", ".join(videos[:3]) + (", ..." if len(videos) > 3 else "")
    print(
        f"physics101: left out {len(videos)} of {total} videos, {why}: "
        f"{names}",
        file=sys.stderr)


def _manual_dir(dl_manager: Any) -> str | None:
  """The folder that the user gave, if any."""
  try:
    return os.fspath(dl_manager.manual_dir)
  except NotADirectoryError as error:
    raise sources.DataError(
        f"--manual_dir={error.filename} is not a folder") from error
  except AssertionError as error:
    # TFDS has a folder of its own in place of None.
    if str(pathlib.Path(dl_manager.download_dir) / "manual") in str(error):
      return None
    reason = str(error).partition(". ")[0]
    raise sources.DataError(
        f"{reason}; {files.LAYOUT} is looked for there, or up to "
        "two folders down, or in a phys101*.zip or .tar") from error
