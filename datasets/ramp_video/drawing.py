"""Draws ramp_video's scenes: a camera, a light, and what they make of a run.

Everything is drawn with Pillow at SUPERSAMPLING times the asked resolution and
averaged down; there is no sensor noise, so that a frame is a function of the
state.
"""

import colorsys
import dataclasses
import math
from typing import Any

import numpy as np

from datasets import frames
from datasets.ramp_video import objects
from datasets.ramp_video import simulation

SUPERSAMPLING = 4
_SLAB = 0.05  # m, thickness of the table's top
_DISC_CORNERS = 40
_FAR = 5.0  # m, beyond what any camera sees
# Outlines; the first two corners are the upper edge's ends.
_TABLE = np.array([(-_FAR, 0), (_FAR, 0), (_FAR, -_FAR), (-_FAR, -_FAR)])
_RAMP = np.array([(-_FAR, _FAR * math.tan(simulation.SLOPE)), (0, 0),
                  (-_FAR, 0)])

Color = tuple[float, float, float]


@dataclasses.dataclass(frozen=True, kw_only=True)
class View:
  """Camera and light of a sequence.

  Attributes:
    x: m, of the frame's centre.
    y: m, of the frame's centre.
    width: m, of the frame.
    brightness: factor of all colours.
    temperature: in [-1, 1], from bluish to reddish light.
    offset: m, of the shadows from what throws them.
    shadow: in [0, 1], how dark a shadow is.
    wall: red, green, blue in [0, 1].
    table: likewise.
    board: the ramp's colour, likewise.
  """
  x: float = 0.0
  y: float = 0.12
  width: float = 0.8
  brightness: float = 1.0
  temperature: float = 0.0
  offset: tuple[float, float] = (0.02, 0.01)
  shadow: float = 0.4
  wall: Color = (0.75, 0.74, 0.7)
  table: Color = (0.5, 0.36, 0.25)
  board: Color = (0.72, 0.6, 0.44)

  def project(self, points: np.ndarray) -> np.ndarray:
    """Where points are seen.

    Args:
      points: `[..., 2]` m.

    Returns:
      `[..., 2]` in units of the frame's width: right of its left border, below
      its upper one. Beyond [0, 1] a point is not in the frame.
    """
    return (points - [self.x, self.y]) / [self.width, -self.width] + 0.5


def make_view(settings: simulation.Settings, part: str, index: int) -> View:
  """A sequence's camera and light.

  Args:
    settings: of the data set.
    part: "train" or "test".
    index: of the sequence in its part.

  Returns:
    The view.
  """
  # One more number than the scene's stream has, so the streams differ.
  random = np.random.default_rng(
      (settings.seed, simulation.PARTS.index(part), index, 1))
  width = random.uniform(0.86, 0.96)

  def color(*ranges: tuple[float, float]) -> Color:
    return colorsys.hsv_to_rgb(*(random.uniform(*limits) for limits in ranges))

  return View(x=random.uniform(-0.06, -0.02),
              y=width * random.uniform(0.16, 0.22),
              width=width,
              brightness=random.uniform(0.78, 1.08),
              temperature=random.uniform(-1, 1),
              offset=tuple(random.uniform((-0.04, -0.01), (0.04, 0.015))),
              shadow=random.uniform(0.35, 0.6),
              wall=color((0, 1), (0, 0.09), (0.65, 0.9)),
              table=color((0.04, 0.1), (0.25, 0.5), (0.35, 0.55)),
              board=color((0.07, 0.13), (0.2, 0.45), (0.65, 0.85)))


class Painter:
  """Draws one scene under one view; what does not change is drawn once."""

  def __init__(self, scene: simulation.Scene, view: View, size: int):
    """Prepares.

    Args:
      scene: the objects.
      view: camera and light.
      size: height and width of the frames, pixels.

    Raises:
      ImportError: if Pillow is not installed.
    """
    self._image = frames.optional("PIL.Image")
    self._draw = frames.optional("PIL.ImageDraw").Draw
    self._blur = frames.optional("PIL.ImageFilter").GaussianBlur
    self._view, self._size = view, size
    self._canvas = size * SUPERSAMPLING
    self._wall = self._picture(_wall(view, self._canvas))
    self._stage, self._stage_mask = self._make_stage()
    self._looks = [self._look(thing) for thing in (scene.slider, scene.target)]

  def frame(self, poses: np.ndarray) -> np.ndarray:
    """One frame.

    Args:
      poses: `[2, 3]`, x, y, angle of slider and target.

    Returns:
      `[size, size, 3]` uint8.
    """
    bodies, marks = [], []
    for (body, mark, *_), pose in zip(self._looks, poses):
      bodies.append(objects.rotated(body, pose[2]) + pose[:2])
      marks.append(objects.rotated(mark, pose[2]) + pose[:2])
    canvas = self._wall.copy()
    canvas.paste((20, 20, 25), mask=self._shadows(bodies))
    canvas.paste(self._stage, mask=self._stage_mask)
    for pose, look, body, mark in zip(poses, self._looks, bodies, marks):
      self._fill(canvas, body, pose, look[2])
      self._fill(canvas, mark, pose, look[3])
      self._draw(canvas).line(self._pixels(np.concatenate([body, body[:2]])),
                              fill=(25, 22, 25),
                              width=max(1, self._canvas // 200),
                              joint="curve")
    small = frames.resized(np.asarray(canvas), self._size)
    tint = self._view.temperature * np.array([0.07, 0.0, -0.1])
    lit = small * (self._view.brightness * (1 + tint))
    return np.clip(np.rint(lit), 0, 255).astype(np.uint8)

  def _pixels(self, points: np.ndarray) -> list[tuple[float, float]]:
    """Points in m as Pillow wants them, on the canvas."""
    return list(map(tuple, self._view.project(points) * self._canvas))

  def _picture(self, colors: np.ndarray) -> Any:
    """An image of floats in [0, 1]."""
    scaled = np.clip(np.rint(colors * 255), 0, 255)
    return self._image.fromarray(scaled.astype(np.uint8))

  def _make_stage(self) -> tuple[Any, Any]:
    """Table and ramp, and the mask of where they are."""
    stage = self._picture(_stage(self._view, self._canvas))
    mask = self._image.new("L", stage.size, 0)
    for corners, color in ((_RAMP, self._view.board), (_TABLE,
                                                       self._view.table)):
      pixels = self._pixels(corners)
      self._draw(mask).polygon(pixels, fill=255)
      bright = tuple(round(255 * min(1, 1.25 * value)) for value in color)
      self._draw(stage).line(pixels[:2],
                             fill=bright,
                             width=max(1, self._canvas // 100))
    return stage, mask

  def _shadows(self, outlines: list[np.ndarray]) -> Any:
    """How much of the wall is hidden from the light, at the canvas's size."""
    mask = self._image.new("L", (self._size, self._size), 0)
    strength = round(255 * self._view.shadow)
    for outline in [*outlines, _RAMP]:
      seen = self._view.project(outline + self._view.offset) * self._size
      self._draw(mask).polygon(list(map(tuple, seen)), fill=strength)
    radius = 0.012 / self._view.width * self._size
    return mask.filter(self._blur(radius)).resize(
        (self._canvas, self._canvas), self._image.Resampling.BILINEAR)

  def _look(self, thing: objects.Object) -> tuple[Any, ...]:
    """Outline, marked part, and the paint of both."""
    outline = thing.corners
    if not len(outline):
      angles = np.arange(_DISC_CORNERS) * (2 * math.pi / _DISC_CORNERS)
      outline = thing.size / 2 * np.stack([np.cos(angles), np.sin(angles)], -1)
    paints = []
    for color in (np.array(thing.color), _mark_color(thing)):
      side = math.ceil(thing.size / self._view.width * self._canvas) + 6
      paints.append(self._picture(color * _shade(self._view, side)))
    return outline, _marked(outline), *paints

  def _fill(self, canvas: Any, outline: np.ndarray, pose: np.ndarray,
            paint: Any) -> None:
    """Paints a polygon, with a paint that is centred on the object."""
    (across, down), = self._pixels(pose[None, :2])
    corner = (math.floor(across) - paint.width // 2,
              math.floor(down) - paint.width // 2)
    mask = self._image.new("L", paint.size, 0)
    points = np.array(self._pixels(outline)) - corner
    self._draw(mask).polygon(list(map(tuple, points)), fill=255)
    canvas.paste(paint, corner, mask)


def _positions(view: View, canvas: int) -> tuple[np.ndarray, np.ndarray]:
  """x `[1, C]` and y `[C, 1]` in m of a canvas's pixels."""
  places = ((np.arange(canvas) + 0.5) / canvas - 0.5) * view.width
  return (view.x + places)[None], (view.y - places)[:, None]


def _wall(view: View, canvas: int) -> np.ndarray:
  """The wall `[C, C, 3]`, brightest where the light comes from."""
  x, y = _positions(view, canvas)
  squares = (x + 8 * view.offset[0])**2 + (y - 0.35)**2
  return np.array(view.wall) * (0.8 + 0.25 * np.exp(-4 * squares))[..., None]


def _stage(view: View, canvas: int) -> np.ndarray:
  """Colours `[C, C, 3]` of the table, and above it of the ramp."""
  x, y = _positions(view, canvas)
  # Grain: waves along the table's top and along the ramp's surface.
  grain = 0.04 * np.sin(900 * y + 3.6 * np.sin(9 * x))
  table = np.where(y > -_SLAB, 0.95 + 5 * y + grain, 0.42 + 1.2 * (y + _SLAB))
  depth = y + x * math.tan(simulation.SLOPE)
  board = 0.95 + 1.2 * depth + 0.03 * np.sin(260 * depth + 3 * np.sin(12 * x))
  return np.where((y > 0)[..., None], board[..., None] * np.array(view.board),
                  table[..., None] * np.array(view.table))


def _shade(view: View, side: int) -> np.ndarray:
  """Light `[side, side, 1]` on an object: darker on the shadows' side."""
  places = np.linspace(-1, 1, side)
  lean = 0.14 if view.offset[0] > 0 else -0.14
  return (1 - lean * places[None] - 0.16 * places[:, None])[..., None]


def _mark_color(thing: objects.Object) -> np.ndarray:
  """A tone of its own colour that stands out from it."""
  color = np.array(thing.color)
  return color * 0.35 if color @ [0.3, 0.59, 0.11] > 0.42 else (3 + color) / 4


def _marked(outline: np.ndarray) -> np.ndarray:
  """The part of a convex outline beyond a chord, which shows its rotation."""
  middle = (outline[0] + outline[1]) / 2
  apart = outline @ middle / (middle @ middle) - 0.35
  kept = []
  for index in range(len(outline)):
    before, after = apart[index - 1], apart[index]
    if before * after < 0:
      part = before / (before - after)
      kept.append((1 - part) * outline[index - 1] + part * outline[index])
    if after > 0:
      kept.append(outline[index])
  return np.array(kept)


def make_sequence(settings: simulation.Settings, part: str,
                  index: int) -> dict[str, np.ndarray]:
  """One example of ramp_video, a function of its arguments alone.

  Args:
    settings: of the data set.
    part: "train" or "test".
    index: of the sequence in its part.

  Returns:
    frames, states, energies, pixels, objects, properties and sequence, as
    documented at `ramp_video`'s builder.

  Raises:
    ImportError: if pymunk or Pillow is not installed.

  Example:
    >>> small = simulation.Settings(size=16, length=2)
    >>> make_sequence(small, "train", 0)["frames"].shape
    (2, 16, 16, 3)
  """
  scene = simulation.make_scene(settings, part, index)
  run = simulation.simulate(scene, length=settings.length, rate=settings.rate)
  view = make_view(settings, part, index)
  painter = Painter(scene, view, settings.size)
  both = scene.slider, scene.target
  return {
      "frames": np.stack([painter.frame(pose) for pose in run.states[..., :3]]),
      "states": run.states,
      "energies": run.energies,
      "pixels": view.project(run.states[..., :2]),
      "objects": np.array([thing.number for thing in both]),
      "properties": np.stack([thing.properties for thing in both]),
      "sequence": np.array(index),
  }
