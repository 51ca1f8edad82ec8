from __future__ import annotations

from samesplit.reproduction.studies import known_studies, rules_of


def test_a_study_is_known_by_the_name_in_its_column() -> None:
    assert "Xi 2020" in known_studies()
    assert rules_of("a study of one's own").rules == ()
