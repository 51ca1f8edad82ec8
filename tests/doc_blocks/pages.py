"""A page run from top to bottom: Python in one namespace, commands in the program's own process."""

from __future__ import annotations

import contextlib
import difflib
import io
import itertools
import os
import re
import subprocess
import traceback
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from doc_blocks.blocks import KNOWN, PARSED, SHELL, Block
from doc_blocks.declarations import check_declaration
from doc_blocks.shell import Command, check_command, check_syntax, commands_of
from samesplit.cli import app
from samesplit.errors import SamesplitError

FILTERS = ("grep", "head", "tail", "sort", "wc")
"""Programs of the shell that are run on the output of the command before them."""

__all__ = ["Outcome", "PageError", "differs", "named_file", "run_page", "shown_outputs"]


class PageError(AssertionError):
    """A page that shows something that does not hold; the message begins with page and line."""


@dataclass
class Outcome:
    """What came of one block.

    Attributes:
        block: The block.
        done: `run`, `validated`, `parsed` or `shown` (text).
        printed: What it printed.
        commands: How many commands of samesplit were run, and how many were only parsed.
    """

    block: Block
    done: str
    printed: str = ""
    commands: tuple[int, int] = (0, 0)


@dataclass
class _Run:
    """The state of a page while it runs."""

    not_run: Mapping[str, str]
    exit_codes: Mapping[str, int]
    namespace: dict[str, Any]


def run_page(
    blocks: list[Block],
    scratch: Path,
    *,
    not_run: Mapping[str, str] | None = None,
    exit_codes: Mapping[str, int] | None = None,
    namespace: dict[str, Any] | None = None,
) -> Iterator[Outcome]:
    """Run the blocks of a page in the current folder, one after the other.

    Args:
        blocks: The blocks of one page, from top to bottom.
        scratch: An empty folder for what is read and not run.
        not_run: Commands that are checked and not run -> the reason.
        exit_codes: Commands that end with another exit code than 0 -> that code.
        namespace: Where the Python of the page runs; what it leaves stands there afterwards.

    Raises:
        PageError: Something on the page does not hold.
    """
    state = _Run(not_run or {}, exit_codes or {}, {} if namespace is None else namespace)
    state.namespace["__name__"] = "page"
    for number, block in enumerate(blocks):
        if block.tag not in KNOWN:
            raise PageError(
                f"{block.place}: the tag '{block.tag}' is none of {', '.join(filter(None, KNOWN))}"
            )
        _write_named_file(block)
        if block.tag == "python":
            yield Outcome(block, "run", _python(block, state))
        elif block.tag in SHELL:
            yield _shell(block, state)
        elif block.tag in PARSED:
            folder = scratch / f"block-{number}"
            folder.mkdir(parents=True)
            try:
                yield Outcome(block, "validated", check_declaration(block, blocks, folder))
            except Exception as error:
                raise PageError(f"{block.place}: {type(error).__name__}: {error}") from error
        else:
            yield Outcome(block, "shown")


def named_file(block: Block) -> str:
    """Return the file that a block is, empty for none.

    Its first line is a comment with a path (`# models/mine.yaml`), or the prose before a table ends with a file
    and a colon (`my-paper/published.csv`, as printed:).
    """
    if block.tag == "csv":
        named = re.search(r"`([\w./-]+\.csv)`[^`]*:$", block.before)
        return named[1] if named else ""
    first = block.text.partition("\n")[0]
    found = re.fullmatch(r"#\s*([\w./-]+\.(?:py|ya?ml|sh|toml))\s*", first)
    return found[1] if found and block.tag in ("python", "yaml", "sh", "bash") else ""


def _write_named_file(block: Block) -> None:
    if name := named_file(block):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")


def _python(block: Block, state: _Run) -> str:
    printed = io.StringIO()
    try:
        code = compile(block.code, block.page, "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, state.namespace)
    except Exception as error:
        inside = [
            frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == block.page
        ]
        line = (inside[-1].lineno if inside else getattr(error, "lineno", None)) or block.line
        raise PageError(f"{block.page}:{line}: {type(error).__name__}: {error}") from error
    return printed.getvalue()


def _shell(block: Block, state: _Run) -> Outcome:
    printed: list[str] = []
    ran = parsed = others = 0
    try:
        check_syntax(block)
        for command in commands_of(block):
            where = f"{block.page}:{command.line}"
            check_command(command)
            if command.program == "cd":
                os.chdir(command.words[1])
            elif command.program == "mkdir":
                for name in command.words[1:]:
                    if not name.startswith("-"):
                        Path(name).mkdir(parents=True, exist_ok=True)
            elif command.program == "rm":
                for name in command.words[1:]:
                    Path(name).unlink()
            elif command.piped and printed and command.program in FILTERS:
                printed[-1] = _filtered(command, printed[-1], where)
            elif command.program == "samesplit" and command.text not in state.not_run:
                printed.append(_samesplit(command, where, state.exit_codes.get(command.text, 0)))
                ran += 1
            else:
                parsed += command.program == "samesplit"
                others += command.program != "samesplit"
    except PageError:
        raise
    except Exception as error:
        raise PageError(f"{block.place}: {type(error).__name__}: {error}") from error
    done = "run" if ran and not parsed and not others else "parsed" if not ran else "partly run"
    return Outcome(block, done, "".join(printed), (ran, parsed))


def _filtered(command: Command, text: str, where: str) -> str:
    """Return what a filter of the shell leaves of the output of the command before it."""
    done = subprocess.run(command.words, input=text, text=True, capture_output=True, check=False)
    if done.stderr or not done.stdout:
        raise PageError(f"{where}: {command.text} leaves nothing: {done.stderr}\n{text}")
    return done.stdout


def _samesplit(command: Command, where: str, expected: int) -> str:
    """Run a command in this process, as the program does it, and return what it printed."""
    done = CliRunner().invoke(app, list(command.words[1:]), prog_name="samesplit")
    if isinstance(done.exception, SamesplitError):
        code, output = 1, f"{done.output}\nError: {done.exception}"
    elif done.exception is not None and not isinstance(done.exception, SystemExit):
        raise PageError(f"{where}: {command.text}: {done.exception!r}\n{done.output}") from done.exception
    else:
        code, output = done.exit_code, done.output
    if code != expected:
        raise PageError(f"{where}: {command.text}\nends with {code} and not with {expected}:\n{output}")
    if command.output:
        Path(command.output).write_text(output, encoding="utf-8")
        return ""
    return output


def shown_outputs(outcomes: Collection[Outcome]) -> Iterator[tuple[Outcome, Block]]:
    """Return blocks that were run with the `text` block directly below them, which shows what they print."""
    found = list(outcomes)
    for above, below in itertools.pairwise(found):
        if below.block.tag == "text" and not below.block.before and above.done == "run":
            yield above, below.block


def differs(shown: str, printed: str) -> str:
    """Return where an output differs from what a page shows, empty where it does not.

    Blanks at the ends of lines do not count, and a line `...` of the page stands for any lines.
    """
    wanted, found = ([line.rstrip() for line in text.strip("\n").splitlines()] for text in (shown, printed))
    pattern = "".join("(?:.*\n)*" if line == "..." else f"{re.escape(line)}\n" for line in wanted)
    if re.fullmatch(pattern, "".join(f"{line}\n" for line in found)):
        return ""
    lines = difflib.unified_diff(wanted, found, "the page shows", "the code prints", lineterm="", n=1)
    return "\n".join(lines)
