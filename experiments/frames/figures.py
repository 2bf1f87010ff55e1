"""Errors by frame and by inner steps; strips, films and maps of what g sees."""

import io
from typing import Any

import jax.numpy as jnp
import matplotlib
from matplotlib.figure import Figure
import numpy as np

from datasets.frames import optional
from experiments.common.figures import png
from experiments.frames import evaluation
from experiments.frames.rows import ROWS
from experiments.frames.study import Study
from noether_jax.video.attribution import grad_cam
from noether_jax.video.attribution import principal_components

_SHOWN = 8
_FILM_SCALE = 128
_COMPONENTS = 3


def errors(rows: list[dict[str, Any]], past: int) -> bytes:
  """Every metric against the frame's number: means, and bands of seeds.

  Args:
    rows: of all seeds.
    past: given frames.

  Returns:
    A PNG.
  """
  names = list(dict.fromkeys(row["row"] for row in rows))
  keys = [k for k in ("mse", "psnr", "ssim", "probe") if k in rows[0]]
  titles = {
      "mse": "mean squared error",
      "psnr": "PSNR / dB",
      "ssim": "SSIM",
      "probe": "state read off, error / std"
  }
  with matplotlib.rc_context({"font.size": 9}):
    figure = Figure(figsize=(3.2 * len(keys), 3.4), layout="constrained")
    for axes, key in zip(np.ravel(figure.subplots(1, len(keys))), keys):
      for name in names:
        values = np.array([row[key] for row in rows if row["row"] == name])
        frame = past + 1 + np.arange(values.shape[1])
        line, = axes.plot(frame, values.mean(axis=0), label=name, linewidth=1.2)
        axes.fill_between(frame,
                          values.min(axis=0),
                          values.max(axis=0),
                          color=line.get_color(),
                          alpha=0.15,
                          linewidth=0)
      axes.set_title(titles[key])
      axes.set_xlabel("frame")
      if key == "mse":
        axes.set_yscale("log")
    figure.legend(*axes.get_legend_handles_labels(),
                  loc="outside lower center",
                  ncols=min(4, len(names)))
    return png(figure)


def curve(curves: list[list[dict[str, Any]]]) -> bytes:
  """The last frame's error and the inner loss against inner steps at test time.

  Args:
    curves: one a seed, from `rows.curve`.

  Returns:
    A PNG.
  """
  with matplotlib.rc_context({"font.size": 9}):
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    for points in curves:
      steps = [point["inner_steps"] for point in points]
      last = np.array([point["mse"][-1] for point in points])
      left.plot(steps, last / last[0], "o-", markersize=3, linewidth=1)
      right.plot(steps, [point["inner_loss"] for point in points],
                 "o-",
                 markersize=3,
                 linewidth=1)
    left.axhline(1.0, color="gray", linewidth=0.8, linestyle="--")
    left.set_title("MSE of the last frame / not tailored")
    right.set_title("inner loss")
    right.set_yscale("log")
    for axes in (left, right):
      axes.set_xscale("symlog", linthresh=1)
      axes.set_xlim(left=-0.1)
      axes.set_xlabel("inner steps")
    return png(figure)


def _as_bytes(frames: np.ndarray) -> np.ndarray:
  known = np.nan_to_num(frames, nan=0.0)  # Black: what has diverged.
  return np.round(255 * np.clip(known, 0, 1)).astype(np.uint8)


def _strip(films: dict[str, np.ndarray]) -> bytes:
  """Some frames of each film, a line each."""
  length = len(next(iter(films.values())))
  chosen = np.unique(np.linspace(0, length - 1, _SHOWN).round().astype(int))
  with matplotlib.rc_context({"font.size": 8}):
    figure = Figure(figsize=(1.1 * len(chosen) + 1.4, 1.15 * len(films)),
                    layout="constrained")
    grid = figure.subplots(len(films), len(chosen), squeeze=False)
    for line, (name, film) in zip(grid, films.items()):
      for axes, t in zip(line, chosen):
        axes.imshow(_as_bytes(film[t]))
        axes.set_xticks([])
        axes.set_yticks([])
      line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axes, t in zip(grid[0], chosen):
      axes.set_title(f"{t + 1}")
    return png(figure)


def _film(films: dict[str, np.ndarray]) -> bytes:
  """All films side by side, as a GIF."""
  scale = max(1, _FILM_SCALE // next(iter(films.values())).shape[1])
  wide = np.concatenate([_as_bytes(film) for film in films.values()], axis=2)
  big = wide.repeat(scale, axis=1).repeat(scale, axis=2)
  buffer = io.BytesIO()
  first, *rest = map(optional("PIL.Image").fromarray, big)
  first.save(buffer,
             format="GIF",
             save_all=True,
             append_images=rest,
             duration=100,
             loop=0)
  return buffer.getvalue()


def _maps(e: Study, params: Any) -> bytes:
  """Grad-CAM of g's leading components on a true test sequence."""
  frames = e.truth[0]
  values = evaluation.values(e.run, params, e.truth)
  lead = len(frames) - values.shape[1]
  values = values.reshape(-1, values.shape[-1])
  found = principal_components(jnp.asarray(values),
                               min(_COMPONENTS, *values.shape))
  films = {"true": frames}
  for i, direction in enumerate(found.directions):
    # The sign of a component is arbitrary, so both signs are shown.
    heat = sum(
        np.asarray(
            grad_cam(e.run.model.net, params.conserved, jnp.asarray(frames),
                     sign * direction)) for sign in (1, -1))
    heat = np.pad(heat, ((lead, 0), (0, 0), (0, 0)))[..., None]
    warm = np.array([1.0, 0.2, 0.0])
    share = 0.7 * heat / (heat.max() + 1e-12)
    films[f"component {i + 1}\n{float(found.shares[i]):.0%}"] = (frames *
                                                                 (1 - share) +
                                                                 share * warm)
  return _strip(films)


def sequences(e: Study, wanted: dict[str, int]) -> dict[str, tuple[str, bytes]]:
  """Pictures of one test sequence as true and as predicted.

  Args:
    e: the study of a seed.
    wanted: rows that are shown, and after how many inner steps.

  Returns:
    By name, the file's ending and its content: "strip" and "film" of the
    predictions, "maps" of what g sees.
  """
  films = {"true": e.truth[0]}
  for name, steps in wanted.items():
    *_, out = e.predict(e.trained(ROWS[name].recipe).params, (steps,), 1)
    films[name] = np.concatenate([e.truth[0, :e.config.past], out.frames[0]])
  return {
      "film": ("gif", _film(films)),
      "maps": ("png", _maps(e,
                            e.trained("noether").params)),
      "strip": ("png", _strip(films)),
  }
