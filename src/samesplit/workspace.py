"""Where things are: the workspace, its benchmarks, profiles and models, and the files that ship built in."""

from __future__ import annotations

import csv
import difflib
import re
import shlex
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from samesplit.errors import WorkspaceError

__all__ = [
    "Workspace",
    "builtin_folder",
    "designs",
    "find_benchmark",
    "find_workspace",
    "init_workspace",
    "is_composed",
    "is_design",
]

NOUNS = ("benchmarks", "features", "models")


@dataclass(frozen=True)
class Workspace:
    """A folder with `benchmarks/`, `features/`, `models/` and `reports/`.

    Attributes:
        root: The folder.
    """

    root: Path

    @property
    def reports(self) -> Path:
        """Where runs write."""
        return self.root / "reports"

    @property
    def cache(self) -> Path:
        """Where finished pieces of work are kept by the hash of what they were made from."""
        return self.reports / ".cache"

    @property
    def tracking_store(self) -> Path:
        """The MLflow store, one SQLite file."""
        return self.root / "mlflow.db"

    def find_yaml(self, noun: str, name: str) -> Path:
        """Find the YAML file of a profile (`features`) or model (`models`): the workspace's own or the built-in.

        Raises:
            WorkspaceError: There is no such file; the message names the nearest.
        """
        for folder in (self.root / noun, builtin_folder() / noun):
            path = folder / f"{name}.yaml"
            if path.is_file():
                return path
        names = self.names(noun)
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise WorkspaceError(
            f"there is no {noun}/{name}.yaml",
            where=self.root,
            remedy=f"{hint}There are: {', '.join(names) or 'none'}",
        )

    def names(self, noun: str) -> list[str]:
        """Return the names of all profiles (`features`) or models (`models`), the workspace's and the built-in."""
        folders = (self.root / noun, builtin_folder() / noun)
        return sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})


def builtin_folder() -> Path:
    """Find the folder of the built-in benchmarks, profiles and models: in the wheel or the repository."""
    packaged = Path(__file__).parent / "builtin"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


def find_benchmark(
    name_or_folder: str | Path, *, start: Path | None = None, design: bool = False
) -> tuple[Workspace, Path]:
    """Find a benchmark's folder and the workspace that it runs in.

    Args:
        name_or_folder: A benchmark's folder, a workspace that holds one benchmark, or a name looked for in the
            workspace around `start` and among the built-in benchmarks.
        start: Where to look from; default: the current folder.
        design: Whether the design of a published study, which has no patients, will do.

    Raises:
        WorkspaceError: There is no such benchmark (the message names those there are), or it is a design and
            patients are needed (the message names both ways to get some).
    """
    workspace, folder = _find(name_or_folder, (start or Path.cwd()).resolve())
    if not design and is_design(folder):
        raise WorkspaceError(
            "is the design of a published study and has no patients",
            where=folder,
            remedy=f"fill it with patients of your own: samesplit init my-study --from {folder.name}; "
            f"or run it on synthetic patients of the same design: samesplit run {folder.name} --synthetic",
        )
    return workspace, folder


def is_design(folder: Path) -> bool:
    """Whether a folder is the design of a published study, without patients.

    It describes a study (`study.yaml`), holds no lesions.csv, and its benchmark.yaml names no data.
    """
    described = (folder / "study.yaml").is_file() and not (folder / "lesions.csv").exists()
    try:
        text = (folder / "benchmark.yaml").read_text(encoding="utf-8") if described else ""
    except (OSError, UnicodeDecodeError):
        return False
    return described and re.search(r"^data\s*:", text, re.MULTILINE) is None


def designs() -> list[str]:
    """Return the names of the published studies that come built in, sorted."""
    found = (builtin_folder() / "benchmarks").glob("*/study.yaml")
    return sorted(path.parent.name for path in found if is_design(path.parent))


COMPOSED = "# Composed from "
"""How the benchmark.yaml begins that was made from a study, one of its variants or a size of synthetic cohort."""


def is_composed(folder: Path) -> bool:
    """Whether a benchmark was made from a study by `samesplit run` with `--synthetic` or `--variant`."""
    try:
        with (folder / "benchmark.yaml").open(encoding="utf-8") as file:
            return file.readline().startswith(COMPOSED)
    except (OSError, UnicodeDecodeError):
        return False


def _find(name_or_folder: str | Path, here: Path) -> tuple[Workspace, Path]:
    """Return a benchmark's folder and workspace, be it a design or not."""
    given = here / name_or_folder
    if (given / "benchmark.yaml").is_file():
        return _workspace_of(given.resolve(), here), given.resolve()
    inside = _benchmarks_in(given)
    inside = [folder for folder in inside if not is_composed(folder)] or inside
    if len(inside) == 1:
        return Workspace(given.resolve()), inside[0]
    if inside:
        names = ", ".join(folder.name for folder in inside)
        raise WorkspaceError("holds several benchmarks", where=given, remedy=f"name one of them: {names}")
    around = find_workspace(here)
    name = str(name_or_folder).removeprefix("benchmarks/").rstrip("/")
    for root in (around.root, builtin_folder()):
        folder = root / "benchmarks" / name
        if (folder / "benchmark.yaml").is_file():
            return around, folder.resolve()
    known = sorted({f.name for root in (around.root, builtin_folder()) for f in _benchmarks_in(root)})
    near = difflib.get_close_matches(name, known, n=1)
    raise WorkspaceError(
        f"there is no benchmark '{name_or_folder}'",
        where=here,
        remedy=(f"did you mean '{near[0]}'? " if near else "")
        + f"There are: {', '.join(known) or 'none'}. "
        + f"Make a new one with: samesplit init {shlex.quote(str(name_or_folder))}",
    )


def _benchmarks_in(root: Path) -> list[Path]:
    return sorted(path.parent.resolve() for path in root.glob("benchmarks/*/benchmark.yaml"))


def _workspace_of(benchmark: Path, here: Path) -> Workspace:
    if benchmark.parent.name == "benchmarks" and not benchmark.is_relative_to(Path(__file__).parent):
        return Workspace(benchmark.parent.parent)
    around = find_workspace(here)
    return around if benchmark.is_relative_to(Path(__file__).parent) else Workspace(benchmark.parent)


def find_workspace(here: Path) -> Workspace:
    """Return the workspace that a folder lies in, else the folder itself."""
    for folder in (here, *here.parents):
        if all((folder / noun).is_dir() for noun in NOUNS):
            return Workspace(folder)
    return Workspace(here)


def init_workspace(folder: Path, *, design: Path | None = None) -> list[Path]:
    """Make a workspace with one empty benchmark named like the folder; files that exist are left alone.

    Inside an existing workspace only the benchmark is made, as `benchmarks/<name>`.

    Args:
        folder: The new workspace, for example `my-study`.
        design: The folder of a published study to begin from; its files are copied, and the tables that its
            columns.csv defines are written with a header line only.

    Returns:
        The files that were written.
    """
    written: list[Path] = []
    around = find_workspace(folder.resolve().parent)
    inside = all((around.root / noun).is_dir() for noun in NOUNS)
    root = around.root if inside else folder.resolve()
    templates = Path(__file__).parent / "templates"
    benchmark = root / "benchmarks" / benchmark_name(folder.resolve().name)
    try:
        if design is not None:
            written += _begin_from(design, benchmark)
        for template in sorted(templates.glob("benchmark/*")) if design is None else ():
            text = template.read_text(encoding="utf-8").replace("@NAME@", benchmark.name)
            written += _write_new(benchmark / template.name, text)
        if not inside:
            for noun in ("features", "models"):
                for source in sorted((builtin_folder() / noun).glob("*.[ym][ad]*")):
                    written += _write_new(root / noun / source.name, source.read_text(encoding="utf-8"))
            for template in sorted(templates.glob("workspace/dot-*")):
                name = template.name.replace("dot-", ".")
                written += _write_new(root / name, template.read_text(encoding="utf-8"))
            (root / "reports").mkdir(exist_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"the workspace cannot be made ({error.strerror})", where=folder, remedy="choose another folder"
        ) from error
    return written


_OF_A_DESIGN = ("*.yaml", "columns.csv", "published.csv", "variants/*.yaml", "example/*.csv")


def _begin_from(design: Path, benchmark: Path) -> list[Path]:
    """Copy the files of a design, and write its tables with a header line only."""
    written: list[Path] = []
    for source in sorted(path for pattern in _OF_A_DESIGN for path in design.glob(pattern)):
        text = source.read_text(encoding="utf-8")
        if source == design / "benchmark.yaml":
            text = f"# Begun from the published study {design.name} (samesplit init --from {design.name}).\n{text}"
        written += _write_new(benchmark / source.relative_to(design), text)
    headers: dict[str, list[str]] = {}
    with (design / "columns.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            headers.setdefault(row["table"], []).append(row["column"])
    for table, columns in headers.items():
        written += _write_new(benchmark / f"{table}.csv", ",".join(columns) + "\n")
    return written


def benchmark_name(folder: str) -> str:
    """Return the name of a benchmark after that of a folder: letters, digits, dot, underscore and hyphen.

    Example:
        >>> benchmark_name("Meine Studie (Übung)"), benchmark_name("my-study_2.1"), benchmark_name("研究")
        ('Meine-Studie-Ubung', 'my-study_2.1', 'study')
    """
    plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._") or "study"


def _write_new(path: Path, text: str) -> list[Path]:
    if path.exists():
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    shutil.move(temporary, path)
    return [path]
