"""The cohort: the flow of the lesions, their baseline characteristics, and sample images."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Flow, FlowStep, Prose, Row, Section, Table
from samesplit.reports.formatting import MISSING, counted, number
from samesplit.reports.pictures import Pictures

__all__ = ["cohort"]

_CATEGORIES = {
    "label_provenance": "Reference standard",
    "site": "Site",
    "scanner_vendor": "Scanner",
    "sex": "Sex",
}
_NUMBERS = {"age": "Age, years", "size_mm": "Size, mm"}
_MOST_LEVELS = 12


def cohort(context: Context, pictures: Pictures) -> Section:
    """Build what the benchmark says of itself, the flow, the table by class and a sample of images."""
    told = str(context.data.run.get("description") or "").strip()
    blocks: list[Block] = [Prose(text=told)] if told else []
    blocks += [_flow(context), _by_class(context)]
    sample = pictures.sample_gallery()
    if sample is not None:
        blocks.append(sample)
    return Section(id="cohort", title="Cohort", lead=_lead(context), blocks=tuple(blocks))


def _lead(context: Context) -> str:
    settings = context.data.section("cohort")
    sequences = settings.get("sequences") or sorted(context.data.images["sequence"].unique())
    parts = [f"Sequences: {', '.join(map(str, sequences))}."] if len(sequences) else []
    raters = sorted(context.data.images["rater"].unique())
    if raters:
        others = [rater for rater in raters if rater != context.data.rater]
        more = f"; there are also masks of {', '.join(others)}" if others else ""
        parts.append(f"The models are evaluated with the masks of rater {context.data.rater}{more}.")
    own = context.data.section("features")
    if own:
        parts.append(
            f"Features: {counted(int(own['columns']), 'column')} of {own['file']}, a table made elsewhere; "
            "how they were extracted is not known here."
        )
    return " ".join(parts)


def _flow(context: Context) -> Flow:
    data = context.data
    ledger, lesions = data.ledger[data.ledger["stage"] != "readings"], data.lesions
    tested = set(data.test_predictions()["lesion_id"])
    scored = _scored(context)
    found = set(lesions.index) | set(ledger.loc[ledger["status"] == "excluded", "lesion_id"])
    steps = [
        FlowStep(
            title="Lesions in the cohort",
            lesions=len(found),
            patients=int(lesions["patient_id"].nunique()),
            text=_classes(context, lesions.index),
            leaving=_reasons(ledger, "excluded", "excluded"),
        )
    ]
    marked = {
        s: set(ledger.loc[ledger["status"] == s, "lesion_id"]) for s in ("missing", "failed", "excluded")
    }
    incomplete = set.union(*marked.values())
    predicted = set(data.predictions["lesion_id"])
    usable = found - (incomplete - predicted)
    read = "all sequences" if len(data.images) else "features"
    complete = f"{len(found - incomplete)} with {read}"
    steps.append(
        FlowStep(
            title="Usable by at least one model",
            lesions=len(usable),
            patients=_patients(context, usable),
            text=", ".join(text for text in (complete, _repaired(ledger)) if text),
            leaving=(
                *_reasons(ledger, "missing", "without", still=predicted),
                *_reasons(ledger, "failed", "failed,", still=predicted),
            ),
        )
    )
    if len(tested) < len(usable):
        steps.append(
            FlowStep(
                title="In a test part",
                lesions=len(tested),
                patients=_patients(context, tested),
                text=_classes(context, tested),
                leaving=(f"{len(usable - tested)} for training and validation only",),
            )
        )
    lost = tuple(
        f"{counted(len(tested - mine), 'lesion')} without a prediction of {model.title}"
        for model in context.models
        if (mine := _predicted(context, model.name)) and tested - mine
    )
    steps.append(
        FlowStep(
            title="Evaluated: the same lesions for all models",
            lesions=len(scored),
            patients=_patients(context, scored),
            text=_classes(context, scored),
            leaving=lost,
        )
    )
    return Flow(id="flow", title="Cohort flow (STARD)", steps=tuple(steps))


def _predicted(context: Context, model: str) -> set[str]:
    test = context.data.test_predictions()
    return set(test.loc[test["model"] == model, "lesion_id"])


def _scored(context: Context) -> set[str]:
    """The lesions that every model predicted, as `statistics` judges them."""
    sets = [_predicted(context, model.name) for model in context.models]
    return set.intersection(*sets) if sets else set()


def _patients(context: Context, lesions: set[str]) -> int:
    table = context.data.lesions
    return int(table.loc[table.index.isin(lesions), "patient_id"].nunique())


def _classes(context: Context, lesions: set[str] | pd.Index[str]) -> str:
    inside = context.data.lesions.loc[context.data.lesions.index.isin(lesions), "positive"]
    positive = int(inside.sum())
    return f"{positive} {context.data.positive}, {len(inside) - positive} {context.data.negative}"


def _reasons(ledger: pd.DataFrame, status: str, verb: str, still: set[str] | None = None) -> tuple[str, ...]:
    rows = ledger[ledger["status"] == status]
    found = []
    for (sequence, reason), part in rows.groupby(["sequence", "reason"], sort=True):
        ids = set(part["lesion_id"])
        kept = (
            f"; {len(ids & still)} kept for models that do not need it"
            if still is not None and ids & still
            else ""
        )
        where = f" {sequence}" if sequence else ""
        found.append(f"{len(ids)} {verb}{where}: {reason}{kept}")
    return tuple(sorted(found, key=lambda text: (-int(text.split(" ", 1)[0]), text)))


def _repaired(ledger: pd.DataFrame) -> str:
    ids = ledger.loc[ledger["status"] == "repaired", "lesion_id"].nunique()
    return f"{counted(ids, 'lesion')} repaired" if ids else ""


def _by_class(context: Context) -> Table:
    data = context.data
    lesions = data.lesions
    classes = {
        "all": pd.Series(True, index=lesions.index),
        "positive": lesions["positive"] == 1,
        "negative": lesions["positive"] == 0,
    }
    parts = {key: lesions[mask] for key, mask in classes.items()}
    titles = {"all": "All", "positive": data.positive, "negative": data.negative}
    columns = [Column(key="what", title="")]
    columns += [
        Column(key=key, title=titles[key], kind="number", help=f"{len(part)} lesions")
        for key, part in parts.items()
    ]
    rows = [
        _row("Lesions", {k: _count(len(p), None) for k, p in parts.items()}),
        _row("Patients", {k: _count(p["patient_id"].nunique(), None) for k, p in parts.items()}),
    ]
    for name, (title, kind) in _variables(context).items():
        rows += _number_rows(name, title, parts) if kind == "number" else _category_rows(name, title, parts)
    return Table(
        id="cohort-table",
        title="Baseline characteristics",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            "Per lesion. Numbers are median (lower to upper quartile); categories are counts with their "
            "share of the column.",
        ),
        sortable=False,
    )


def _variables(context: Context) -> dict[str, tuple[str, str]]:
    declared = context.data.section("cohort").get("clinical", {})
    columns = context.data.lesions.columns
    found = {name: (title, "number") for name, title in _NUMBERS.items() if name in columns}
    found |= {name: (title, "category") for name, title in _CATEGORIES.items() if name in columns}
    for name, kind in declared.items():
        if name in columns:
            found[name] = (found[name][0] if name in found else name.replace("_", " "), str(kind))
    order = ["age", "sex", "size_mm", *declared, "site", "scanner_vendor", "label_provenance"]
    return {name: found[name] for name in dict.fromkeys(order) if name in found}


def _row(what: str, cells: dict[str, Cell], group: str = "") -> Row:
    return Row(cells={"what": Cell(text=what, value=what), **cells}, group=group)


def _count(count: int, total: int | None) -> Cell:
    share = f" ({number(100 * count / total, 0)} %)" if total else ""
    return Cell(text=f"{count}{share}", value=int(count))


def _number_rows(name: str, title: str, parts: dict[str, pd.DataFrame]) -> list[Row]:
    cells, missing = {}, {}
    for key, part in parts.items():
        values = pd.to_numeric(part[name], errors="coerce")
        missing[key] = int(values.isna().sum())
        low, middle, high = (float(values.quantile(q)) for q in (0.25, 0.5, 0.75))
        digits = _digits(middle)
        text = f"{number(middle, digits)} ({number(low, digits)} to {number(high, digits)})"
        cells[key] = Cell(text=text if values.notna().any() else MISSING, value=middle, low=low, high=high)
    rows = [_row(title, cells)]
    if missing["all"]:
        rows.append(_row(f"{title}: missing", {k: _count(m, len(parts[k])) for k, m in missing.items()}))
    return rows


def _digits(value: float) -> int:
    return 1 if abs(value) < 100 else 0


def _category_rows(name: str, title: str, parts: dict[str, pd.DataFrame]) -> list[Row]:
    values = parts["all"][name].astype("str").where(parts["all"][name].notna(), "missing")
    levels = values.value_counts()
    shown = sorted(levels.index, key=lambda level: (level == "missing", -levels[level], level))
    rows = []
    for level in shown[:_MOST_LEVELS]:
        inside = values == level
        rows.append(
            _row(
                f"{title}: {level}",
                {
                    key: _count(int(inside.reindex(part.index).sum()), len(part))
                    for key, part in parts.items()
                },
            )
        )
    rest = set(shown[_MOST_LEVELS:])
    if rest:
        inside = values.isin(rest)
        rows.append(
            _row(
                f"{title}: {len(rest)} others",
                {
                    key: _count(int(inside.reindex(part.index).sum()), len(part))
                    for key, part in parts.items()
                },
            )
        )
    return rows
