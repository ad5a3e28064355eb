"""Command-line options of a command from groups of settings (`pipelines.config.run_options`)."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer

from pipelines.config.conversions import Convert
from pipelines.config.run_options import given_type, option_of

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

_CONFIG = "config_file"
_CONFIG_HELP = "TOML or JSON file with these options as keys; the command line overrides it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Settings as the user gave them, not yet read or checked.

    Options that were not given are None.
    """

    options: Mapping[str, object]
    config_file: Path | None

    def settings(self) -> Settings:
        """Read and check the settings."""
        from pipelines.config.configuration import load_settings

        return load_settings(self.options, self.config_file)

    def values_of(self, *groups: type) -> dict[str, Any]:
        """Read and check the options of some groups, given or by default."""
        from pipelines.config.configuration import load_options

        return load_options(groups, self.options, self.config_file)


def takes_settings(
    *groups: type, config_file: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options of groups of settings, and ``--config``, to a command.

    The command receives what was given as its first argument, a `Given`.
    """
    parameters = [parameter for group in groups for parameter in _parameters(group)]
    names = [parameter.name for parameter in parameters]
    if config_file:
        parameters.append(_option(_CONFIG, Path, help=_CONFIG_HELP, flags=("--config",)))

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def with_settings(**values: Any) -> None:
            options = {name: values.pop(name) for name in names}
            command(Given(options=options, config_file=values.pop(_CONFIG, None)), **values)

        _, *own = inspect.signature(command, eval_str=True).parameters.values()
        required = [one for one in own if one.default is Parameter.empty]
        others = [one for one in own if one not in required]
        with_settings.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [one.replace(kind=Parameter.KEYWORD_ONLY) for one in (*required, *parameters, *others)]
        )
        with_settings.__annotations__ = {}
        return with_settings

    return decorate


@functools.cache
def _parameters(group: type) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        _parameter(field.name, hints[field.name], field.default)
        for field in dataclasses.fields(group)
    ]


def _parameter(name: str, type_: Any, default: object) -> Parameter:
    """Return the command-line parameter of a setting, which is None if it is not given."""
    explained = option_of(type_)
    kind, metavar = _typed(given_type(type_))
    unset = explained.unset or _text(default, explained.flags)
    help_text = f"{explained.help} [default: {unset}]" if unset else explained.help
    return _option(name, kind, help=help_text, flags=explained.flags, metavar=metavar)


def _option(
    name: str, kind: Any, *, help: str, flags: tuple[str, ...], metavar: str | None = None
) -> Parameter:
    declared = ["/".join(flags)] if flags else []
    annotation = Annotated[kind | None, typer.Option(*declared, help=help, metavar=metavar)]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _typed(type_: Any) -> tuple[Any, str | None]:
    """Return the type of a setting on the command line, and what the help calls its values."""
    for note in getattr(type_, "__metadata__", ()):
        if isinstance(note, Convert):
            return note.typed, _metavar(note.typed)
    type_ = getattr(type_, "__origin__", type_) if hasattr(type_, "__metadata__") else type_
    if get_origin(type_) is Literal:
        return str, f"<{'|'.join(get_args(type_))}>"
    return type_, None


def _metavar(typed: Any) -> str | None:
    """Return the help's name for an item of an option that may be repeated."""
    return f"<{get_args(typed)[0].__name__.lower()}>" if get_origin(typed) is list else None


def _text(default: object, flags: tuple[str, ...]) -> str:
    """Return a default value as the help shows it."""
    if default in (None, (), dataclasses.MISSING):
        return ""
    if isinstance(default, bool):
        return flags[0 if default else 1].removeprefix("--")
    return f"{default:g}" if isinstance(default, float) else str(default)
