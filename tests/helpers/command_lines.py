"""Check that command lines in texts name existing commands and options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

import click
import typer

from pipelines.cli.app import app, load_command

IB_GRID = typer.main.get_group(app)
IB_GRID.commands = {name: load_command(name) for name in IB_GRID.commands}
_LINE = re.compile(r"(?:^|[ /])ib-grid ((?:instruments|[a-z]+)(?: .*)?)$")


def fenced_lines(page: str) -> Iterator[str]:
    """Yield the lines of a page's fenced blocks, with continuation lines joined."""
    for block in re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()


def typed_commands(page: str) -> list[list[str]]:
    """Return the words after ``ib-grid`` of every command in a page's fenced blocks."""
    lines = (line.split(" #")[0].rstrip() for line in fenced_lines(page))
    found = (_LINE.search(line.removeprefix("$ ")) for line in lines)
    return [shlex.split(match[1]) for match in found if match]


def options_of(command: click.Command) -> set[str]:
    """Return every option of a command."""
    return {name for p in command.params for name in (*p.opts, *p.secondary_opts)} | {"--help"}


def all_options(command: click.Command = IB_GRID) -> set[str]:
    """Return every option of a command and its subcommands."""
    below: Sequence[click.Command] = list(getattr(command, "commands", {}).values())
    return options_of(command).union(*map(all_options, below))


def mistakes(words: Sequence[str]) -> list[str]:
    """Return the words after ``ib-grid`` that are unknown commands or options."""
    command, rest = IB_GRID, list(words)
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        if name not in command.commands:
            return [name]
        command = command.commands[name]
    options = [word.partition("=")[0] for word in rest if word.startswith("--")]
    return [option for option in options if option not in options_of(command)]
