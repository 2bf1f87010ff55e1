"""Physics 101: where videos are found, the download, and both splits."""

import functools
import http.server
import shutil
import threading

import pytest

from datasets import sources
from datasets.physics101 import download
from datasets.physics101 import files
from datasets.physics101 import splits
from tests import tiny_videos


@pytest.fixture(scope="module", name="original")
def _original(tmp_path_factory):
  folder = tmp_path_factory.mktemp("original")
  tiny_videos.make(folder)
  return folder


@pytest.mark.parametrize("above", ["", "phys101", "data/phys101_v1.0"])
def test_folders_above_are_looked_into(tmp_path, original, above):
  shutil.copytree(original, tmp_path / above, dirs_exist_ok=True)
  found = files.locate(tmp_path, tmp_path / "none")
  assert found.videos == tuple(
      sorted(map(tiny_videos.PATH.format, tiny_videos.TRIALS)))
  assert found.missing == ()


@pytest.mark.parametrize("name, prefix", [("phys101_v1.0.zip", "phys101/"),
                                          ("Physics101.ZIP", ""),
                                          ("x/phys101.tar", "./phys101/")])
def test_archives_give_what_folders_give(tmp_path, original, name, prefix):
  path = tmp_path / name
  path.parent.mkdir(exist_ok=True)
  tiny_videos.pack(original, path, prefix)
  found = files.locate(tmp_path, tmp_path / "none")
  expected = files.locate(original, tmp_path / "none")
  assert (found.videos, found.missing) == (expected.videos, ())
  with files.reader(found) as fetch:
    for video in reversed(found.videos):
      copy = fetch(video)
      assert copy.read_bytes() == (original / video).read_bytes()
  assert not copy.exists()


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_truncated_archives(tmp_path, original, suffix):
  path = tmp_path / f"phys101.{suffix}"
  tiny_videos.pack(original, path)
  content = path.read_bytes()
  path.write_bytes(content[:len(content) // 2])
  with pytest.raises(sources.DataError, match=f"no complete {suffix} file"):
    files.locate(tmp_path, tmp_path)


def test_damaged_zip_member(tmp_path, original):
  path = tmp_path / "phys101.zip"
  tiny_videos.pack(original, path)
  content = path.read_bytes()
  video = tiny_videos.PATH.format("foam_02/20_01/02")
  begin = content.index(b"mdat", content.index(video.encode()))
  path.write_bytes(content[:begin] + bytes(9) + content[begin + 9:])
  found = files.locate(tmp_path, tmp_path)
  with files.reader(found) as fetch:
    fetch(found.videos[0])
    with pytest.raises(sources.DataError,
                       match=f"{video}: cannot be unpacked .Bad CRC-32"):
      fetch(video)


@pytest.mark.parametrize("packed", [False, True])
def test_folders_of_trials_without_the_video(tmp_path, packed):
  folder = tmp_path / "folder"
  tiny_videos.make(folder)
  gone = tiny_videos.PATH.format("dough_01/20_01/01")
  (folder / gone).unlink()
  if packed:
    tiny_videos.pack(folder, tmp_path / "phys101.zip")
    shutil.rmtree(folder)
  found = files.locate(tmp_path, tmp_path)
  assert found.missing == (gone,)
  assert gone not in found.videos and len(found.videos) == 4


class _Handler(http.server.BaseHTTPRequestHandler):
  """Serves one file and breaks off after 3000 bytes each time."""

  def __init__(self, content, requests, *args):
    self._content, self._requests = content, requests
    super().__init__(*args)

  def do_GET(self):
    begin = int(self.headers.get("Range", "bytes=0-")[6:-1])
    self._requests.append(begin)
    if self.path.endswith(".tar"):
      self.send_error(404)
      return
    self.send_response(206 if begin else 200)
    self.send_header("Content-Length", str(len(self._content) - begin))
    self.end_headers()
    self.wfile.write(self._content[begin:begin + 3000])

  def log_message(self, *_):
    pass


def test_download_goes_on_where_it_broke_off(tmp_path, original, monkeypatch):
  tiny_videos.pack(original, tmp_path / "phys101.zip")
  content = (tmp_path / "phys101.zip").read_bytes()
  requests = []
  handler = functools.partial(_Handler, content, requests)
  with http.server.HTTPServer(("localhost", 0), handler) as server:
    address = f"http://localhost:{server.server_port}/phys101"
    monkeypatch.setattr(download, "URLS", (f"{address}.tar", f"{address}.zip"))
    cache = tmp_path / "cache"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
      found = files.locate(None, cache)
    finally:
      server.shutdown()
      thread.join()
  # A connection breaks off after 3000 bytes, the last of which comes again.
  assert requests == [0, *range(0, len(content) - 1, 2999)]
  assert [path.name for path in cache.iterdir()] == ["phys101.zip"]
  assert (cache / "phys101.zip").read_bytes() == content
  assert len(found.videos) == 5
  # Not fetched again: the server is gone.
  assert files.locate(None, cache) == found


def test_authors_split_is_the_published_one():
  split = splits.authors()
  assert [len(split["train"]), len(split["test"])] == [311, 78]
  videos = split["train"] + split["test"]
  assert len(set(videos)) == 389
  assert all(files._TRIAL.fullmatch(video) for video in videos)
  # The ends of both parts, as in the authors' list.
  assert [split[name][place] for name in split for place in (0, -1)] == list(
      map(tiny_videos.PATH.format, [
          "m_pole_05/20_01/04", "foam_07/20_02/01", "w_pole_05/20_02/02",
          "porcelain_04/20_02/02"
      ]))
  train, test = (
      set(map(files.object_of, split[name])) for name in ("train", "test"))
  assert (len(test), len(test - train)) == (44, 2)


@pytest.mark.parametrize("seed", range(3))
def test_no_object_is_on_both_sides(seed):
  videos = sum(splits.authors().values(), ())
  split = splits.objects(videos, seed=seed)
  assert sorted(split["train"] + split["test"]) == sorted(videos)
  train, test = (
      set(map(files.object_of, split[name])) for name in ("train", "test"))
  assert not train & test
  assert len(split["test"]) == round(0.2 * 389)
  again = splits.objects(videos[::-1], seed=seed)
  assert again == split
  other = splits.objects(videos, seed=seed + 1)
  assert other["test"] != split["test"]


@pytest.mark.parametrize("counts, test", [((1, 9), 1), ((5, 5), 5),
                                          ((4, 4, 12), 4), ((2, 3, 3, 7), 3),
                                          ((1, 2, 30), 3)])
def test_nearest_to_a_fifth(counts, test):
  videos = [
      tiny_videos.PATH.format(f"object_{number}/20_01/{trial}")
      for number, count in enumerate(counts)
      for trial in range(count)
  ]
  for seed in range(5):
    split = splits.objects(videos, seed=seed)
    assert len(split["test"]) == test


def test_objects_split_needs_two():
  with pytest.raises(sources.DataError, match="two objects and more: got a"):
    splits.objects([tiny_videos.PATH.format("a/20_01/01")])
