"""Physics 101: decoding, with videos that the test encodes."""

import av
import numpy as np
import pytest

from datasets import sources
from datasets.physics101 import decoding
from tests import tiny_videos


def _places(path):
  """Where the frames lie in a file: first byte and size."""
  with av.open(str(path)) as container:
    return [(packet.pos, packet.size)
            for packet in container.demux(video=0)
            if packet.size]


def _centers(images):
  """The block's center, pixels of the file from the square's left edge."""
  size = images.shape[1]
  light = np.clip(images[..., 0].astype(float) - tiny_videos.GREY - 15, 0, None)
  columns = (np.arange(size) + 0.5) * tiny_videos.HEIGHT / size
  return (light.sum(1) * columns).sum(1) / light.sum((1, 2))


@pytest.mark.parametrize("size", [64, 100])
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize(
    "rate, count, length, first, stride",
    [
        (30, 50, 22, 2, 2),  # 25 taken: the second to the 23rd.
        (30, 49, 22, 2, 2),
        (30, 48, 22, 2, 2),
        (30, 43, 22, 0, 2),
        (15, 24, 22, 1, 1),
        (60, 30, 6, 4, 4),
    ])
def test_the_middle_frames_at_15_per_second(tmp_path, size, codec, rate, count,
                                            length, first, stride):
  path = tmp_path / "video.mp4"
  tiny_videos.encode(path, count, rate=rate, codec=codec)
  found = decoding.survey(path)
  assert found == decoding.Survey(count, stride)
  images = decoding.read(path, found, size=size, length=length)
  assert images.shape == (length, size, size, 3) and images.dtype == np.uint8
  expected = first + stride * np.arange(length) + tiny_videos.BLOCK / 2
  np.testing.assert_allclose(_centers(images), expected, atol=0.4)


def test_the_crop_is_the_central_square(tmp_path):
  path = tmp_path / "video.mp4"
  for shape in ({}, {"width": 108, "height": 108}):
    tiny_videos.encode(path, 4, **shape)
    images = decoding.read(path, decoding.survey(path), size=108, length=2)
    # Lossy, and blue bleeds by a pixel of its coarser raster.
    expected = tiny_videos.image(0, 108, 108).astype(int)
    difference = np.abs(images[0].astype(int) - expected)[:, 2:-2]
    assert np.mean(difference) < 3
    blue = images[..., 2].astype(int) - images[..., 0]
    assert np.max(blue[:, :, 2:-2]) < 50


def test_frames_are_means_over_areas(tmp_path):
  path = tmp_path / "video.mp4"
  tiny_videos.encode(path, 4, width=128, height=128)
  found = decoding.survey(path)
  full, half = (
      decoding.read(path, found, size=size, length=2) for size in (128, 64))
  means = full.reshape(2, 64, 2, 64, 2, 3).mean((2, 4))
  np.testing.assert_allclose(half, means, atol=0.51)


def test_too_short_for_reading(tmp_path):
  path = tmp_path / "video.mp4"
  tiny_videos.encode(path, 42)
  found = decoding.survey(path)
  with pytest.raises(ValueError, match="has 21 frames at 15/s, not 22"):
    decoding.read(path, found, size=64, length=22)


@pytest.mark.parametrize("rate", [1, 10, 20, 22, 25, 38])
def test_rates_that_do_not_fit(rate, tmp_path):
  with pytest.raises(ValueError, match="no multiple of 15: every .* would"):
    decoding.choose_stride(rate)
  path = tmp_path / "video.mp4"
  tiny_videos.encode(path, 3, rate=rate)
  with pytest.raises(sources.DataError,
                     match=f"video.mp4: {rate} frames/s are"):
    decoding.survey(path)


@pytest.mark.parametrize("rate, stride", [(13.6, 1), (16.4, 1), (29.97, 2),
                                          (45, 3), (120, 8)])
def test_rates_that_fit(rate, stride):
  assert decoding.choose_stride(rate) == stride


@pytest.mark.parametrize("faststart", [False, True])
@pytest.mark.parametrize("share", [0, 0.05, 0.3, 0.7, 0.95])
def test_truncated_files(tmp_path, faststart, share):
  path = tmp_path / "video.mp4"
  tiny_videos.encode(path, 30, faststart=faststart)
  content = path.read_bytes()
  path.write_bytes(content[:int(share * len(content))])
  with pytest.raises(sources.DataError, match="v9.mp4: [a-z ]+"):
    decoding.survey(path, "v9.mp4")


@pytest.mark.parametrize("kept, message", [(0, "has 20 of its 30 frames"),
                                           (9, "is damaged or truncated")])
def test_cuts_between_and_within_frames(tmp_path, kept, message):
  """The header comes first, and what is left can be decoded."""
  path = tmp_path / "video.mp4"
  tiny_videos.encode(path, 30, codec="mpeg4", faststart=True)
  begin, _ = _places(path)[20]
  path.write_bytes(path.read_bytes()[:begin + kept])
  with pytest.raises(sources.DataError, match=message):
    decoding.survey(path)


def test_a_cut_within_the_last_frame(tmp_path):
  path = tmp_path / "video.mp4"
  tiny_videos.encode(path, 30, codec="mpeg4", faststart=True)
  path.write_bytes(path.read_bytes()[:-1])
  with pytest.raises(sources.DataError, match="is damaged or truncated"):
    decoding.survey(path)


def test_damage_that_is_concealed_is_seen(tmp_path):
  path = tmp_path / "video.mp4"
  tiny_videos.encode(path, 30, codec="mpeg4")
  begin, size = _places(path)[5]
  content = bytearray(path.read_bytes())
  content[begin + size // 2:begin + size] = bytes(size - size // 2)
  path.write_bytes(content)
  found = decoding.survey(path)
  with pytest.raises(sources.DataError, match="is damaged: frame 5 of 30"):
    decoding.read(path, found, size=64, length=5)


def test_frames_after_the_last_one_taken_may_be_damaged(tmp_path):
  path = tmp_path / "video.mp4"
  tiny_videos.encode(path, 30, codec="mpeg4")
  found = decoding.survey(path)
  expected = decoding.read(path, found, size=64, length=5)
  begin, size = _places(path)[25]
  content = bytearray(path.read_bytes())
  content[begin + size // 2:begin + size] = bytes(size - size // 2)
  path.write_bytes(content)
  images = decoding.read(path, found, size=64, length=5)
  np.testing.assert_array_equal(images, expected)


def _hide(path, target, count):
  """Copies a video without its first frames, as ffmpeg -ss -c copy does."""
  with av.open(str(path)) as source, av.open(str(target), "w") as copy:
    stream = copy.add_stream_from_template(source.streams.video[0])
    for packet in source.demux(video=0):
      if packet.size:
        packet.pts -= count * packet.duration
        packet.dts -= count * packet.duration
        packet.stream = stream
        copy.mux(packet)


def test_frames_hidden_by_an_edit_list_do_not_count(tmp_path):
  original, path = tmp_path / "original.mp4", tmp_path / "video.mp4"
  tiny_videos.encode(original, 40)
  _hide(original, path, 11)
  found = decoding.survey(path)
  assert found == decoding.Survey(29, 2)
  images = decoding.read(path, found, size=64, length=5)
  expected = 11 + 10 + 2 * np.arange(5) + tiny_videos.BLOCK / 2
  np.testing.assert_allclose(_centers(images), expected, atol=0.4)


@pytest.mark.parametrize("content", [b"", b"text" * 1000])
def test_files_that_are_no_video(tmp_path, content):
  path = tmp_path / "video.mp4"
  path.write_bytes(content)
  with pytest.raises(sources.DataError, match="video.mp4: cannot be decoded"):
    decoding.survey(path)


def test_frames_that_are_too_small(tmp_path):
  path = tmp_path / "video.mp4"
  tiny_videos.encode(path, 9)
  found = decoding.survey(path)
  with pytest.raises(sources.DataError, match="192 x 108 pixels, too few for"):
    decoding.read(path, found, size=128, length=5)


def test_a_video_whose_frames_are_all_hidden(tmp_path):
  original, path = tmp_path / "original.mp4", tmp_path / "video.mp4"
  tiny_videos.encode(original, 9)
  _hide(original, path, 9)
  with pytest.raises(sources.DataError, match="video.mp4: holds no frames"):
    decoding.survey(path)
