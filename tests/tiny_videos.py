"""Small videos in the layout of Physics 101, for tests."""

import shutil
import tarfile
import zipfile

import av
import numpy as np

PATH = "scenarios/ramp/{}/Kinect_RGB_1.mp4"
# Their numbers of frames, at 30/s.
TRIALS = {
    "dough_01/20_01/01": 12,
    "dough_01/20_02/04": 13,
    "foam_02/20_01/02": 9,
    "foam_02/20_02/01": 4,
    "rubber_03/20_01/03": 11,
}
WIDTH, HEIGHT = 192, 108
GREY = 90
BLOCK = 16


def image(frame, width=WIDTH, height=HEIGHT):
  """Grey, blue outside the central square, with a white block.

  The block's left edge is `frame` pixels from that of the square.
  """
  pixels = np.full((height, width, 3), GREY, np.uint8)
  border = (width - height) // 2
  pixels[:, :border] = pixels[:, width - border:] = (0, 0, 255)
  left = border + frame
  pixels[height // 2:height // 2 + BLOCK, left:left + BLOCK] = 255
  return pixels


def encode(path, count, *, rate=30, codec="libx264", faststart=False, **shape):
  """Writes a video of `count` frames."""
  path.parent.mkdir(parents=True, exist_ok=True)
  options = {"movflags": "faststart"} if faststart else {}
  with av.open(str(path), "w", options=options) as container:
    pixels = image(0, **shape)
    stream = container.add_stream(codec, rate=rate)
    stream.height, stream.width = pixels.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.bit_rate = 2_000_000
    for number in range(count):
      picture = av.VideoFrame.from_ndarray(image(number, **shape),
                                           format="rgb24")
      container.mux(stream.encode(picture))
    container.mux(stream.encode())


def make(folder):
  """The videos of TRIALS, and others that must not be taken for them."""
  for trial, count in TRIALS.items():
    encode(folder / PATH.format(trial), count)
  encode(folder / PATH.format("dough_01/10_01/01"), 12)
  video = folder / PATH.format("dough_01/20_01/01")
  shutil.copy(video, video.with_name("Camera_1.mp4"))


def pack(folder, path, prefix=""):
  """Writes a zip or tar file of what a folder holds."""
  files = {
      prefix + file.relative_to(folder).as_posix(): file
      for file in sorted(folder.rglob("*"))
      if file.is_file()
  }
  if path.suffix.lower() == ".zip":
    with zipfile.ZipFile(path, "w") as archive:
      # Apple's program adds such files.
      archive.writestr(f"__MACOSX/{prefix}{PATH.format('a/20_01/01')}", b"")
      for name, file in files.items():
        archive.write(file, name)
  else:
    with tarfile.open(path, "w") as archive:
      for name, file in files.items():
        archive.add(file, name)
