from __future__ import annotations

import io

from rich.console import Console

from samesplit.run.progress import RichReporter, SilentReporter


def drawn() -> tuple[RichReporter, io.StringIO]:
    text = io.StringIO()
    return RichReporter(Console(file=text, force_terminal=True, width=120)), text


def test_a_stage_has_a_bar_with_its_title_and_count() -> None:
    reporter, text = drawn()

    with reporter.stage("Features ct-default") as advance:
        advance(0, 7)
        advance(3, 7)

    assert "Features ct-default" in text.getvalue()
    assert "3/7" in text.getvalue()


def test_pieces_have_a_bar_each() -> None:
    reporter, text = drawn()

    with reporter.pieces() as advance:
        advance("lung.zip", 1, 4)
        advance("brain.zip", 2, None)
        advance("lung.zip", 4, 4)

    assert "lung.zip" in text.getvalue()
    assert "4/4" in text.getvalue()
    assert "brain.zip" in text.getvalue()


def test_a_line_is_printed_as_it_stands() -> None:
    reporter, text = drawn()

    reporter.say("The cache is being cleaned: waiting for it.")

    assert text.getvalue().strip() == "The cache is being cleaned: waiting for it."


def test_silence_is_kept(capsys: object) -> None:
    reporter = SilentReporter()

    with reporter.stage("Anything") as advance:
        advance(1, 2)
    reporter.say("Anything")

    assert capsys.readouterr() == ("", "")  # type: ignore[attr-defined]
