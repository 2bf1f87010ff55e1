"""Results as pages, figures and words: what a person reads."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(  # Loaded when used.
    __name__, __file__)
