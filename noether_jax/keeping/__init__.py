"""Make a predictor respect a law: tailored weights or a projection."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(  # Loaded when used.
    __name__, __file__)
