from __future__ import annotations

from typing import Literal

from pydantic import Field

from samesplit.declarations import Declaration
from samesplit.markdown import attribute_docstrings, code, plain, settings_table, table


class Settings(Declaration):
    """Some settings."""

    size: int
    """How many
    columns."""
    way: Literal["fast", "slow"] = "fast"
    """Whether to *hurry*."""
    seen: bool = False
    names: tuple[str, ...] = ("a", "b")
    limit: float | None = Field(default=None, ge=0)
    """The most."""


def test_a_table_has_a_head_a_rule_and_its_rows() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_signs_mean_themselves_outside_of_code() -> None:
    assert plain("a_b *c* | <d> `e_f`") == r"a\_b \*c\* \| \<d> `e_f`"
    assert code("a|b") == r"`a\|b`"


def test_the_strings_below_attributes_are_their_meanings() -> None:
    assert attribute_docstrings(Settings)["size"] == "How many columns."
    assert attribute_docstrings(Settings)["seen"] == ""


def test_settings_are_listed_with_defaults_choices_and_meanings() -> None:
    lines = settings_table(Settings, {"seen": "Who looked."}).splitlines()
    assert lines[2:] == [
        "| `size` | must be given | How many columns. |",
        r"| `way` | `fast` | `fast` or `slow`. Whether to \*hurry\*. |",
        "| `seen` | `false` | Who looked. |",
        "| `names` | `[a, b]` |  |",
        "| `limit` | none | The most. |",
    ]
    assert len(settings_table(Settings, only=["size"]).splitlines()) == 3


class Derived(Settings):
    """Settings that add to others."""

    seen: bool = True
    """Who looked."""
    more: dict[str, int] = Field(default_factory=dict)
    """Whatever else."""


def test_settings_of_a_base_keep_their_meanings_and_an_empty_default_need_not_be_given() -> None:
    lines = settings_table(Derived).splitlines()
    assert lines[2] == "| `size` | must be given | How many columns. |"
    assert lines[4] == "| `seen` | `true` | Who looked. |"
    assert lines[-1] == "| `more` | none | Whatever else. |"
