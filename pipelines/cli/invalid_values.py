"""Errors for values of options that typer cannot convert to a number, or that are out of range."""

from __future__ import annotations

from typing import Any

import typer

from ib_grid.errors import ConfigError
from ib_grid.errors.validation import shown

_KINDS = {"int": "a whole number", "float": "a number"}


def as_config_error(refused: typer.BadParameter) -> ConfigError | None:
    """Return what a person is told of a value that typer's pydantic refused; else None."""
    errors = getattr(refused.__cause__, "errors", None)
    if errors is None or refused.param is None:
        return None
    first = errors(include_url=False)[0]
    return ConfigError(
        f"{refused.param.name} is {shown(first['input'])}",
        location=refused.param.opts[0],
        expected=_expected(refused.param, str(first["type"])),
    )


def _expected(option: Any, kind: str) -> str:
    from pipelines.config.run_options import expected_of
    from pipelines.config.settings import TYPES

    if option.name in TYPES:
        return expected_of(TYPES[option.name])
    numbers = _KINDS.get(kind.partition("_")[0], "")
    return ", ".join(filter(None, (numbers, _range(option)))) or "a value as in --help"


def _range(option: Any) -> str:
    """Return the range of an option; empty without one."""
    least, most = getattr(option, "min", None), getattr(option, "max", None)
    if least is None and most is None:
        return ""
    if most is None:
        return f"{least} or more"
    return f"{most} or less" if least is None else f"{least} to {most}"
