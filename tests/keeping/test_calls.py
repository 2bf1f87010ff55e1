"""How a function is called, read off its signature."""

import functools

import pytest

from noether_jax import InputError
from noether_jax.keeping.calls import Call

PAIR = {
    "plain":
        lambda params, x: (params, x),
    "key last":
        lambda params, x, key: (params, x, key),
    "key of another name":
        lambda params, x, k: (params, x, k),
    "key in the middle":
        lambda params, rng, x: (params, x, rng),
    "key by name":
        lambda params, x, *, rng=None: (params, x, rng),
    "variadic":
        lambda *args: args,
    "variadic after a key":
        lambda params, rng, *args: (params, *args, rng),
    "optional argument":
        lambda params, x, t=0.: (params, x, t),
    "key after an option":
        lambda params, x, t=0., key=None: (params, x, t, key),
    "places only":
        lambda params, x, /: (params, x),
    "options by name":
        lambda params, x, **options: (params, x, options),
    "flags":
        lambda params, x, train, deterministic=False:
        (params, x, train, deterministic),
    "flag by name":
        lambda params, x, *, is_training: (params, x, is_training),
}
EXPECTED = {
    "key last": (1, 2, "key"),
    "key of another name": (1, 2, "key"),
    "key in the middle": (1, 2, "key"),
    "key by name": (1, 2, "key"),
    "variadic after a key": (1, 2, "key"),
    "optional argument": (1, 2, 0.),
    "key after an option": (1, 2, 0., "key"),
    "options by name": (1, 2, {}),
    "flags": (1, 2, False, True),
    "flag by name": (1, 2, False),
}


@pytest.mark.parametrize("name", PAIR)
def test_arguments_find_their_places(name):
  call = Call(PAIR[name], ("params", "x"), "`model`")
  assert call(PAIR[name], 1, 2, key="key") == EXPECTED.get(name, (1, 2))


def test_an_optional_key_stays_at_its_default():
  function = lambda x, key=7: (x, key)
  assert Call(function, ("x",), "`model`")(function, 1, key=None) == (1, 7)


def test_a_partial_function():
  function = functools.partial(lambda scale, params, x: scale * params * x, 3)
  assert Call(function, ("params", "x"), "f")(function, 1, 2, key=None) == 6


def test_a_key_that_is_missing():
  function = lambda x, key: x
  with pytest.raises(InputError, match="`model` takes a random key: pass one"):
    Call(function, ("x",), "`model`")(function, 1, key=None)


@pytest.mark.parametrize("function, given", [
    (lambda t, y, args: y, r"\(t, y, args\)"),
    (lambda: 0, r"\(\)"),
    (lambda t, y: y, r"\(t, y\)"),
    (lambda x, *, step: x, r"\(x, step\)"),
])
def test_other_arguments(function, given):
  with pytest.raises(InputError,
                     match=r"`model` must take \(x\) or \(x, key\): it takes " +
                     given):
    Call(function, ("x",), "`model`")
