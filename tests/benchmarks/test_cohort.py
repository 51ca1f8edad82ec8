from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.fingerprint import cohort_hash
from samesplit.errors import CohortError, DataMissingError

LESIONS = """\
lesion_id,patient_id,label,site,date,age,sex
L1,P1,malignant,A,2020-01-01,61,female
L2,P2,benign,A,2020-02-01,48.5,male
L3,P3,malignant,B,2020-03-01,,female
L4,P4,benign,B,2020-04-01,70,male
"""
IMAGES = """\
lesion_id,sequence,rater,image,mask
L1,T1C,R1,L1/T1C.nii.gz,L1/mask.nii.gz
L1,T2,R1,L1/T2.nii.gz,L1/mask.nii.gz
L2,T1C,R1,L2/T1C.nii.gz,L2/mask.nii.gz
L3,T1C,R1,L3/T1C.nii.gz,L3/mask.nii.gz
L4,T1C,R1,L4/T1C.nii.gz,L4/mask.nii.gz
"""


def load(benchmark_folder: Any, **changes: Any) -> Cohort:
    return load_cohort(*benchmark_folder(**changes))


def refused(benchmark_folder: Any, kind: type[Exception] = CohortError, **changes: Any) -> str:
    folder, definition = benchmark_folder(**changes)
    with pytest.raises(kind) as caught:
        load_cohort(folder, definition)
    return str(caught.value).replace(str(folder), "")


class TestLesions:
    def test_a_good_cohort_is_typed_and_sorted(self, benchmark_folder: Any) -> None:
        lines = LESIONS.splitlines(keepends=True)
        cohort = load(benchmark_folder, lesions="".join([lines[0], *lines[:0:-1]]))
        assert cohort.lesions["lesion_id"].tolist() == ["L1", "L2", "L3", "L4"]
        assert cohort.lesions["age"].dtype == np.float64
        np.testing.assert_array_equal(cohort.lesions["age"], [61, 48.5, np.nan, 70])
        assert cohort.labels.to_dict() == {"L1": 1, "L2": 0, "L3": 1, "L4": 0}
        assert cohort.labels.name == "label"
        assert cohort.labels.index.name == "lesion_id"
        assert cohort.sha256 == cohort_hash(cohort.lesions, cohort.labels)

    def test_the_order_of_the_rows_does_not_matter(self, benchmark_folder: Any) -> None:
        first = load(benchmark_folder)
        lines = LESIONS.splitlines(keepends=True)
        second = load(benchmark_folder, lesions="".join([lines[0], *lines[:0:-1]]))
        assert first.sha256 == second.sha256
        assert first.images.equals(second.images)

    def test_the_hash_holds_the_strata_of_the_split(self, benchmark_folder: Any) -> None:
        plain = load(benchmark_folder)
        site = load(benchmark_folder, split={"scheme": "leave-one-site-out", "strata": ["sex"]})
        assert site.sha256 == cohort_hash(site.lesions, site.labels, ["sex", "site"]) != plain.sha256

    def test_ids_like_numbers_and_html_stay_as_they_are(self, benchmark_folder: Any) -> None:
        swap = {"L1": "007", "L2": "<script>alert('x')</script>", "L3": "a&b"}
        lesions, images = LESIONS, IMAGES
        for old, new in swap.items():
            lesions, images = lesions.replace(f"{old},", f"{new},"), images.replace(f"{old},", f"{new},")
        cohort = load(benchmark_folder, lesions=lesions, images=images)
        assert set(cohort.labels.index) == {*swap.values(), "L4"}

    def test_a_doubled_lesion(self, benchmark_folder: Any) -> None:
        text = refused(benchmark_folder, lesions=LESIONS + "L1,P1,malignant,A,2020-01-01,61,female\n")
        assert text == "/lesions.csv, lines 2, 6: lesion_id 'L1' stands in 2 lines\nRemedy: keep one of them"

    def test_a_label_outside_the_two_classes(self, benchmark_folder: Any) -> None:
        text = refused(benchmark_folder, lesions=LESIONS.replace("P2,benign", "P2,unknown"))
        assert text == (
            "/lesions.csv, line 3: 1 lesions have a label outside the two classes 'benign' and 'malignant'; the "
            "first is lesion 'L2'; labels found: 'unknown'\n"
            "Remedy: correct the labels, or task.positive and task.negative in benchmark.yaml"
        )

    def test_one_class_only(self, benchmark_folder: Any) -> None:
        text = refused(benchmark_folder, lesions=LESIONS.replace("malignant", "benign"))
        assert text.startswith("/lesions.csv: no lesion is 'malignant'\nRemedy: a benchmark needs lesions of")

    @pytest.mark.parametrize("value", ["old", "unknown", "inf", "6l"])
    def test_text_where_a_number_is_declared(self, benchmark_folder: Any, value: str) -> None:
        text = refused(benchmark_folder, lesions=LESIONS.replace("48.5", value))
        assert text == (
            "/lesions.csv, line 3: clinical variable 'age' is declared a number, but lesion 'L2' holds "
            f"{value!r}\nRemedy: write numbers with a decimal point and leave unknown values empty, or declare "
            "'age: category' in cohort.clinical"
        )

    def test_several_such_cells_are_told_together(self, benchmark_folder: Any) -> None:
        folder, definition = benchmark_folder(lesions=LESIONS.replace("48.5", "x").replace("61", "y"))
        with pytest.raises(CohortError, match=r"line 2: clinical variable 'age' .* holds 'y'") as caught:
            load_cohort(folder, definition)
        assert [str(fault.where)[-6:] for fault in caught.value.more] == ["line 3"]

    def test_a_declared_column_that_is_not_there(self, benchmark_folder: Any) -> None:
        text = refused(benchmark_folder, lesions=LESIONS.replace("age", "agee"))
        assert text.startswith(
            "/lesions.csv: there is no column 'age', which cohort.clinical in benchmark.yaml asks for\n"
            "Remedy: did you mean 'agee'? Columns found: lesion_id, "
        )

    def test_a_strata_column_that_is_not_there(self, benchmark_folder: Any) -> None:
        text = refused(benchmark_folder, split={"scheme": "kfold", "strata": ["§"]})
        assert "no column '§', which split in benchmark.yaml asks for\nRemedy: Columns found" in text

    @pytest.mark.parametrize(("column", "old", "new"), [("site", ",A,", ",B,"), ("sex", "female", "male")])
    def test_conflicting_fields_of_one_patient(
        self, benchmark_folder: Any, column: str, old: str, new: str
    ) -> None:
        extra = "L5,P1,malignant,A,2020-05-01,62,female\n".replace(old, new)
        text = refused(benchmark_folder, lesions=LESIONS + extra)
        was, is_now = old.strip(","), new.strip(",")
        assert text == (
            f"/lesions.csv, lines 2, 6: patient 'P1' has several values of '{column}': {was!r}, {is_now!r} "
            "(lesions 'L1', 'L5')\nRemedy: correct the lines, or give different patients different ids"
        )

    def test_a_patient_may_be_older_later_but_not_on_the_same_day(self, benchmark_folder: Any) -> None:
        later = LESIONS + "L5,P1,benign,A,2021-05-01,62,female\n"
        assert len(load(benchmark_folder, lesions=later).lesions) == 5
        same = LESIONS + "L5,P1,benign,A,2020-01-01,62,female\n"
        assert "patient 'P1' has several values of 'age': 61.0, 62.0" in refused(
            benchmark_folder, lesions=same
        )

    def test_age_and_date_are_optional(self, benchmark_folder: Any) -> None:
        lesions = "\n".join(",".join(line.split(",")[:3]) for line in LESIONS.splitlines())
        cohort = load(benchmark_folder, lesions=lesions, cohort={"sequences": ["T1C", "T2"]})
        assert list(cohort.lesions) == ["lesion_id", "patient_id", "label"]
        aged = "\n".join(f"{line},{'age' if n == 0 else n}" for n, line in enumerate(lesions.splitlines()))
        load(benchmark_folder, lesions=aged, cohort={"sequences": ["T1C", "T2"]})

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("2020-02-01", "2020-02-31", "/lesions.csv, line 3: column 'date' of lesion 'L2' holds '2020-02-31'"),
            ("2020-02-01", "1.2.2020", "/lesions.csv, line 3: column 'date' must be YYYY-MM-DD, found '1.2"),
            ("L2,P2", "L2,", "/lesions.csv, line 3: column 'patient_id' is empty (lesion_id 'L2')"),
            ("L2,P2", '"L\t2",P2', "/lesions.csv, line 3: column 'lesion_id' holds a line break, tab or other"),
            ("label", "class", "/lesions.csv: the lesions table lacks the column label"),
        ],
    )  # fmt: skip
    def test_bad_cells(self, benchmark_folder: Any, old: str, new: str, problem: str) -> None:
        assert refused(benchmark_folder, lesions=LESIONS.replace(old, new, 1)).startswith(problem)

    def test_no_rows(self, benchmark_folder: Any) -> None:
        assert "/lesions.csv: holds no lesions" in refused(benchmark_folder, lesions=LESIONS.splitlines()[0])

    def test_provenance_and_size_are_checked(self, benchmark_folder: Any) -> None:
        def with_columns(provenance: str, size: str) -> str:
            lines = LESIONS.splitlines()
            rows = [f"{line},{provenance},{size}" for line in lines[1:]]
            return "\n".join([f"{lines[0]},label_provenance,size_mm", *rows])

        cohort = load(benchmark_folder, lesions=with_columns("pathology", "12.5"))
        assert cohort.lesions["size_mm"].tolist() == [12.5] * 4
        assert "'label_provenance' must be 'pathology' or 'imaging', found 'guess' (lesion_id 'L1')" in (
            refused(benchmark_folder, lesions=with_columns("guess", "12.5"))
        )
        assert "line 2: column 'size_mm' must be above 0, found -1.0 (lesion_id 'L1')" in refused(
            benchmark_folder, lesions=with_columns("imaging", "-1")
        )
        assert "line 2: column 'size_mm' must hold numbers, found 'big'\n" in refused(
            benchmark_folder, lesions=with_columns("imaging", "big")
        )

    def test_missing_tables(self, benchmark_folder: Any) -> None:
        folder, definition = benchmark_folder()
        (folder / "images.csv").unlink()
        with pytest.raises(CohortError, match=r"there is no images.csv\nRemedy: write one"):
            load_cohort(folder, definition)
        (folder / "lesions.csv").unlink()
        with pytest.raises(CohortError, match=r"lesions.csv: does not exist\nRemedy: check the name"):
            load_cohort(folder, definition)

    def test_tables_beside_the_data_are_found(self, benchmark_folder: Any, tmp_path: Path) -> None:
        folder, definition = benchmark_folder()
        beside = tmp_path / "data"
        folder.rename(beside)
        folder.mkdir()
        cohort = load_cohort(folder, definition, data_root=beside)
        assert cohort.images["image"].iloc[0] == str(beside / "L1" / "T1C.nii.gz")


class TestImages:
    def test_paths_are_absolute_and_defaults_filled_in(self, benchmark_folder: Any) -> None:
        images = "\n".join(",".join(c for i, c in enumerate(line.split(",")) if i != 2)
                           for line in IMAGES.splitlines())  # fmt: skip
        folder, definition = benchmark_folder()
        (folder / "images.csv").write_text(images)
        cohort = load_cohort(folder, definition)
        first = cohort.images.iloc[0]
        assert first["image"] == str(folder / "L1" / "T1C.nii.gz")
        assert (first["rater"], first["mask_label"]) == ("R1", "1")
        assert np.isnan(first["spacing_mm"])
        assert cohort.images["sequence"].tolist() == ["T1C", "T2", "T1C", "T1C", "T1C"]

    def test_a_missing_sequence_is_in_the_ledger(self, benchmark_folder: Any) -> None:
        ledger = load(benchmark_folder).ledger
        assert ledger["lesion_id"].tolist() == ["L2", "L3", "L4"]
        assert ledger.iloc[0].tolist() == [
            "L2", "T2", "R1", "cohort", "missing", "images.csv has no T2 of this lesion by rater R1",
        ]  # fmt: skip

    def test_a_complete_cohort_has_an_empty_ledger(self, benchmark_folder: Any) -> None:
        images = "\n".join(line for line in IMAGES.splitlines() if ",T2," not in line)
        cohort = load(benchmark_folder, images=images, cohort={"sequences": ["T1C"]})
        assert len(cohort.ledger) == 0
        assert list(cohort.ledger) == ["lesion_id", "sequence", "rater", "stage", "status", "reason"]

    def test_a_lesion_without_images_stays(self, benchmark_folder: Any) -> None:
        images = "\n".join(line for line in IMAGES.splitlines() if not line.startswith("L4"))
        cohort = load(benchmark_folder, images=images)
        assert "L4" in cohort.labels
        rows = cohort.ledger[cohort.ledger["lesion_id"] == "L4"]
        assert rows["sequence"].tolist() == ["T1C", "T2"]

    def test_a_missing_file_costs_its_row_only(self, benchmark_folder: Any) -> None:
        folder, definition = benchmark_folder()
        (folder / "L2" / "T1C.nii.gz").unlink()
        (folder / "L3" / "T1C.nii.gz").unlink()
        (folder / "L3" / "mask.nii.gz").unlink()
        cohort = load_cohort(folder, definition)
        assert cohort.images["lesion_id"].tolist() == ["L1", "L1", "L4"]
        rows = cohort.ledger[cohort.ledger["sequence"] == "T1C"].set_index("lesion_id")["reason"]
        assert rows.to_dict() == {
            "L2": f"the image file {folder}/L2/T1C.nii.gz does not exist",
            "L3": f"the image file {folder}/L3/T1C.nii.gz does not exist and "
            f"the mask file {folder}/L3/mask.nii.gz does not exist",
        }

    def test_all_files_missing_tells_how_to_get_them(self, benchmark_folder: Any) -> None:
        text = refused(benchmark_folder, DataMissingError, files=False)
        assert "none of the 5 images named in /images.csv exists; the first: the image file" in text
        assert "\nRemedy: correct the paths, which start at " in text

    def test_all_files_of_a_data_folder_missing_names_both_ways(
        self, benchmark_folder: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "shared" / "mine").mkdir(parents=True)
        monkeypatch.setenv("SAMESPLIT_DATA", str(tmp_path / "shared"))
        text = refused(benchmark_folder, DataMissingError, files=False, data={"folder": "mine"})
        assert (
            "Remedy: set SAMESPLIT_DATA to a folder that holds 'mine', or run: samesplit fetch study" in text
        )

    def test_several_raters_are_kept_in_order(self, benchmark_folder: Any) -> None:
        other = IMAGES.splitlines()[1].replace("R1", "A2")
        cohort = load(benchmark_folder, images=IMAGES + other)
        assert cohort.images["rater"].tolist()[:2] == ["A2", "R1"]

    def test_a_missing_file_of_another_rater_is_told_too(self, benchmark_folder: Any) -> None:
        folder, definition = benchmark_folder(images=IMAGES + "L2,T1C,R2,L2/T1C.nii.gz,L2/R2.nii.gz\n")
        (folder / "L2" / "R2.nii.gz").unlink()
        ledger = load_cohort(folder, definition).ledger
        assert ledger[ledger["rater"] == "R2"]["reason"].tolist() == [
            f"the mask file {folder}/L2/R2.nii.gz does not exist"
        ]

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("L2,T1C", "L22,T1C", "/images.csv, line 4: lesion 'L22' is not in lesions.csv\nRemedy: did you me"),
            ("L2,T1C", "§,T1C", "/images.csv, line 4: lesion '§' is not in lesions.csv\nRemedy: add it to les"),
            ("L2,T1C", "L2,T1", "/images.csv, line 4: unknown sequence 'T1' of lesion 'L2'; the benchmark knows "
                                "T1C, T2\nRemedy: did you mean 'T1C'? Else add it to cohort.sequences"),
            ("L2,T1C", "L2,PET", "/images.csv, line 4: unknown sequence 'PET' of lesion 'L2'; the benchmark knows "
                                 "T1C, T2\nRemedy: add it to cohort.sequences"),
            ("L2/T1C", "../T1C", "/images.csv, line 4: the path '../T1C.nii.gz' leaves the data folder"),
            ("L2/T1C", "L2/../../T1C", "/images.csv, line 4: the path 'L2/../../T1C.nii.gz' leaves the data"),
            ("L2/T1C.nii.gz", "..", "/images.csv, line 4: the path '..' leaves the data folder"),
            ("L2/T1C.nii.gz", "a.npz::b", "/images.csv, line 4: 'a.npz::b' is no array reference\nRemedy: write"),
            ("L2,T1C", "L1,T1C", "/images.csv, lines 2, 4: lesion_id 'L1', sequence 'T1C', rater 'R1' stands in "
                                 "2 lines"),
            ("L2/T1C.nii.gz", "a.npz::b[3]", "/images.csv, line 4: the image of lesion 'L2' is an array, which"),
            ("L2/mask.nii.gz", "", "/images.csv, line 4: column 'mask' is empty (lesion_id 'L2')"),
            ("mask\n", "mask,colour\n", "/images.csv, line 2: the line has 5 cells, the header has 6"),
        ],
    )  # fmt: skip
    def test_bad_rows(self, benchmark_folder: Any, old: str, new: str, problem: str) -> None:
        assert refused(benchmark_folder, images=IMAGES.replace(old, new, 1), files=False).startswith(problem)

    def test_no_mask_by_the_rater_of_the_benchmark(self, benchmark_folder: Any) -> None:
        text = refused(benchmark_folder, images=IMAGES.replace("R1", "R2"))
        assert text.startswith(
            "/images.csv: no mask is of the benchmark's rater 'R1'; raters found: R2\nRemedy: name one of them"
        )

    @pytest.mark.parametrize(
        ("column", "value", "what"),
        [
            ("mask_label", "one", "numbers above 0 or 'any'"),
            ("mask_label", "0", "numbers above 0 or 'any'"),
            ("mask_label", "-1", "numbers above 0 or 'any'"),
            ("spacing_mm", "1mm", "numbers"),
        ],
    )
    def test_label_and_spacing_must_be_numbers(
        self, benchmark_folder: Any, column: str, value: str, what: str
    ) -> None:
        lines = IMAGES.splitlines()
        images = "\n".join([f"{lines[0]},{column}", *(f"{line},{value}" for line in lines[1:])])
        folder, definition = benchmark_folder()
        (folder / "images.csv").write_text(images)
        with pytest.raises(CohortError) as caught:
            load_cohort(folder, definition)
        assert f"line 2: column '{column}' must hold {what}, found '{value}' for lesion 'L1'" in str(
            caught.value
        )

    @pytest.mark.parametrize(
        ("written", "read"),
        [("", "1"), ("1.0", "1"), ("3", "3"), ("0.00392", "0.00392"), ("1.5", "1.5"), ("Any", "any")],
    )
    def test_a_label_is_a_number_or_any_and_1_where_the_cell_is_empty(
        self, benchmark_folder: Any, written: str, read: str
    ) -> None:
        lines = IMAGES.splitlines()
        folder, definition = benchmark_folder()
        first = [f"{lines[0]},mask_label", f"{lines[1]},{written}"]
        (folder / "images.csv").write_text("\n".join([*first, *(f"{line},2" for line in lines[2:])]))
        labels = load_cohort(folder, definition).images["mask_label"].tolist()
        assert labels == [read, *["2"] * (len(labels) - 1)]

    def test_array_references_and_absolute_paths(self, benchmark_folder: Any, tmp_path: Path) -> None:
        absolute = tmp_path / "elsewhere.npy"
        absolute.write_bytes(b"")
        images = (
            "lesion_id,sequence,image,mask,spacing_mm\n"
            "L1,T1C,cohort.npz::images[17],cohort.npz::masks[17],0.5\n"
            f"L2,T1C,{absolute}[3],{absolute}[4],0.5\n"
            f"L3,T1C,{absolute},{absolute},\n"
            "L4,T1C,cohort.npz::images[1],gone.npz::masks[1],0.5\n"
        )
        folder, definition = benchmark_folder()
        (folder / "images.csv").write_text(images)
        (folder / "cohort.npz").write_bytes(b"")
        cohort = load_cohort(folder, definition)
        assert cohort.images["image"].tolist() == [
            f"{folder}/cohort.npz::images[17]", f"{absolute}[3]", str(absolute),
        ]  # fmt: skip
        assert cohort.images["spacing_mm"].tolist()[:2] == [0.5, 0.5]
        reasons = cohort.ledger.set_index(["lesion_id", "sequence"])["reason"]
        assert reasons["L4", "T1C"] == f"the mask file {folder}/gone.npz does not exist"

    def test_an_organ_mask_is_optional_and_one_that_is_absent_costs_no_image(
        self, benchmark_folder: Any
    ) -> None:
        lines = IMAGES.splitlines()
        organs = ["organ_mask", "L1/organ.nii.gz", "", "L2/nowhere.nii.gz", "L3/organ.nii.gz", ""]
        images = "\n".join(f"{line},{organ}" for line, organ in zip(lines, organs, strict=True)) + "\n"
        folder, definition = benchmark_folder(images=images)
        for lesion in ("L1", "L3"):
            (folder / lesion / "organ.nii.gz").write_bytes(b"not opened here")
        cohort = load_cohort(folder, definition)
        found = cohort.images.set_index(["lesion_id", "sequence"])["organ_mask"].dropna()
        assert found.to_dict() == {
            (lesion, "T1C"): str(folder / lesion / "organ.nii.gz") for lesion in ("L1", "L3")
        }
        told = cohort.ledger[cohort.ledger["reason"].str.contains("organ mask")]
        assert told[["lesion_id", "status"]].to_numpy().tolist() == [["L2", "missing"]]
        assert "nowhere.nii.gz does not exist" in told["reason"].iloc[0]
        assert "organ_mask" not in load(benchmark_folder).images
