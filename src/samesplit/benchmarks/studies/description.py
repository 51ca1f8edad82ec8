"""`study.yaml`: who asked what of whom, how it was validated, where paper and code differ, and what went wrong."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from samesplit.declarations import Declaration

__all__ = ["Flaw", "Headline", "StudyDescription", "VersionOfElement"]

ValidationType = Literal["internal", "external", "internal and external", "apparent"]


def _plain(given: Any) -> Any:
    """Read a number of YAML as the text that it was printed as: `printed: 100` and `printed: "100"` are one."""
    return str(given) if isinstance(given, int | float) and not isinstance(given, bool) else given


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something")
    return text.strip()


_Text = Annotated[str, BeforeValidator(_plain)]
_Said = Annotated[str, BeforeValidator(_plain), AfterValidator(_said)]


class Headline(Declaration):
    """Rows of published.csv that stand for the study: all keys that are given must match.

    Example:
        >>> Headline(label="Ensemble", metric="ROC_AUC", cohort_split="test").keys()
        {'cohort_split': 'test', 'metric': 'ROC_AUC'}
    """

    label: _Said
    """What to call it."""
    metric: _Said
    study: str | None = None
    table_figure: _Text | None = None
    task: str | None = None
    cohort_split: str | None = None
    model_or_reader: str | None = None
    comparator: str | None = None

    def keys(self) -> dict[str, str]:
        """Return the columns of published.csv that must match, with their values."""
        named = ("study", "table_figure", "task", "cohort_split", "model_or_reader", "metric", "comparator")
        return {name: value for name in named if (value := getattr(self, name)) is not None}


class VersionOfElement(Declaration):
    """One element of the method of which there are several versions: as printed, as coded, as done here."""

    element: _Said
    printed: _Text = ""
    coded: _Text = ""
    here: _Text = ""
    where: _Text = ""
    """What in benchmark.yaml, variants/ or models/ does it."""


class Flaw(Declaration):
    """Something by which the study's numbers are not what they seem."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    """Short hyphenated words; studies share the code where the flaw is the same."""
    what: _Said
    evidence: _Text = ""
    """How it is known: by code, by text, derived, tested."""
    size: _Text = ""
    here: _Text = ""
    """How it cannot happen here, or which command shows it."""
    audit: str | None = None
    """The leak of `samesplit audit` that shows how much it adds, where there is one."""


class StudyDescription(Declaration):
    """Everything that `study.yaml` may say."""

    title: _Said
    """A short name, such as "Xi 2020: renal masses on MR"."""
    citation: _Said
    doi: str | None = None
    url: str | None = None
    year: int | None = Field(default=None, ge=1900, le=2100)
    question: _Said
    tasks: tuple[str, ...] = Field(min_length=1)
    modality: _Said
    """With sequences or phases."""
    lesions: int | None = Field(default=None, gt=0)
    """What the paper calls n."""
    patients: int | None = Field(default=None, gt=0)
    readers: str = ""
    """How many, of what, with or without aid; empty where there were none."""
    validation: _Said
    validation_type: ValidationType
    """`apparent`: fitted and judged on the same patients."""
    headline: tuple[Headline, ...] = ()
    versions: tuple[VersionOfElement, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    not_available: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _each_flaw_once(self) -> StudyDescription:
        codes = [flaw.code for flaw in self.flaws]
        doubled = sorted({code for code in codes if codes.count(code) > 1})
        if doubled:
            raise ValueError(
                f"the flaw '{doubled[0]}' stands twice: say it in one, or give the other its own code"
            )
        return self

    @property
    def source(self) -> str:
        """Where to read it: the DOI as an address, else the URL, else nothing."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url or ""
