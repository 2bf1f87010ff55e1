"""What a column's name says: a time, a trial, a count of rows."""

from __future__ import annotations

import re

# In the languages of many spreadsheets; matched as whole words.
_TIME_WORDS = {
    "time", "times", "timestamp", "timestamps", "datetime", "date", "clock",
    "elapsed", "seconds", "secs", "sec", "zeit", "zeitstempel", "temps",
    "tiempo", "tempo", "tijd", "tid", "czas", "cas", "час", "время", "时间"
}
_NO_TIMES = {"constant", "half", "scale", "per", "of", "life"}
_TRIAL_WORDS = {
    "trial", "trials", "trajectory", "traj", "run", "body", "experiment",
    "episode", "rollout", "simulation", "sim", "replicate", "rep", "track",
    "particle", "object", "id", "trackid", "versuch", "lauf", "messung",
    "messreihe", "essai", "mesure", "ensayo", "prueba", "prova", "sheet", "file"
}
_LABEL_WORDS = {"id", "number", "no", "nr", "num", "index", "name", "label"}
_COUNTERS = {
    "step", "steps", "timestep", "timesteps", "frame", "frames", "iteration",
    "iter", "tick", "ticks", "imagenumber", "framenumber", "frameindex"
}
_QUALITIES = {"likelihood", "confidence", "visibility"}
_INDEXES = {
    "", "index", "idx", "row", "rows", "rownames", "record", "no", "nr", "id",
    "unnamed"
}
_SYMBOL = re.compile(r"t(?:[ _]?(?:s|sec|ms|us|ns|min|h|rel|abs|sim))?")


def _words(name: str) -> list[str]:
  """Words of snake_case, camelCase and spaced names, in small letters."""
  # What stands before a colon names the run, not the quantity.
  name = name.rsplit(":", 1)[-1]
  name = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
  return re.findall(r"[^\W\d_]+", name.lower())


def is_time_name(name: str) -> bool:
  """Return whether a name means time; `T` does not: it may be a temperature.

  Example:
    >>> [is_time_name(n) for n in ("t", "Run 1: Time", "T", "half_time")]
    [True, True, False, False]
  """
  words = set(_words(name))
  if _SYMBOL.fullmatch(name.rsplit(":", 1)[-1].strip()):
    return True
  return bool(words & _TIME_WORDS) and not words & _NO_TIMES


def is_trial_name(name: str) -> bool:
  """Return whether a name tells trials apart.

  Example:
    >>> [is_trial_name(n) for n in ("run_id", "Versuch", "runtime")]
    [True, True, False]
  """
  words = _words(name)
  joined = "".join(words) in _TRIAL_WORDS
  return joined or bool(words) and words[0] in _TRIAL_WORDS and all(
      w in _LABEL_WORDS for w in words[1:])


def is_counter_name(name: str) -> bool:
  """Return whether a name says that a column counts steps or frames.

  Example:
    >>> is_counter_name("imageNumber"), is_counter_name("x")
    (True, False)
  """
  words = _words(name)
  return "".join(words) in _COUNTERS or bool(set(words) & _COUNTERS)


def is_quality_name(name: str) -> bool:
  """Return whether a column says how good a measurement is.

  Example:
    >>> is_quality_name("nose likelihood"), is_quality_name("x")
    (True, False)
  """
  words = _words(name)
  return bool(words) and words[-1] in _QUALITIES


def is_index_name(name: str) -> bool:
  """Return whether a name is that of a table's index.

  Example:
    >>> is_index_name("__index_level_0__"), is_index_name("Unnamed: 0")
    (True, True)
  """
  plain = "".join(re.findall(r"[^\W\d_]+", name.lower()))
  return plain in _INDEXES or plain == "indexlevel"


def placeholders(width: int) -> list[str]:
  """Return the names c1, c2, ... of columns that have none.

  Example:
    >>> placeholders(2)
    ['c1', 'c2']
  """
  return [f"c{i + 1}" for i in range(width)]
