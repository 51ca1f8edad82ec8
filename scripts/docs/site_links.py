"""Where a link in a Markdown file of the repository leads to, in the repository and on the site.

The files are written to be read where they lie: links go from file to file, as on any host of code. On the site
a page is where its file is, without `docs/`, and a link that shows the name of a file shows the title of its page.
A file that is no page has no place there, and a link to it becomes its name.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = [
    "GUESTS",
    "HOME",
    "ROOT",
    "Link",
    "for_the_site",
    "links_of",
    "place_on_site",
    "prose_lines",
    "repository_url",
    "title_of",
    "without_escaped_brackets",
]

ROOT = Path(__file__).parents[2]

HOME = "index.md"

GUESTS = (
    "benchmarks/README.md",
    "features/README.md",
    "models/README.md",
    "reports/README.md",
    "scripts/bench/README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
)
"""Pages of the site that lie outside of `docs/`."""

_FENCE = re.compile(r"^\s*(```+|~~~+)")
_LINK = re.compile(
    r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]"
    r"\((?P<target>[^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)"  # a DOI may hold brackets
)
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class Link:
    """A link in a line of Markdown.

    Attributes:
        text: What is shown, as Markdown.
        path: The file, relative to the file of the link; empty for a place on the same page.
        anchor: The place in it; empty for the whole page.
        target: Both, as written.
        is_image: Whether it shows the file.
        is_external: Whether it leads out of the repository.
    """

    def __init__(self, match: re.Match[str]) -> None:
        self.text, self.target = match["text"], match["target"]
        self.is_image = bool(match["image"])
        self.is_external = _ELSEWHERE.match(self.target) is not None
        self.path, _, self.anchor = ("", "", "") if self.is_external else self.target.partition("#")


def prose_lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield every line with its number, and whether it is prose: not inside a block of code."""
    fence = ""
    for number, line in enumerate(text.split("\n"), start=1):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
            yield number, line, False
        else:
            yield number, line, not fence


def links_of(text: str) -> Iterator[tuple[int, Link]]:
    """Yield the links of a page with the numbers of their lines."""
    for number, line, is_prose in prose_lines(text):
        if is_prose:
            for match in _LINK.finditer(line):
                yield number, Link(match)


def repository_url() -> str | None:
    """Return the address of the repository that pyproject.toml names, if it does, without a slash at its end."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    urls = {name.casefold(): url for name, url in project.get("urls", {}).items()}
    url = next(
        (urls[name] for name in ("repository", "source", "source code", "homepage") if name in urls), None
    )
    return url.rstrip("/") if url else None


def place_on_site(path: str) -> str | None:
    """Return where a file of the repository is on the site; None for one that is not there.

    Args:
        path: Relative to the root of the repository.
    """
    if path == "README.md":
        return HOME
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return path if path in GUESTS else None


def for_the_site(text: str, *, source: str, page: str) -> str:
    """Turn the links of a file into those of its page on the site.

    Args:
        text: The file, as Markdown.
        source: Its path in the repository.
        page: Its path on the site.
    """
    replace = _replacing(source, page)
    return "\n".join(
        _LINK.sub(replace, line) if is_prose else line for _, line, is_prose in prose_lines(text)
    )


def without_escaped_brackets(text: str) -> str:
    r"""Write `\<` as HTML does, outside of code: the site's Markdown knows the other backslashes alone."""
    return "\n".join(
        re.sub(r"(`+[^`]*`+)|\\<", lambda found: found[1] or "&lt;", line) if is_prose else line
        for _, line, is_prose in prose_lines(text)
    )


def title_of(path: str) -> str:
    """Return the title of a page, by its path in the repository."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return next((line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")), path)


def _replacing(source: str, page: str) -> Callable[[re.Match[str]], str]:
    address = repository_url()

    def replace(match: re.Match[str]) -> str:
        link = Link(match)
        if link.is_external or not link.path:
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link.path))
        place = place_on_site(path)
        if place is not None:
            anchor = f"#{link.anchor}" if link.anchor and path != "README.md" else ""
            target = posixpath.relpath(place, posixpath.dirname(page) or ".") + anchor
            named_by_file = not link.is_image and link.text.strip("`").endswith(".md")
            return f"{match['image']}[{title_of(path) if named_by_file else link.text}]({target})"
        if address is not None:
            kind = "tree" if (ROOT / path).is_dir() else "blob"
            return f"{match['image']}[{link.text}]({address}/{kind}/main/{path})"
        return link.text if "`" in link.text else f"{link.text} (`{path}`)"

    return replace
