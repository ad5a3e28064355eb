"""From the options of a command to settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ib_grid.errors import ConfigError

if TYPE_CHECKING:
    from pipelines.config.configuration import Settings


def settings_of(given: Mapping[str, object]) -> Settings:
    """Settings from the options of a command that are settings, and its configuration file."""
    from pipelines.config import configuration
    from pipelines.config.values import KEYS

    options_given = {name: value for name, value in given.items() if name in KEYS}
    if given.get("news_currency"):
        if not given["symbol"]:
            raise ConfigError(
                "no symbol was given", location="--news-currency", expected="--symbol"
            )
        options_given["news_currencies"] = {given["symbol"]: list(given["news_currency"])}  # type: ignore[call-overload]
    return configuration.load_settings(options_given, cast(Path | None, given["config_file"]))
