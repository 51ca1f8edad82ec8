"""The page of `samesplit engines compare`: one HTML file that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from samesplit.reports.figures.agreement import draw_agreement

__all__ = ["EngineUse", "comparison_page"]


@dataclass(frozen=True)
class EngineUse:
    """How one engine was asked for one sequence.

    Attributes:
        sequence: The image.
        engine: Its name.
        version: Of the engine.
        profile: The profile's name.
        setting: What it was asked for, in words.
        lesions: How many it gave values for.
        features: How many features of IBSI it gave.
        seconds: Computing time over all lesions.
    """

    sequence: str
    engine: str
    version: str
    profile: str
    setting: str
    lesions: int
    features: int
    seconds: float


def comparison_page(
    title: str,
    table: pd.DataFrame,
    uses: Sequence[EngineUse],
    reasons: Mapping[str, str],
    *,
    failed: int,
    classes: Sequence[str],
) -> str:
    """Write the page.

    Args:
        title: The benchmark's.
        table: One row a sequence, two engines and a feature, as `workflows.compare_engines.agreement` gives it.
        uses: How each engine was asked.
        reasons: Known reasons of differences, by the keys that the table has.
        failed: Cases that an engine could not use.
        classes: Of agreement, best first.
    """
    environment = Environment(
        loader=PackageLoader("samesplit.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    used = {key for text in table["reasons"] for key in str(text).split("; ") if key}
    page = environment.get_template("engines.html.j2").render(
        title=title,
        uses=uses,
        figure=Markup(_figure(table)),
        reasons={key: text for key, text in reasons.items() if key in used},
        groups=list(_groups(table, classes)),
        failed=failed,
        classes=classes,
    )
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


def _figure(table: pd.DataFrame) -> str:
    column = table["first"] + " : " + table["second"] + "\n" + table["sequence"]
    good = table["agreement"].isin(["same", "excellent"])
    marked = table.assign(column=column, good=good, same=table["agreement"] == "same")

    def by_family(values: str, how: Literal["count", "mean", "sum"]) -> pd.DataFrame:
        return marked.pivot_table(index="family", columns="column", values=values, aggfunc=how, sort=False)

    wide, count, close, same = (
        by_family("good", "mean"),
        by_family("good", "count"),
        by_family("good", "sum"),
        by_family("same", "sum"),
    )
    texts = wide.astype(object)
    for family in wide.index:
        for pair in wide.columns:
            if np.isfinite(wide.loc[family, pair]):
                high, every, equal = (int(t.loc[family, pair]) for t in (close, count, same))
                texts.loc[family, pair] = f"{high} of {every}, {equal} same"
    alt = "Share of features with an ICC above 0.9, by feature family and pair of engines"
    return draw_agreement(wide, texts, name="agreement", alt=alt)


def _groups(table: pd.DataFrame, classes: Sequence[str]) -> Iterator[dict[str, Any]]:
    for key, rows in table.groupby(["sequence", "first", "second"], sort=False):
        sequence, first, second = key
        counts = rows["agreement"].value_counts()
        yield {
            "sequence": sequence,
            "first": first,
            "second": second,
            "counts": {name: int(counts.get(name, 0)) for name in classes},
            "rows": rows.to_dict(orient="records"),
        }


def _number(value: float) -> str:
    """Four digits, or a dash.

    Example:
        >>> _number(0.98765432), _number(float("nan")), _number(123456.0)
        ('0.9877', '–', '1.235e+05')
    """
    return f"{value:.4g}" if np.isfinite(value) else "–"
