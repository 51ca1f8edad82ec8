"""Fenced code blocks of Markdown pages, with the place where they stand."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
SHELL = ("", "sh", "bash", "console")
PARSED = ("yaml", "csv", "json", "toml")
KNOWN = (*SHELL, *PARSED, "python", "text")


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        page: The page, from the root of the repository.
        line: The line of the first fence.
        end: The line after the last fence.
        tag: The language, `python`; empty where there is none.
        text: What stands between the fences.
        before: The prose between the last block and this one, without blank lines around.
    """

    page: str
    line: int
    end: int
    tag: str
    text: str
    before: str = ""

    @property
    def place(self) -> str:
        """The page and line, as an editor opens it."""
        return f"{self.page}:{self.line}"

    @property
    def code(self) -> str:
        """The text on the lines on which it stands in the page, so that errors name them."""
        return "\n" * self.line + self.text


def all_pages(root: Path = ROOT) -> list[str]:
    """Return the pages whose blocks are run: README, CONTRIBUTING, docs and the four READMEs of the nouns."""
    nouns = [root / noun / "README.md" for noun in ("benchmarks", "features", "models", "reports")]
    pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md")), *nouns]
    return [path.relative_to(root).as_posix() for path in pages if path.is_file()]


def blocks_of(page: str, root: Path = ROOT) -> list[Block]:
    """Return the fenced blocks of a page, from top to bottom."""
    return find_blocks((root / page).read_text(encoding="utf-8"), page)


def find_blocks(markdown: str, page: str = "page.md") -> list[Block]:
    """Return the fenced blocks of Markdown text.

    Blocks inside of lists count, and so do those that are indented below the head of a box (`!!! note`).
    """
    lines = markdown.splitlines()
    blocks: list[Block] = []
    last = 0
    for start, end, tag, text in _fences(markdown):
        before = "\n".join(lines[last:start]).strip()
        blocks.append(Block(page, start + 1, end + 1, tag, text, before))
        last = end
    return blocks


def _fences(markdown: str, offset: int = 0) -> Iterator[tuple[int, int, str, str]]:
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.map is None:
            continue
        start, end = token.map[0] + offset, token.map[1] + offset
        if token.type == "fence":
            yield start, end, (token.info.split() or [""])[0], token.content
        elif token.type == "code_block" and ("```" in token.content or "~~~" in token.content):
            yield from _fences(textwrap.dedent(token.content), start)
