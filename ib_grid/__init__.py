"""ib-grid: every parameter combination of the Initial Balance strategy, backtested.

The library part: values in, values out. It knows no Dask, no command line and no working directory;
`pipelines` puts it to work on files, processes and clusters.
"""

__version__ = "0.1.0"
