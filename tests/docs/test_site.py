"""The pages of the documentation: each has its place in the navigation, and no link leads nowhere."""

from __future__ import annotations

import importlib.util
import posixpath
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

import samesplit
from samesplit import statistics
from samesplit.statistics import planning

ROOT = Path(__file__).parents[2]


@cache
def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class _Settings(yaml.SafeLoader):
    """Reads mkdocs.yml, which names functions of Python; they are left out."""


_Settings.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: None)


def _settings() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), _Settings)
    return found


def _navigation(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            if isinstance(value, str):
                yield value
            else:
                yield from _navigation(value)


def _markdown_files() -> list[str]:
    """The pages of the repository, by their paths in it."""
    deep = [path for folder in ("docs", "scripts") for path in (ROOT / folder).rglob("*.md")]
    nouns = ("", "benchmarks", "features", "models", "reports")
    flat = [path for folder in nouns for path in (ROOT / folder).glob("*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in deep + flat)


@cache
def _text(path: str) -> str:
    """A page with what the site writes into it."""
    text = (ROOT / path).read_text(encoding="utf-8")
    marks = re.findall(r"^<!-- written by the site: ([a-z-]+) -->$", text, flags=re.MULTILINE)
    for mark in marks:
        text = text.replace(
            f"<!-- written by the site: {mark} -->", _script("site_reference").WRITTEN[mark]()
        )
    return text


@cache
def _anchors(path: str) -> set[str]:
    """The places of a page that a link may lead to, as GitHub and the site name them."""
    found = set()
    for _, line, is_prose in _script("site_links").prose_lines(_text(path)):
        heading = re.match(r"#+ (.*?)(?: \{ #([\w-]+) \})?$", line)
        if is_prose and heading:
            shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            found.add(heading[2] or re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-"))
        elif line.startswith("::: "):
            found.add(line.removeprefix("::: "))
    return found


def test_every_page_has_one_place_in_the_navigation() -> None:
    places = list(_navigation(_settings()["nav"]))
    pages = [_script("site_links").place_on_site(path) for path in _markdown_files() if path != "README.md"]

    assert len(places) > 60
    assert sorted(page for page in pages if page) == sorted(places)


@pytest.mark.parametrize("path", _markdown_files())
def test_every_link_leads_to_a_file_and_to_a_heading_that_is_there(path: str) -> None:
    dead = []
    for line, link in _script("site_links").links_of((ROOT / path).read_text(encoding="utf-8")):
        if link.is_external:
            if not re.fullmatch(r"https://[\w.-]+\.[a-z]{2,}(/\S*)?", link.target):
                dead.append(f"line {line}: {link.target} is no address of the web")
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link.path)) if link.path else path
        if not (ROOT / target).exists():
            dead.append(f"line {line}: there is no {target}")
        elif link.anchor and link.anchor not in _anchors(target):
            dead.append(f"line {line}: {target} has no heading #{link.anchor}")

    assert dead == []


def test_links_are_found_outside_of_blocks_of_code() -> None:
    text = "See [a](a.md#b), ![c](c.png), [d](https://doi.org/10.1016/S0893-6080(05)80023-1).\n```\n[no](link)\n```\n"

    links = [link for _, link in _script("site_links").links_of(text)]

    assert [(one.path, one.anchor, one.is_image) for one in links[:2]] == [
        ("a.md", "b", False),
        ("c.png", "", True),
    ]
    assert [one.target for one in links[2:]] == ["https://doi.org/10.1016/S0893-6080(05)80023-1"]
    assert links[2].is_external


def test_links_between_files_become_links_between_pages() -> None:
    turn = _script("site_links").for_the_site

    def on_site(text: str, source: str) -> str:
        return str(turn(text, source=source, page=_script("site_links").place_on_site(source)))

    assert (
        on_site("[b](../benchmarks/README.md#repairs)", "docs/checks.md")
        == "[b](benchmarks/README.md#repairs)"
    )
    assert on_site("[docs/claims.md](docs/claims.md)", "CONTRIBUTING.md").endswith("](claims.md)")
    assert "docs/claims.md" not in on_site("[docs/claims.md](docs/claims.md)", "CONTRIBUTING.md")
    assert on_site("[kinds](../docs/models.md)", "models/README.md") == "[kinds](../models.md)"
    assert on_site("`[a](b.md)`\n```\n[a](../x.py)\n```", "docs/checks.md").endswith("[a](../x.py)\n```")


def test_an_escaped_bracket_is_no_tag_and_code_stays_as_it_is() -> None:
    turned = _script("site_links").without_escaped_brackets

    assert turned(r"\<name> and `\<b>`" + "\n```\n\\<b>\n```") == "&lt;name> and `\\<b>`\n```\n\\<b>\n```"


def test_a_link_to_code_is_one_to_the_repository_or_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    links = _script("site_links")
    text, source = "[the order](../src/samesplit/ordering.py)", "docs/checks.md"

    monkeypatch.setattr(links, "repository_url", lambda: None)
    assert (
        links.for_the_site(text, source=source, page="checks.md") == "the order (`src/samesplit/ordering.py`)"
    )
    monkeypatch.setattr(links, "repository_url", lambda: "https://example.org/code")
    assert "https://example.org/code/blob/main/src/" in links.for_the_site(
        text, source=source, page="checks.md"
    )


def test_the_reference_shows_every_public_name_once() -> None:
    pages = [path for path in _markdown_files() if path.startswith("docs/reference/")]
    shown = [name for path in pages for name in re.findall(r"^::: (\S+)$", _text(path), flags=re.MULTILINE)]
    place_of = _script("site_reference").place_of
    names = [f"samesplit.{name}" for name in samesplit.__all__ if name not in ("__version__", "statistics")]
    names += [place_of(name) for name in statistics.__all__]
    names += [f"{planning.__name__}.{name}" for name in planning.__all__]

    assert sorted(shown) == sorted(names)


def test_the_list_of_statistics_says_what_each_is_constants_too() -> None:
    rows = _script("site_reference").WRITTEN["statistics"]().splitlines()[2:]

    assert len(rows) == len(statistics.__all__)
    assert [row for row in rows if row.endswith("|  |") or "0x" in row] == []
    assert any(row.startswith("| [`AUC`]") and row.endswith(", ties as half). |") for row in rows)


def test_the_reference_of_commands_has_every_verb_with_its_options_and_examples() -> None:
    page = _script("site_reference").WRITTEN["commands"]()

    assert "## `samesplit plan readers` { #samesplit-plan-readers }" in page
    assert "| `--folds <number>` | Folds of kfold. | at least 2 |" in page
    assert "samesplit run my-study --shuffle-labels 1" in page


def test_every_key_of_benchmark_yaml_has_a_meaning() -> None:
    page = _script("site_reference").WRITTEN["benchmark-keys"]()
    rows = [line for line in page.splitlines() if line.startswith("| `")]

    assert len(rows) > 70
    assert [row for row in rows if row.endswith("|  |")] == []
    assert "## `statistics.operating_point`" in page


def test_every_name_in_a_run_s_folder_has_a_meaning() -> None:
    rows = _script("site_reference").WRITTEN["names-of-files"]().splitlines()[2:]

    assert len(rows) > 30
    assert [row for row in rows if row.endswith("|  |")] == []
