"""Robustness tests: the whole selection, repeated on the whole grid, to tell skill from luck.

The public names are listed in ``__init__.pyi``. Each is imported on first use, so that reading a
verdict does not load the tests.

May import everything in ib_grid except analysis.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
