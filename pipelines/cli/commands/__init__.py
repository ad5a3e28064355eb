"""The commands of `ib-grid`, by subject; `pipelines.cli.app` puts them together.

Each command imports the engine, pandas and the like within its function, so that `--help` and a
mistyped option are answered at once.
"""
