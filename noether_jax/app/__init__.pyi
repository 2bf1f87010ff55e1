from . import cli as cli
