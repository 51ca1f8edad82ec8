from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from samesplit.errors import SamesplitError
from samesplit.reports import build_report, make_report
from samesplit.reports.document import Report

Copy = Callable[[Path], Path]

VOID = {"meta", "br", "hr", "img", "input", "link", "col"}
HOSTILE = '<script>alert("x")</script>&\''


class Checker(HTMLParser):
    """Collects ids, links and tags, and complains about tags that do not nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.tags: list[str] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"doubled attribute in <{tag}>")
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href", "action", "poster"):
                self.targets.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-3:]}")
        else:
            self.open.pop()


def check_page(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.problems == []
    assert checker.open == []
    doubled = {name for name in checker.ids if checker.ids.count(name) > 1}
    assert doubled == set()
    for target in checker.targets:
        assert target.startswith(("#", "data:image/png;base64,")), target
        if target.startswith("#"):
            assert target[1:] in checker.ids, target
    assert checker.tags.count("script") == 1
    return checker


@pytest.mark.usefixtures("full_report")
def test_the_page_is_well_formed_and_needs_no_network(full_run: Path) -> None:
    page = (full_run / "report.html").read_text(encoding="utf-8")
    check_page(page)
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|importScripts)\b", page)


def test_every_section_stands_in_the_page_and_in_the_contents(full_run: Path, full_report: Report) -> None:
    page, report = (full_run / "report.html").read_text(encoding="utf-8"), full_report
    assert [section.id for section in report.sections] == [
        "verdict", "checks", "cohort", "ledger", "split", "differences", "curves", "confusion", "radiomics",
        "training", "calibration", "decision-curves", "subgroups", "triage", "readers", "reader-models",
        "reader-aid", "reader-agreement", "errors", "notes", "methods-text", "checklists", "provenance",
    ]  # fmt: skip
    for section in report.sections:
        assert f'<section id="{section.id}"' in page
        assert f'<a href="#{section.id}">' in page


def test_the_same_results_give_the_same_bytes(small_run: Path, copy_of: Copy) -> None:
    folder = copy_of(small_run)
    names = ("report.html", "report.json", "results.csv")
    build_report(folder)
    first = [(folder / name).read_bytes() for name in names]
    elsewhere = Path(shutil.copytree(folder, folder.parent / "another name"))  # with the report in it
    build_report(elsewhere)
    assert [(elsewhere / name).read_bytes() for name in names] == first


@pytest.mark.usefixtures("full_report")
def test_a_full_report_stays_far_below_three_megabytes(full_run: Path) -> None:
    assert (full_run / "report.html").stat().st_size < 2_000_000


def test_sixteen_hundred_lesions_with_large_images_stay_below_three_megabytes(
    maker: ModuleType, tmp_path: Path
) -> None:
    folder = maker.make_run(
        tmp_path / "run",
        n_lesions=1600,
        folds=1,
        seeds=(0,),
        models=("radiomics-grid", "resnet18-25d", "clinical"),
        n_readers=2,
        thumbnail_px=180,
        bootstraps=0,
    )
    size = build_report(folder).stat().st_size
    assert 500_000 < size < 3_000_000


def test_html_in_ids_is_shown_and_not_run(maker: ModuleType, tmp_path: Path) -> None:
    folder = maker.make_run(
        tmp_path / "run",
        n_lesions=60,
        folds=2,
        seeds=(0,),
        models=("radiomics-grid", "resnet18-25d", "clinical"),
        n_readers=2,
        hostile=HOSTILE,
        bootstraps=0,
    )
    # The hostile lesion is pushed into the ledger and into the published results too.
    ledger = pd.read_parquet(folder / "ledger.parquet")
    ledger.loc[0, ["lesion_id", "reason", "sequence"]] = [f"L0{HOSTILE}", f"gone{HOSTILE}", f"T{HOSTILE}"]
    ledger.to_parquet(folder / "ledger.parquet")
    page = build_report(folder).read_text(encoding="utf-8")
    check_page(page)
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") > 10
    assert json.loads((folder / "report.json").read_text())["title"].endswith(HOSTILE)


@pytest.mark.parametrize("name", ["run.json", "lesions", "splits", "predictions", "results"])
def test_a_missing_required_file_is_named(small_run: Path, copy_of: Copy, name: str) -> None:
    folder = copy_of(small_run)
    path = folder / (name if name.endswith(".json") else f"{name}.parquet")
    path.unlink()
    with pytest.raises(SamesplitError, match=rf"{re.escape(path.name)}.*does not exist") as caught:
        build_report(folder)
    assert caught.value.remedy
    assert not (folder / "report.html").exists()


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"run": "r"}'], ids=["damaged", "not a record", "keys missing"]
)
def test_a_damaged_run_json_is_named(small_run: Path, copy_of: Copy, content: str) -> None:
    folder = copy_of(small_run)
    (folder / "run.json").write_text(content)
    with pytest.raises(SamesplitError, match=r"run\.json"):
        build_report(folder)


@pytest.mark.usefixtures("undrawn")
def test_chosen_features_are_told_by_their_ibsi_names_where_they_have_one(small_run: Path) -> None:
    radiomics = next(section for section in make_report(small_run).sections if section.id == "radiomics")
    tables = [block.table for block in radiomics.blocks if block.id.startswith("selection-")]
    meaning = {
        row.cells["feature"].text.rpartition("/")[2]: row.cells["meaning"].text
        for table in tables
        for row in table.rows
    }
    known = {
        "original_glcm_Contrast": "Contrast, 3D, averaged (ACUI)",
        "original_shape_MeshVolume": "Volume (mesh) (RNU0)",
    }
    assert set(known) & set(meaning)
    assert meaning == {feature: known.get(feature, "–") for feature in meaning}


def test_lesions_without_the_needed_columns_are_an_error(small_run: Path, copy_of: Copy) -> None:
    folder = copy_of(small_run)
    lesions = pd.read_parquet(folder / "lesions.parquet")
    lesions.drop(columns="label").to_parquet(folder / "lesions.parquet")
    with pytest.raises(SamesplitError, match="label"):
        build_report(folder)


OPTIONAL = [
    "images", "ledger", "readings", "balance", "confusion", "pairs", "decisions", "thresholds", "thumbnails",
    "curves", "curves/roc", "curves/pr", "curves/calibration", "curves/calibration_smooth",
    "decision_curves", "reclassification", "details", "details/grid", "details/history",
    "details/chosen_features", "catalogue", "folds", "summaries", "summaries/grid_cells", "summaries/chosen_cells",
    "summaries/selected_features", "summaries/selector_stability",
]  # fmt: skip


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("name", [*OPTIONAL, "all"])
def test_any_optional_part_may_be_absent(small_run: Path, copy_of: Copy, name: str) -> None:
    folder = copy_of(small_run)
    for part in OPTIONAL if name == "all" else [name]:
        path = folder / part
        if path.is_dir():
            shutil.rmtree(path)
        path.with_name(path.name + ".parquet").unlink(missing_ok=True)
    if name == "all":
        (folder / "notes.json").unlink()
        run = json.loads((folder / "run.json").read_text())
        needed = ("run", "benchmark", "title", "question", "positive", "negative")
        (folder / "run.json").write_text(json.dumps({key: run[key] for key in needed}))
    report = make_report(folder)
    assert report.answer.endswith(".")
    if name == "all":
        check_page(build_report(folder).read_text(encoding="utf-8"))


@pytest.mark.usefixtures("undrawn")
def test_a_cnn_alone_and_an_external_model_alone_have_reports(maker: ModuleType, tmp_path: Path) -> None:
    for model in ("resnet18-25d", "made-elsewhere"):
        folder = maker.make_run(
            tmp_path / model, n_lesions=60, folds=2, seeds=(0,), models=(model,), reference=None, n_readers=0,
            bootstraps=100,
        )  # fmt: skip
        report = make_report(folder)
        assert "radiomics" not in [section.id for section in report.sections]
        assert "reaches an AUC of" in report.answer
        assert "readers" not in [section.id for section in report.sections]


@pytest.mark.usefixtures("undrawn")
def test_a_shuffled_run_has_a_loud_banner(maker: ModuleType, small_run: Path, copy_of: Copy) -> None:
    folder = copy_of(small_run)
    assert make_report(folder).banner == ""
    maker.change_run(folder, options={"shuffle_labels": True})
    page = build_report(folder).read_text(encoding="utf-8")
    assert '<div class="banner" role="alert">PERMUTED LABELS.' in page
    assert make_report(folder).answer.startswith("With permuted labels")


@pytest.mark.usefixtures("full_report")
def test_the_json_twin_holds_every_number_of_every_table(full_run: Path) -> None:
    text = (full_run / "report.json").read_text(encoding="utf-8")
    tables = list(_tables(json.loads(text)))
    shown = CellReader((full_run / "report.html").read_text(encoding="utf-8")).cells
    assert len(tables) == len(shown)
    for table in tables:
        expected = []
        for row in table["rows"]:
            for column in table["columns"]:
                if column["kind"] != "forest" and column["key"] in row["cells"]:
                    value = row["cells"][column["key"]]["value"]
                    expected.append("" if value is None else str(value))
        assert shown[table["id"]] == expected, table["id"]
    assert "<svg" not in text


@pytest.mark.usefixtures("full_report")
def test_the_verdict_carries_the_results_at_full_precision(full_run: Path) -> None:
    results = pd.read_parquet(full_run / "results.parquet")
    auc = results[(results["quantity"] == "auc") & (results["group"] == "all")].set_index("model")
    report = json.loads((full_run / "report.json").read_text())
    (verdict,) = (table for table in _tables(report) if table["id"] == "verdict-table")
    found = {row["key"]: row["cells"]["auc"] for row in verdict["rows"]}
    assert set(found) == set(auc.index)
    for name, cell in found.items():
        assert cell["value"] == auc["estimate"][name]
        if pd.notna(auc["ci_low"][name]):
            assert (cell["low"], cell["high"]) == (auc["ci_low"][name], auc["ci_high"][name])


@pytest.mark.usefixtures("full_report")
def test_every_estimate_of_the_report_stands_in_the_results(full_run: Path) -> None:
    results = pd.read_parquet(full_run / "results.parquet")
    columns = ("estimate", "p_adjusted", "false_claim_probability")
    known = {float(v) for name in columns for v in results[name].dropna()}
    for path in (full_run / "readers").glob("*.parquet"):
        table = pd.read_parquet(path)
        known |= {float(v) for name in ("estimate", "p_value") if name in table for v in table[name].dropna()}
    known |= {-v for v in known}  # a difference may be shown the other way round
    report = json.loads((full_run / "report.json").read_text())
    counted = {"n", "fits", "lesions", "missing", "positive", "tp", "fn", "tn", "fp"}
    beginnings = (
        r"verdict|readers-|spread|roc|precision|calibration-table|confusion-table|groups|pairs|readings"
    )
    judged = [table for table in _tables(report) if re.match(beginnings, str(table["id"]))]
    assert len(judged) >= 9
    for table in judged:
        for row in table["rows"]:
            for key, cell in row["cells"].items():
                if key not in counted and isinstance(cell["value"], float):
                    assert float(cell["value"]) in known, (table["id"], key, cell)


@pytest.mark.usefixtures("full_report")
def test_one_claim_has_the_same_numbers_in_the_answer_the_verdict_and_the_differences(
    full_run: Path, full_report: Report
) -> None:
    tables = {table["id"]: table for table in _tables(json.loads((full_run / "report.json").read_text()))}
    pairs = {
        (row["cells"]["a"]["text"], row["cells"]["b"]["text"]): row["cells"]
        for row in tables["pairs-table"]["rows"]
    }
    reference = "Radiomics grid"
    seen = 0
    for row in tables["verdict-table"]["rows"]:
        pair = pairs.get((row["cells"]["who"]["text"], reference))
        if pair is not None:
            seen += 1
            for key in ("difference", "p"):
                assert row["cells"][key] == pair[key] or row["cells"][key]["value"] == pair[key]["value"]
            assert (row["cells"]["difference"]["low"], row["cells"]["difference"]["high"]) == (
                pair["difference"]["low"], pair["difference"]["high"],
            )  # fmt: skip
            assert row["cells"]["n"]["value"] == pair["n"]["value"]
    assert seen == 5
    named = re.search(r"difference ([+−]0\.\d{3}), .*?, Holm-adjusted p", full_report.answer)
    assert named is not None
    assert named[1] in {cells["difference"]["text"].split(" ")[0] for cells in pairs.values()}


@pytest.mark.usefixtures("full_report")
def test_results_csv_is_the_results_table(full_run: Path) -> None:
    written = pd.read_csv(full_run / "results.csv", keep_default_na=False, na_values={"p_value": [""]})
    results = pd.read_parquet(full_run / "results.parquet")
    assert list(written.columns) == list(results.columns)
    assert len(written) == len(results)


def test_every_figure_has_a_description_and_its_table(full_report: Report) -> None:
    figures = [
        block for section in full_report.sections for block in section.blocks if block.kind == "figure"
    ]
    assert len(figures) >= 10
    for figure in figures:
        assert figure.alt
        assert figure.svg.startswith("<svg")
        assert f'aria-label="{figure.alt[:12]}' in figure.svg
        assert figure.table is not None
        assert figure.table.rows


@pytest.mark.usefixtures("full_report")
def test_words_never_call_two_models_equal(full_run: Path) -> None:
    text = re.sub(r"<svg.*?</svg>", "", (full_run / "report.html").read_text(), flags=re.DOTALL).lower()
    for word in ("equivalent", "as good as the", "no difference between", "identical", "performs equally"):
        assert word not in text


def _tables(value: object) -> list[dict[str, object]]:
    if isinstance(value, dict):
        here = [value] if value.get("kind") == "table" else []
        return here + [table for inner in value.values() for table in _tables(inner)]
    if isinstance(value, list):
        return [table for inner in value for table in _tables(inner)]
    return []


class CellReader(HTMLParser):
    """The machine-readable values of the cells of each table of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "table":
            self.cells[str(found["data-name"])] = []
        if "data-v" in found:
            self.cells[list(self.cells)[-1]].append(found["data-v"] or "")
