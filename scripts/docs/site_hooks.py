"""Hooks of MkDocs: pages from outside of docs/, links from file to file, and what the code says of itself."""

from __future__ import annotations

import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from site_links import GUESTS, ROOT, for_the_site, without_escaped_brackets
from site_reference import WRITTEN

_NAMED = re.compile(r"(?<![\w/.\"=>-])docs/([\w/-]+\.md)(?!\w|[^<>]*</a>)")
_MARK = re.compile(r"^<!-- written by the site: ([a-z-]+) -->$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """While a writer looks on, build again when anything that is shown changes."""
    config.watch += [str(ROOT / path) for path in (*GUESTS, "src", "scripts/docs")]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside of docs/."""
    for path in GUESTS:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead the pages that docstrings name, as in `docs/intervals.md`, to where they are."""
    if not page.file.src_uri.startswith("reference/"):
        return html
    return _NAMED.sub(lambda named: _led_from(page, named, files), html)


def _led_from(page: Page, named: re.Match[str], files: Files) -> str:
    file = files.get_file_from_path(named[1])
    return f'<a href="{file.url_relative_to(page.file)}">{named[0]}</a>' if file is not None else named[0]


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead the links of a file to the pages of the site, and write what comes from the code."""
    place = page.file.src_uri
    source = place if place in GUESTS else f"docs/{place}"
    written = _MARK.sub(lambda mark: WRITTEN[mark[1]](), for_the_site(markdown, source=source, page=place))
    return without_escaped_brackets(written)
