"""The commands of `ib-grid`, by what they are about; `pipelines.cli.app` puts them together.

What needs the engine, pandas and the like is imported by the command that uses it, so that --help
and a mistyped option are answered at once.
"""
