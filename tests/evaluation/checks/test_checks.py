"""Every check: where it finds an issue or a tip, where it is quiet, and where it does not apply."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.binary.evaluate import RESULT_COLUMNS
from samesplit.evaluation.checks import (
    ALL_CHECKS,
    CHECKS,
    CheckedModel,
    CheckedRun,
    History,
    run_checks,
    run_history_checks,
)
from samesplit.evaluation.checks.counts import check_counts, checks_line
from samesplit.storage import write_json
from samesplit.tables import write_table

MODELS = (
    CheckedModel("grid", "Grid", "radiomics-grid", (0,)),
    CheckedModel("net", "Net", "network", (0, 1, 2)),
    CheckedModel("size", "Size", "lesion-size", (0,)),
    CheckedModel("zero", "Zero", "zero-rule", (0,)),
)
PATIENT_METHOD = "influence values, test patients"


def row(quantity: str, model: str, estimate: float, half: float = 0.02, **more: object) -> dict[str, object]:
    """A row of results with an interval of twice `half`."""
    told = {
        "quantity": quantity, "model": model, "reference": "", "subset": "test", "group": "all",
        "estimate": estimate, "ci_low": estimate - half, "ci_high": estimate + half, "p_value": np.nan,
        "p_adjusted": np.nan, "claim": "",
        "false_claim_probability": np.nan, "n": 240, "n_positive": 120, "method": PATIENT_METHOD, "note": "",
    }  # fmt: skip
    return told | more


def difference(first: str, second: str, estimate: float, claim: str, half: float = 0.02) -> dict[str, object]:
    return row("auc_difference", first, estimate, half, reference=second, claim=claim)


RESULTS = [
    row("auc", "grid", 0.9), row("auc", "net", 0.85), row("auc", "size", 0.6), row("auc", "zero", 0.5),
    row("calibration_slope", "grid", 1.0, 0.1), row("calibration_slope", "net", 0.9, 0.1),
    difference("net", "grid", -0.05, "lower"), difference("size", "grid", -0.3, "lower"),
]  # fmt: skip


@pytest.fixture(scope="module")
def quiet() -> CheckedRun:
    """A run that passes every check that applies: 480 patients, half of them tested, one lesion each."""
    ids = [f"L{number:03d}" for number in range(480)]
    truth = pd.DataFrame(
        {
            "patient_id": [name.replace("L", "P") for name in ids],
            "label": np.arange(480) % 2,
            "site": np.where(np.arange(480) // 2 % 2 == 0, "north", "south"),
            "label_provenance": "pathology",
        },
        index=pd.Index(ids, name="lesion_id"),
    )
    side = np.where(np.arange(480) % 4 < 2, "train", "test")
    splits = pd.DataFrame({"patient_id": truth["patient_id"], "repeat": 0, "fold": 0, "subset": side})
    tested = truth.index[side == "test"]
    predictions = pd.concat(
        pd.DataFrame({"model": model.name, "subset": "test", "lesion_id": tested}) for model in MODELS
    )
    fits = {"model": "grid", "seed": 0, "repeat": 0, "fold": 0}
    cells = pd.DataFrame({"selector": ["a", "b"], "classifier": "c", "size": 5}).assign(**fits)
    chosen = pd.DataFrame({"feature": ["x", "y"]}).assign(**fits)
    readings = pd.DataFrame(
        {"reader_id": "A", "lesion_id": tested, "modality": "unaided", "decision": 1, "score": 1.0}
    )
    return CheckedRun(
        kind="binary",
        results=pd.DataFrame(RESULTS)[RESULT_COLUMNS],
        predictions=predictions,
        truth=truth,
        cohort=truth[["patient_id"]],
        splits=splits.reset_index(drop=True),
        images=pd.DataFrame({"lesion_id": ids, "sequence": "T1", "content": ids}),
        models=MODELS,
        readings=readings,
        thresholds=pd.DataFrame({"model": ["grid"], "threshold": [0.5]}),
        details={"grid": cells, "chosen_features": chosen},
        reference="grid",
        classes=("benign", "malignant"),
    )


def found(run: CheckedRun, code: str) -> tuple[str, str, str]:
    table = run_checks(run).set_index("code")
    state, sentence, evidence = table.loc[code, ["state", "sentence", "evidence"]]
    return str(state), str(sentence), str(evidence)


def with_results(run: CheckedRun, *rows: dict[str, object]) -> CheckedRun:
    """The run with rows of results in place of those of the same key."""
    key = ["quantity", "model", "reference", "group"]
    table = pd.concat([pd.DataFrame(list(rows)), run.results])[RESULT_COLUMNS]
    return replace(run, results=table.drop_duplicates(key, ignore_index=True))


def without_results(run: CheckedRun, *quantities: str) -> CheckedRun:
    return replace(run, results=run.results[~run.results["quantity"].isin(quantities)])


def relabelled(run: CheckedRun, **columns: object) -> CheckedRun:
    return replace(run, truth=run.truth.assign(**columns))


def test_a_good_run_passes_every_check_that_applies(quiet: CheckedRun) -> None:
    table = run_checks(quiet)
    CHECKS.validate(table)
    states = table.set_index("code")["state"]
    assert set(states[states != "passed"].index) == {"SS108"}
    assert states["SS108"] == "not applicable"


def test_codes_are_unique_and_every_sentence_says_what_was_expected_and_found(quiet: CheckedRun) -> None:
    codes = [check.code for check in ALL_CHECKS]
    assert len(set(codes)) == len(codes) == 20
    for sentence in run_checks(quiet)["sentence"]:
        assert re.fullmatch(r"(Expected: .+\. Found: .+|Not applicable: .+)\.", sentence)


def test_every_code_has_its_paragraph_in_the_docs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "checks.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (SS\d{3}) (.+)$", page, flags=re.MULTILINE)
    assert headings == [(check.code, check.title) for check in ALL_CHECKS]


def test_a_patient_on_two_sides_is_an_issue(quiet: CheckedRun) -> None:
    doubled = pd.concat([quiet.splits, quiet.splits.head(1).assign(subset="test")])
    state, sentence, evidence = found(replace(quiet, splits=doubled), "SS101")
    assert (state, evidence) == ("issue", "P000")
    assert "1 of 480 patients in 1 fold on two sides" in sentence


def test_the_same_image_under_two_patients_is_an_issue_and_across_sides_it_is_said(quiet: CheckedRun) -> None:
    images = quiet.images.assign(content=quiet.images["content"].replace({"L002": "L000", "L005": "L004"}))
    state, sentence, evidence = found(replace(quiet, images=images), "SS102")
    assert state == "issue"
    assert "2 images under several patients, 1 of them on two sides" in sentence
    assert evidence == "patients P000, P002, P004, P005"


def test_unreadable_images_are_no_duplicates(quiet: CheckedRun) -> None:
    assert found(replace(quiet, images=quiet.images.assign(content="")), "SS102")[0] == "not applicable"
    assert found(replace(quiet, images=quiet.images.iloc[:0]), "SS102")[0] == "not applicable"


def test_several_lesions_a_patient_need_intervals_that_know_it(quiet: CheckedRun) -> None:
    ids = quiet.truth["patient_id"].replace({"P003": "P002"})
    several = replace(relabelled(quiet, patient_id=ids), cohort=ids.to_frame())
    state, sentence, _ = found(several, "SS103")
    assert state == "passed"
    assert "1 of 239 patients have several lesions, which the intervals take into account" in sentence
    naive = with_results(several, row("auc", "grid", 0.9, method="DeLong, logit"))
    state, sentence, _ = found(naive, "SS103")
    assert state == "issue"
    assert "'DeLong, logit' takes them as independent" in sentence
    constant = with_results(several, row("auc", "zero", 0.5, method="Newcombe method 5"))
    assert found(constant, "SS103")[0] == "passed"


def test_lesions_that_were_left_out_are_counted(quiet: CheckedRun) -> None:
    gone = quiet.predictions[
        ~((quiet.predictions["model"] == "net") & (quiet.predictions["lesion_id"] == "L002"))
    ]
    state, sentence, evidence = found(replace(quiet, predictions=gone), "SS104")
    assert (state, evidence) == ("tip", "L002")
    assert "1 of 240 lesions left out" in sentence
    few = quiet.predictions[quiet.predictions["lesion_id"] > "L100"]
    net = pd.concat([quiet.predictions[quiet.predictions["model"] != "net"], few[few["model"] == "net"]])
    assert found(replace(quiet, predictions=net), "SS104")[0] == "issue"
    unknown = replace(quiet, cohort=pd.concat([quiet.cohort, quiet.cohort.head(1).rename({"L000": "new"})]))
    state, sentence, _ = found(unknown, "SS104")
    assert state == "tip"
    assert "1 lesion of the cohort without an outcome" in sentence


def test_label_provenance_is_compared_between_parts_and_classes(quiet: CheckedRun) -> None:
    number = np.arange(480)
    test = number % 4 >= 2

    def proven(by_imaging: np.ndarray) -> CheckedRun:
        return relabelled(quiet, label_provenance=np.where(by_imaging, "imaging", "pathology"))

    assert found(proven(test & (number % 3 == 0)), "SS105")[0] == "issue"
    assert found(proven(test & (number % 7 == 0)), "SS105")[0] == "tip"
    state, sentence, evidence = found(proven(number % 2 == 0), "SS105")
    assert (state, evidence) == ("tip", "benign 0 %, malignant 100 %")
    assert "unlike in the classes" in sentence
    assert found(relabelled(quiet, label_provenance=None), "SS105")[0] == "not applicable"
    nameless = replace(quiet, truth=quiet.truth.drop(columns="label_provenance"))
    assert found(nameless, "SS105")[0] == "not applicable"
    survival = replace(quiet, kind="survival")
    assert found(survival, "SS105")[2] == ""


def test_a_rare_class_is_a_tip_and_a_very_rare_one_an_issue(quiet: CheckedRun) -> None:
    rare = relabelled(quiet, label=(np.arange(480) % 16 == 3).astype(int))
    assert found(rare, "SS106")[0] == "tip"
    assert found(rare, "SS107")[0] == "tip"
    rarer = relabelled(quiet, label=(np.arange(480) % 64 == 3).astype(int))
    state, sentence, _ = found(rarer, "SS107")
    assert state == "issue"
    assert "Found: 8 test lesions of the rarest class" in sentence
    three = replace(quiet, kind="multiclass", classes=("a", "b", "c"))
    assert found(three, "SS106")[0] == "tip"
    assert found(three, "SS107")[0] == "issue"


def test_events_are_counted_for_survival_and_masks_have_none(quiet: CheckedRun) -> None:
    survival = replace(
        quiet, kind="survival", results=quiet.results.replace({"quantity": {"auc": "c_index"}})
    )
    assert "Found: 120 events" in found(survival, "SS107")[1]
    assert found(survival, "SS201")[0] == "passed"
    masks = replace(quiet, kind="segmentation")
    states = run_checks(masks).set_index("code")["state"]
    for code in ("SS106", "SS107", "SS109", "SS201", "SS203", "SS302", "SS303", "SS304"):
        assert states[code] == "not applicable", code


@pytest.mark.parametrize(("n", "positive", "state"), [(60, 30, "passed"), (60, 5, "tip"), (60, 55, "tip")])
def test_small_groups_are_named(quiet: CheckedRun, n: int, positive: int, state: str) -> None:
    group = row("auc", "grid", 0.8, group="site=north", n=n, n_positive=positive)
    assert found(with_results(quiet, group), "SS108")[0] == state


def test_small_groups_of_masks_are_counted_in_lesions(quiet: CheckedRun) -> None:
    run = replace(quiet, kind="segmentation")
    group = row("dice", "grid", 0.8, group="size=small", n=9, n_positive=0)
    assert found(with_results(run, group), "SS108")[::2] == ("tip", "size=small")


def test_a_site_that_tells_the_class_is_an_issue(quiet: CheckedRun) -> None:
    labels = quiet.truth["label"].to_numpy()
    state, sentence, evidence = found(relabelled(quiet, site=np.where(labels == 1, "A", "B")), "SS109")
    assert (state, evidence) == ("issue", "A 100 %, B 0 %")
    assert "V 1.00 over 2 sites (chi-squared test" in sentence
    mixed = np.where((labels == 1) & (np.arange(480) % 3 > 0), "A", "B")
    leaning = np.where(np.arange(480) % 5 == 0, np.where(labels == 1, "B", "A"), mixed)
    assert found(relabelled(quiet, site=leaning), "SS109")[0] == "tip"
    assert found(relabelled(quiet, site="A"), "SS109")[0] == "not applicable"
    assert found(relabelled(quiet, label=1), "SS109")[0] == "not applicable"
    assert found(replace(quiet, truth=quiet.truth.drop(columns="site")), "SS109")[0] == "not applicable"


@pytest.mark.parametrize(("count", "state"), [(12, "passed"), (13, "tip"), (24, "tip"), (25, "issue")])
def test_events_per_predictor_count_the_rarer_class_of_the_training_part(
    quiet: CheckedRun, count: int, state: str
) -> None:
    chosen = pd.DataFrame({"feature": range(count), "model": "grid", "seed": 0, "repeat": 0, "fold": 0})
    told, sentence, _ = found(replace(quiet, details={"chosen_features": chosen}), "SS201")
    assert told == state
    assert f"(Grid: {count} predictors, 120 events)" in sentence


def test_models_that_tell_no_predictors_are_not_judged_by_them(quiet: CheckedRun) -> None:
    assert found(replace(quiet, details={}), "SS201")[0] == "not applicable"
    assert found(replace(quiet, details={}), "SS202")[0] == "not applicable"


def test_a_search_whose_score_fell_in_the_test_part_is_a_tip(quiet: CheckedRun) -> None:
    assert "up to 2 candidates a fit" in found(quiet, "SS202")[1]
    near = with_results(quiet, row("choosing_gap", "grid", 0.01))
    assert found(near, "SS202")[0] == "passed"
    far = with_results(quiet, row("choosing_gap", "grid", 0.08))
    state, sentence, evidence = found(far, "SS202")
    assert (state, evidence) == ("tip", "candidates: Grid 2")
    assert "is +0.080 (Grid)" in sentence


def test_thresholds_that_cannot_be_checked_are_told(quiet: CheckedRun) -> None:
    assert "on validation data ('youden') in each of 1 fits" in found(quiet, "SS203")[1]
    assert "fixed beforehand" in found(replace(quiet, operating_point="fixed 0.5"), "SS203")[1]
    assert found(replace(quiet, declared_thresholds=("net",)), "SS203")[0] == "tip"
    none = pd.DataFrame({"model": ["net"], "threshold": [np.nan]})
    state, sentence, _ = found(replace(quiet, thresholds=none), "SS203")
    assert state == "tip"
    assert "no threshold for Net" in sentence


@pytest.mark.parametrize(("seeds", "state"), [((0,), "issue"), ((0, 1), "tip"), ((0, 1, 2), "passed")])
def test_networks_need_several_seeds(quiet: CheckedRun, seeds: tuple[int, ...], state: str) -> None:
    models = tuple(replace(model, seeds=seeds) if model.name == "net" else model for model in MODELS)
    assert found(replace(quiet, models=models), "SS204")[0] == state
    assert found(replace(quiet, models=MODELS[:1]), "SS204")[0] == "not applicable"


def test_calibration_slopes_far_from_one_are_issues_when_shown_and_tips_when_not(quiet: CheckedRun) -> None:
    shown = with_results(quiet, row("calibration_slope", "grid", 0.6, 0.2))
    state, sentence, evidence = found(shown, "SS301")
    assert state == "issue"
    assert "Grid slope 0.60 (0.40 to 0.80), an interval that excludes 1" in sentence
    assert evidence.endswith("n = 240")
    assert found(with_results(quiet, row("calibration_slope", "grid", 1.5, 0.6)), "SS301")[0] == "tip"
    state, sentence, _ = found(with_results(quiet, row("ici", "grid", 0.15)), "SS301")
    assert state == "tip"
    assert "Grid ICI 0.15" in sentence
    assert found(without_results(quiet, "calibration_slope"), "SS301")[0] == "not applicable"


def test_a_comparison_that_shows_nothing_must_have_been_able_to_show_it(quiet: CheckedRun) -> None:
    wide = with_results(quiet, difference("net", "grid", -0.05, "not shown", half=0.1))
    state, sentence, evidence = found(wide, "SS302")
    assert (state, evidence) == ("tip", "Net against Grid: 0.143")
    assert "0.143 is the smallest difference found with that power (Net against Grid, n = 240)" in sentence
    assert found(replace(wide, margin=0.05), "SS302")[0] == "issue"
    assert found(replace(wide, margin=0.2), "SS302")[0] == "passed"
    narrow = with_results(quiet, difference("net", "grid", -0.001, "not shown", half=0.0))
    assert found(narrow, "SS302")[0] == "passed"
    assert found(without_results(quiet, "auc_difference"), "SS302")[0] == "not applicable"
    assert found(replace(wide, reference=None), "SS302")[0] == "tip"


def test_a_model_that_is_not_above_size_is_told(quiet: CheckedRun) -> None:
    assert "Grid 0.900 (0.880 to 0.920), size alone 0.600" in found(quiet, "SS303")[1]
    unshown = with_results(quiet, difference("size", "grid", -0.3, "not shown"))
    assert found(unshown, "SS303")[0] == "tip"
    turned = without_results(quiet, "auc_difference")
    assert found(with_results(turned, difference("grid", "size", 0.3, "higher")), "SS303")[0] == "passed"
    assert found(turned, "SS303")[0] == "tip"
    state, sentence, _ = found(with_results(quiet, row("auc", "size", 0.9)), "SS303")
    assert state == "issue"
    assert "no model is above size" in sentence
    assert found(replace(quiet, models=MODELS[:2]), "SS303")[0] == "not applicable"
    assert found(replace(quiet, models=MODELS[2:]), "SS303")[0] == "not applicable"


def test_what_must_be_at_chance_is_asked(quiet: CheckedRun) -> None:
    off = with_results(quiet, row("auc", "zero", 0.6))
    state, sentence, evidence = found(off, "SS304")
    assert (state, evidence) == ("issue", "Zero")
    assert "look for a leak" in sentence
    permuted = found(replace(quiet, shuffled=True), "SS304")
    assert permuted[0] == "issue"
    assert permuted[2] == "Grid, Net, Size"
    assert found(replace(quiet, models=MODELS[:3]), "SS304")[0] == "not applicable"


@pytest.mark.parametrize(("kept", "state"), [(240, "passed"), (200, "tip"), (100, "issue")])
def test_readers_who_read_other_lesions_are_told(quiet: CheckedRun, kept: int, state: str) -> None:
    told, _, evidence = found(replace(quiet, readings=quiet.readings.head(kept)), "SS401")
    assert told == state
    assert ("A, unaided" in evidence) == (state != "passed")


def test_readings_without_an_answer_are_no_readings(quiet: CheckedRun) -> None:
    empty = quiet.readings.assign(decision=np.nan, score=np.nan)
    assert found(replace(quiet, readings=empty), "SS401")[0] == "issue"
    assert found(replace(quiet, readings=pd.DataFrame()), "SS401")[0] == "not applicable"


@pytest.mark.parametrize(
    ("history", "states"),
    [
        (History(), ("tip", "passed")),
        (History(("a",), at_chance=("b",)), ("passed", "tip")),
        (History(("a", "c"), off_chance=("b",)), ("issue", "tip")),
        (History(shuffled=True), ("not applicable", "passed")),
    ],
)
def test_other_runs_are_asked_for_permuted_labels_and_for_reuse(
    history: History, states: tuple[str, str]
) -> None:
    table = run_history_checks(history)
    assert tuple(table["state"]) == states
    assert tuple(table["code"]) == ("SS205", "SS206")


def test_counts_of_all_tasks_and_of_the_history_stand_in_one_line(quiet: CheckedRun, tmp_path: Path) -> None:
    assert checks_line(tmp_path) == ""
    table = run_checks(quiet)
    write_table(table, tmp_path / "tasks" / "one" / "checks.parquet")
    assert check_counts(tmp_path) == {"passed": 17, "not applicable": 1}
    history = run_history_checks(History(("a",)))
    write_json(tmp_path / "history.json", {"checks": history.to_dict("records")})
    assert checks_line(tmp_path) == "Checks: 0 issues, 2 tips, 17 passed (section 'Checks' of the report)"
