"""`split:` in benchmark.yaml: how patients are divided into train, validation and test, and named test sets."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from samesplit.benchmarks.field_types import Day, Fraction, Name, calendar_day
from samesplit.declarations import Declaration

__all__ = ["DATE_BOUNDS", "SplitSettings"]

DATE_BOUNDS = ("from", "until")
"""Conditions of a named test set that bound the column `date`."""


def _conditions(rule: Any) -> Any:
    """Turn values into lists, a single one into a list of one; days where a rule bounds the date."""
    if not isinstance(rule, dict) or not rule:
        raise ValueError("write conditions such as 'site: [south]' or 'from: 2023-01-01'")
    told = {}
    for column, given in rule.items():
        values = given if isinstance(given, list | tuple) else [given]
        days = [value.isoformat() if isinstance(value, date) else str(value) for value in values]
        if column in DATE_BOUNDS:
            if len(days) != 1:
                raise ValueError(f"'{column}' takes one day, written YYYY-MM-DD")
            days = [calendar_day(days[0])]
        if not days:
            raise ValueError(f"'{column}' lists no value")
        told[str(column)] = tuple(days)
    return told


Rule = Annotated[dict[str, tuple[str, ...]], BeforeValidator(_conditions)]
"""Columns of lesions.csv and the values that count; `from` and `until` bound the column `date`, both included."""
_USED_BY = {
    "folds": ("kfold",),
    "repeats": ("holdout", "kfold"),
    "test": ("holdout", "temporal"),
    "cutoff": ("temporal",),
    "nnunet_val": ("fixed",),
    "test_sets": ("holdout", "kfold", "leave-one-site-out", "temporal"),
    "never_tested": ("holdout", "kfold"),
}


class SplitSettings(Declaration):
    """How the frozen split is made; read by `samesplit split`, which writes splits.csv once."""

    scheme: Literal["holdout", "kfold", "leave-one-site-out", "temporal", "fixed"]
    """holdout: tested patients are drawn once a repeat; kfold: every patient is tested once a repeat;
    leave-one-site-out: every site is tested once; temporal: the latest patients are; fixed: as `file` says."""
    folds: int = Field(default=5, ge=2)
    """Of kfold."""
    repeats: int = Field(default=1, ge=1)
    """How often holdout or kfold is drawn anew."""
    validation: Fraction = 0.2
    """Share of the patients that are not test patients who go to validation."""
    test: Fraction = 0.2
    """Share of patients in the test part (holdout, temporal)."""
    strata: tuple[str, ...] = ()
    """Columns of lesions.csv to balance besides the label."""
    cutoff: Day | None = None
    """Temporal: patients seen on or after this date (YYYY-MM-DD) are tested; else the latest `test` share."""
    file: str | None = None
    """Fixed: a CSV of patient_id, subset (and repeat, fold), or an nnU-Net splits_final.json."""
    nnunet_val: Literal["test", "validation"] = "test"
    """Fixed, from nnU-Net: what its `val` lists are. When validation, the patients in no list are tested."""
    test_sets: dict[Name, Rule] = Field(default_factory=dict)
    """Named test sets and who belongs to them, such as `external: {site: [south]}` or `prospective: {from:
    2023-01-01}`: their patients are tested in every fold and never train. Who else is tested is `internal`
    (temporal: `prospective`; leave-one-site-out: the site)."""
    never_tested: Annotated[
        dict[str, tuple[str, ...]], BeforeValidator(lambda rule: _conditions(rule) if rule else {})
    ] = Field(default_factory=dict)
    """Holdout, kfold: which lesions must not be tested, such as `label_provenance: [imaging]`, whose label is not
    good enough to judge by. Patients with such a lesion train or validate in every fold."""
    seed: int = Field(default=0, ge=0)
    """Of the draws."""

    @property
    def other_tested(self) -> str:
        """The name of the test set of those whom no rule names; "" where each site is a set or a file says."""
        return {"holdout": "internal", "kfold": "internal", "temporal": "prospective"}.get(self.scheme, "")

    def rule_columns(self) -> tuple[str, ...]:
        """Return the columns of lesions.csv that the rules of `test_sets` and `never_tested` look at."""
        columns = {key for rule in (*self.test_sets.values(), self.never_tested) for key in rule}
        return tuple(sorted({"date" if column in DATE_BOUNDS else column for column in columns}))

    @field_validator("test_sets")
    @classmethod
    def _free_names(cls, test_sets: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        taken = "prospective" if info.data.get("scheme") == "temporal" else "internal"
        if taken in test_sets:
            raise ValueError(f"'{taken}' is the set of those whom no rule names: use another name")
        return test_sets

    @model_validator(mode="after")
    def _only_what_the_scheme_uses(self) -> SplitSettings:
        for key in sorted(self.model_fields_set):
            schemes = _USED_BY.get(key, (self.scheme,))
            default = type(self).model_fields[key].get_default(call_default_factory=True)
            if self.scheme not in schemes and getattr(self, key) != default:
                raise ValueError(
                    f"'{key}' does nothing in the scheme '{self.scheme}'; it is for {' and '.join(schemes)}"
                )
        if self.cutoff is not None and self.test != type(self).model_fields["test"].default:
            raise ValueError("'cutoff' and 'test' both say who is tested: keep one of them")
        return self

    @model_validator(mode="after")
    def _file_for_fixed(self) -> SplitSettings:
        if (self.scheme == "fixed") != (self.file is not None):
            raise ValueError("'file' is needed for the scheme 'fixed', and only there")
        return self
