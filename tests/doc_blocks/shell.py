"""Lines of shell commands in pages: cut into words, and checked for what they name."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer.main
from packaging.requirements import Requirement

from doc_blocks.blocks import ROOT, Block
from samesplit.cli import app

PLAIN = (
    "mkdir",
    "cp",
    "mv",
    "rm",
    "cd",
    "ls",
    "cat",
    "head",
    "grep",
    "tail",
    "unzip",
    "curl",
    "wget",
    "export",
    "wait",
    "source",
    "sha256sum",
    "sort",
    "wc",
    "echo",
    "apt-get",
    "sudo",
)
"""Programs of every shell, which are taken as they are."""
VERBS = {
    "git": (
        "clone",
        "add",
        "commit",
        "push",
        "pull",
        "checkout",
        "tag",
        "rebase",
        "worktree",
        "diff",
        "status",
        "fetch",
    ),
    "dask": ("scheduler", "worker"),
    "mlflow": ("ui", "server", "experiments", "runs", "db", "gc"),
    "docker": ("build", "run"),
}
"""Programs that need not be here, and the first words that they know."""
OTHERS = (
    "sbatch",
    "srun",
    "scancel",
    "squeue",
    "nnUNetv2_plan_and_preprocess",
    "nnUNetv2_train",
    "nnUNetv2_predict",
)
"""Programs that need not be here, with any words."""


class WrongCommandError(Exception):
    """A command that names something that is not there."""


@dataclass(frozen=True)
class Command:
    """One simple command of a block.

    Attributes:
        line: Its line in the page.
        words: The program and its words, without redirections.
        output: The file that its output goes to, if any.
        piped: Whether it reads the output of the command before.
    """

    line: int
    words: tuple[str, ...]
    output: str = ""
    piped: bool = False

    @property
    def program(self) -> str:
        """The program, without the folder of the virtual environment."""
        return self.words[0].removeprefix(".venv/bin/")

    @property
    def text(self) -> str:
        """The command as it is listed in tables: one blank between words."""
        return shlex.join(self.words)


def commands_of(block: Block) -> list[Command]:
    """Cut a block of shell lines into commands; comments, loops and assignments of variables are left out."""
    found: list[Command] = []
    for number, line in _logical_lines(block):
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|<>")
        lexer.whitespace_split = True
        words: list[str] = []
        output, piped, after = "", False, ""
        for token in (*lexer, ";"):
            if token and set(token) <= set(";&|"):
                if simple := _simple(words):
                    found.append(Command(number, simple, output, piped))
                words, output, piped, after = [], "", token == "|", ""
            elif token in (">", ">>", "<", ">&", "2>"):
                after = token
            elif after:
                output = token if after in (">", ">>") else output
                after = ""
            else:
                words.append(token)
    return found


_KEYWORDS = ("for", "while", "if", "until")
_LEADING = ("do", "then", "else", "time", "sudo", "exec", "nohup")
_CLOSING = ("done", "fi")


def _simple(words: list[str]) -> tuple[str, ...]:
    while words and (words[0] in _LEADING or re.fullmatch(r"\w+=.*", words[0])):
        words = words[1:]
    if not words or words[0] in (*_KEYWORDS, *_CLOSING):
        return ()
    return tuple(words)


def _logical_lines(block: Block) -> Iterator[tuple[int, str]]:
    kept, start, here = "", 0, ""
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        if here:  # the text of a here-document
            here = "" if line.strip() == here else here
            continue
        if block.tag == "console":
            if not line.startswith("$ "):
                continue
            line = line[2:]
        start = start if kept else number
        if line.rstrip().endswith("\\"):
            kept += line.rstrip()[:-1] + " "
            continue
        found = re.search(r"<<-?\s*['\"]?(\w+)", line)
        here = found[1] if found else ""
        yield start, re.sub(r"<<-?\s*['\"]?\w+['\"]?", "", kept + line)
        kept = ""


def check_syntax(block: Block) -> None:
    """Let bash read a block without running it.

    Raises:
        WrongCommandError: It is no shell.
    """
    if block.tag == "console":
        return
    done = subprocess.run(["bash", "-n"], input=block.text, text=True, capture_output=True, check=False)
    if done.returncode or done.stderr:
        raise WrongCommandError(f"{block.place}: no shell (tag drawings and output as text): {done.stderr}")


def check_command(command: Command) -> None:
    """Check all that can be known of a command without running it.

    Raises:
        WrongCommandError: It names a program, verb, option, target, script or extra that there is not.
    """
    program, words = command.program, list(command.words[1:])
    if program == "samesplit":
        parse(words)
    elif program == "make":
        _targets(words)
    elif program in ("pip", "pip3", "pipx", "uv"):
        _packages(words)
    elif program in ("python", "python3"):
        _script(words)
    elif program in ("sh", "bash") or program.startswith("./"):
        script = words[0] if program in ("sh", "bash") else program
        _wanted((ROOT / script).is_file(), f"there is no {script}")
    elif program in VERBS:
        _wanted(
            words and words[0] in VERBS[program], f"'{command.text}' begins with no known verb of {program}"
        )
    else:
        known = program in PLAIN or program in OTHERS or program.endswith("pre-commit")
        _wanted(known, f"'{program}' is no known program: tag output and drawings as text")


def _wanted(found: Any, fault: str) -> None:
    if not found:
        raise WrongCommandError(fault)


def parse(words: list[str]) -> dict[str, Any]:
    """Let the program's own parser read the words of a command of samesplit.

    Returns:
        The values of all options and arguments; empty where the words ask for help or the version.

    Raises:
        WrongCommandError: There is no such command, option or argument, or one is missing.
    """
    import click

    command: Any = typer.main.get_command(app)
    rest = list(words)
    if rest in (["--help"], ["--version"]):
        return {}
    while hasattr(command, "commands"):
        _wanted(rest, f"'samesplit {shlex.join(words)}' names no command")
        name, *rest = rest
        if name == "--help":
            return {}
        _wanted(name in command.commands, f"there is no command 'samesplit {name}'")
        command = command.commands[name]
    if "--help" in rest:
        return {}
    try:
        context = command.make_context("samesplit", rest)
    except click.ClickException as error:
        raise WrongCommandError(f"samesplit {shlex.join(words)}: {error.format_message()}") from error
    _wanted(not context.args, f"samesplit {shlex.join(words)}: {context.args} are left over")
    return dict(context.params)


def _targets(words: list[str]) -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):(?!=)", text, re.MULTILINE))
    for word in words:
        name, given, _ = word.partition("=")
        if given:
            _wanted(re.search(rf"\b{name}\b", text), f"the Makefile knows no variable {name}")
        else:
            _wanted(word in targets, f"the Makefile has no target {word}")


def _packages(words: list[str]) -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = set(tomllib.load(file)["project"]["optional-dependencies"])
    while words and words[0] in ("pip", "install", "run", "tool"):
        words = words[1:]
    for word in words:
        if word.startswith("-") or word.endswith((".txt", ".whl", ".tar.gz")) or "://" in word:
            continue
        wanted = Requirement(
            word.replace(".[", "samesplit[")
            if word.startswith(".") and word != "."
            else "samesplit"
            if word == "."
            else word
        )
        if wanted.name == "samesplit":
            _wanted(wanted.extras <= extras, f"there is no extra {wanted.extras - extras}")


def _script(words: list[str]) -> None:
    if words[:1] == ["-m"]:
        _wanted(words[1:2], "python -m without a module")
        return
    path = ROOT / words[0]
    _wanted(words[0].startswith("-") or path.is_file() or "/" not in words[0], f"there is no {words[0]}")
    if path.is_file():
        text = path.read_text(encoding="utf-8")
        for word in words[1:]:
            if word.startswith("--"):
                _wanted(f'"{word.partition("=")[0]}"' in text, f"{words[0]} knows no {word}")
