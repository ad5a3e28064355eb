"""Analysis of a finished run: frames, arrays and figures for notebooks and the report.

The public names are listed in ``__init__.pyi``. Each is imported on first use (SPEC 1), so that
reading rows loads neither the engine nor plotly.

May import everything in ib_grid; no other package of ib_grid imports this one.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
