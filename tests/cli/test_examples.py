"""Every command ends its help with examples, and each of them is something that the program takes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from samesplit.audit.leaks import LEAKS
from samesplit.cli import app
from samesplit.cli.examples import EXAMPLES
from samesplit.workspace import builtin_folder


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    yield " ".join(words), command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


COMMANDS = dict(commands(typer.main.get_command(app)))
LINES = sorted({line for examples in EXAMPLES.values() for _, line in examples})


@pytest.mark.parametrize("words", COMMANDS)
def test_the_help_of_every_command_ends_with_an_example_of_that_very_command(words: str) -> None:
    display_path = CliRunner().invoke(app, [*words.split(), "--help"]).output

    lines = [line.strip() for line in display_path.partition("Examples:\n")[2].splitlines()]
    typed = [line for line in lines if line and not line.startswith("#")]
    assert typed == [line for _, line in EXAMPLES[words]]
    assert all(f"{line} ".startswith(f"samesplit {words}".strip() + " ") for line in typed)


def test_no_example_is_of_a_command_that_is_gone() -> None:
    assert set(EXAMPLES) <= set(COMMANDS)


@pytest.mark.parametrize("line", LINES)
def test_every_example_is_understood_to_the_last_option(line: str) -> None:
    program, *words = shlex.split(line.split(" | ")[0].split(" > ")[0])
    assert program == "samesplit"
    command, context = COMMANDS[""], None
    while hasattr(command, "commands"):
        name, *words = words
        command = command.commands[name]
    context = command.make_context(line, words)

    values = context.params
    assert not context.args
    if values.get("leaks"):
        assert set(values["leaks"].split(",")) <= {leak.name for leak in LEAKS.values()}
    for noun, names in (("models", values.get("model") or ()), ("features", values.get("profile") or ())):
        for name in [names] if isinstance(names, str) else names:
            assert (builtin_folder() / noun / f"{name}.yaml").is_file()
