"""Settings of the controlled pendulum."""

import dataclasses

from experiments.frames import config as configs

LENGTH = 28
SMALL = configs.small("controlled_pendulum", {"size": 32},
                      length=LENGTH,
                      actions=1)
PAPER = dataclasses.replace(configs.PAPER,
                            dataset="controlled_pendulum",
                            data={"size": 64},
                            size=64,
                            length=LENGTH,
                            backbone="vgg_64",
                            actions=1)
SMOKE = configs.smoke(SMALL, {
    "size": 32,
    "length": 4,
    "num_sequences": 6,
    "test_sequences": 3
})
CONFIGS = {config.name: config for config in (SMALL, PAPER, SMOKE)}
