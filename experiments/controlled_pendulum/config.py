"""Settings of the controlled pendulum."""

import dataclasses

from experiments.frames import config as configs

LENGTH = 28
SMALL = configs.small("controlled_pendulum", length=LENGTH, actions=1)
# The paper does not say how long it trains on this: as on Physics 101.
PAPER = dataclasses.replace(configs.PAPER,
                            dataset="controlled_pendulum",
                            size=64,
                            length=LENGTH,
                            backbone="vgg_64",
                            actions=1,
                            num_test=300)
SMOKE = configs.smoke(SMALL, {"num_sequences": 6, "test_sequences": 3})
CONFIGS = {config.name: config for config in (SMALL, PAPER, SMOKE)}
