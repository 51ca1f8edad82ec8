from __future__ import annotations

import itertools
from pathlib import Path

from samesplit.reports.context import make_context
from samesplit.reports.palette import styles_for
from samesplit.reports.run_folder import read_run


def test_eight_models_have_eight_colours_and_sixteen_differ_in_something() -> None:
    names = [f"m{i}" for i in range(16)]
    styles = styles_for(names)
    assert len({styles[name].colour for name in names[:8]}) == 8
    for first, second in itertools.combinations(names, 2):
        assert styles[first] != styles[second]


def test_controls_are_grey_and_do_not_take_a_colour() -> None:
    styles = styles_for(["zero", "a", "size", "b"], ["zero", "size"])
    assert styles["a"] == styles_for(["a"])["a"]
    assert styles["b"].colour != styles["a"].colour
    assert styles["zero"].colour == styles["size"].colour
    assert styles["zero"] != styles["size"]


def test_readers_stand_unaided_first_with_their_mean_last(full_run: Path) -> None:
    context = make_context(read_run(full_run))
    assert [reader.modality for reader in context.readers] == ["unaided"] * 5 + ["aided"] * 5
    assert [reader.is_mean for reader in context.readers] == ([False] * 4 + [True]) * 2


def test_a_reader_id_with_a_slash_is_kept_whole(full_run: Path) -> None:
    data = read_run(full_run)
    data.results["model"] = data.results["model"].str.replace("Reader 1", "A/B")
    readers = [reader.reader for reader in make_context(data).readers]
    assert readers[0] == "A/B"


def test_models_without_results_are_left_out_and_unknown_ones_are_kept(full_run: Path) -> None:
    data = read_run(full_run)
    data.results["model"] = data.results["model"].replace({"clinical": "made-elsewhere"})
    models = make_context(data).models
    assert "clinical" not in [model.name for model in models]
    last = [model for model in models if not model.is_control][-1]
    assert (last.name, last.kind) == ("made-elsewhere", "external")
    assert [model.is_control for model in models] == sorted(model.is_control for model in models)
