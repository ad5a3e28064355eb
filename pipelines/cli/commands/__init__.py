"""The commands of `ib-grid`, one module each; `pipelines.cli.app` lists them.

Each command imports the engine, pandas and the like within its function, so that its `--help` and
a mistyped option are answered at once.
"""
