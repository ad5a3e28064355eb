"""Options of a command that take one of a few words."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Sequence
from enum import StrEnum
from inspect import Parameter
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from ib_grid.errors import ConfigError
from ib_grid.errors.validation import did_you_mean, shown


def with_choices(command: Callable[..., None]) -> Callable[..., None]:
    """Let the help list the words of options that are a Literal or a StrEnum.

    The command still gets the values; any other word is an error that suggests the nearest.
    """
    parameters = inspect.signature(command, eval_str=True).parameters.values()
    choices = {p.name: words for p in parameters if (words := _words(p.annotation))}
    texts = [_as_text(p, choices[p.name]) if p.name in choices else p for p in parameters]
    flags = {p.name: _flag(p) for p in parameters if p.name in choices}

    @functools.wraps(command)
    def with_values(**given: Any) -> None:
        for name, words in choices.items():
            if given[name] is not None:
                given[name] = _chosen(given[name], words, flags[name])
        command(**given)

    with_values.__signature__ = inspect.Signature(texts)  # type: ignore[attr-defined]
    with_values.__annotations__ = {}
    return with_values


def _words(annotation: Any) -> Sequence[str]:
    """Return the words of a Literal or a StrEnum, which may be optional; else none."""
    type_ = get_args(annotation)[0]
    inner = [one for one in get_args(type_) if one is not NoneType]
    if get_origin(type_) is Literal:
        return inner
    if NoneType in get_args(type_):
        (type_,) = inner
    return list(type_) if inspect.isclass(type_) and issubclass(type_, StrEnum) else []


def _as_text(parameter: Parameter, words: Sequence[str]) -> Parameter:
    type_, option = get_args(parameter.annotation)
    option = copy.copy(option)
    option.metavar = f"<{'|'.join(words)}>"
    text = str | None if NoneType in get_args(type_) else str
    return parameter.replace(annotation=Annotated[text, option])


def _flag(parameter: Parameter) -> str:
    _, option = get_args(parameter.annotation)
    declared = [option.default, *(option.param_decls or ())]  # typer keeps the first as a default
    named = [one for one in declared if isinstance(one, str) and one.startswith("--")]
    return next(iter(named), f"--{parameter.name.replace('_', '-')}")


def _chosen(given: str, words: Sequence[str], flag: str) -> str:
    """Return the word that was given, as a member if the words are those of a StrEnum."""
    if given not in words:
        raise ConfigError(
            f"invalid value {shown(given)}",
            location=flag,
            expected=" or ".join((", ".join(words[:-1]), words[-1])),
            hint=did_you_mean(given, words),
        )
    return words[words.index(given)]
