"""The command line: one thin function per verb, listed in the order of the way from cohort to report."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from samesplit.cli import (
    audit,
    cohort,
    export,
    extract,
    features,
    importing,
    leaderboard,
    learning_curve,
    models,
    nnunet,
    plan,
    readers,
    reproduce,
    runs,
    studies,
)
from samesplit.cli.console import echo
from samesplit.cli.examples import epilog
from samesplit.cli.serving import ENDING
from samesplit.errors import PredictionsError, SamesplitError
from samesplit.version import __version__

__all__ = ["app", "main"]

_VERBS: dict[str, Callable[..., None]] = {
    "init": cohort.init,
    "fetch": cohort.fetch,
    "validate": cohort.validate,
    "split": cohort.split,
    "show": cohort.show,
    "run": runs.run,
    "compare": runs.compare,
    "forget": runs.forget,
    "report": runs.report,
    "push": runs.push,
    "board": leaderboard.board,
    "submit": leaderboard.submit,
    "export": export.export,
    "ui": runs.ui,
    "clean": runs.clean,
    "audit": audit.audit,
    "reproduce": reproduce.reproduce,
    "learning-curve": learning_curve.learning_curve,
    "plan readers": plan.readers,
    "plan model": plan.model,
    "plan validation": plan.validation,
    "plan comparison": plan.comparison,
    "readers": readers.readers,
    "studies": studies.studies,
    "extract": extract.extract,
    "perturb": features.perturb,
    "ibsi": features.ibsi,
    "features list": features.list_features,
    "engines compare": features.compare_engines,
    "models list": models.list_models,
    "import kits": importing.kits,
    "import medmnist": importing.medmnist,
    "import nnunet": importing.nnunet,
    "nnunet export": nnunet.export,
    "nnunet import": nnunet.import_masks,
}
"""What to type, in the order of `samesplit --help`; groups come last there."""

_GROUPS = {
    "plan": "Plan a study: how many readers, cases, patients and events.",
    "features": "The features that there are.",
    "engines": "The engines that compute features.",
    "models": "The models that there are.",
    "import": "Make benchmarks of public cohorts: KiTS, MedMNIST, nnU-Net datasets.",
    "nnunet": "Exchange with nnU-Net v2.",
}

_STOPPED = (130, *(128 + number for number in ENDING))
"""Exit codes of a command that was ended by Ctrl-C or a signal."""

_GONE = (
    "the folder that this command was typed in has been deleted\n"
    "Remedy: go to a folder that is there (cd), and type the command again"
)

_NO_SUCH_PATH = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR)
"""Errors of a path that cannot be: too long, a circle of links, a file for a folder, or a folder for a file."""

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
"""Errors of the disk that may arise inside any library: full, over quota, read-only, not allowed, broken."""


_MORE_SHOWN = 10
"""Faults of predictions that are shown beside the first."""


def main() -> None:
    """Run the command line; what goes wrong on purpose is one clear message and exit code 1."""
    _end_when_asked()
    try:
        app()
    except SamesplitError as error:
        _fail(_GONE if _folder_is_gone() else _told(error))
    except OSError as error:
        if _folder_is_gone():
            _fail(_GONE)
        if error.errno in _NO_SUCH_PATH:
            _fail(f"{error.filename}: {error.strerror}\nRemedy: check the name of the file or folder")
        if error.errno not in _DISK:
            raise
        where = f"{error.filename}: " if error.filename else ""
        _fail(
            f"{where}{error.strerror}\nRemedy: free some disk space, or see to it that this file or folder "
            "(or TMPDIR) may be read and written; what was finished is kept, and the same command goes on "
            "from there"
        )
    except SystemExit as stopped:
        if stopped.code in _STOPPED:
            Console(stderr=True).print(
                "Stopped. What was finished is kept; the same command goes on from there."
            )
        raise


def _told(error: SamesplitError) -> str:
    """Return the first fault, and how many were found along with it."""
    count = len(error.more)
    if not count:
        return str(error)
    if isinstance(error, PredictionsError) or sys.argv[1:2] in (["readers"], ["reproduce"], ["extract"]):
        # of files that need not be a benchmark's
        others = "".join(f"\n{other}" for other in error.more[:_MORE_SHOWN])
        rest = f"\nAnd {count - _MORE_SHOWN} more." if count > _MORE_SHOWN else ""
        return f"{error}{others}{rest}"
    return (
        f"{error}\nAnd {count} more fault{'s' * (count > 1)}: samesplit validate lists all, with their lines."
    )


def _end_when_asked() -> None:
    """Let `kill` and a closed terminal end the command as Ctrl-C does, with its processes."""

    def end(number: int, _: object) -> NoReturn:
        sys.exit(128 + number)

    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:  # `nohup` has it ignored, which stays
            signal.signal(number, end)


def _folder_is_gone() -> bool:
    """Whether the folder that the command was typed in has been deleted."""
    try:
        os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return True
    return False


def _fail(message: str) -> NoReturn:
    Console(stderr=True).print(f"[bold red]Error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        echo(f"samesplit {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


def _program() -> typer.Typer:
    program = typer.Typer(
        name="samesplit",
        help="Radiomics, CNNs, clinical models and readers judged on the same patients, in one frozen split.",
        epilog=epilog(""),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    program.callback()(_options)
    groups = {"": program}
    for name, what in _GROUPS.items():
        groups[name] = typer.Typer(
            help=what, epilog=epilog(name), no_args_is_help=True, rich_markup_mode=None
        )
        program.add_typer(groups[name], name=name)
    for words, verb in _VERBS.items():
        group, _, name = words.rpartition(" ")
        groups[group].command(name, epilog=epilog(words))(verb)
    return program


app = _program()
