"""Writes docs/performance-grid.md and its figure: `python scripts/bench/grid/page.py reports/bench`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

TARGET_S, TARGET_RATIO, TARGET_GIB = 1200, 20, 4


def page(r: dict[str, Any], figure: str) -> str:
    """The page as Markdown."""
    ours, naive = r["ours"], r["naive"]
    folds, whole = ours["folds"], r["inner_folds"]
    cells = len(r["selectors"]) * len(r["classifiers"]) * len(r["sizes"])
    fits = sum(row["fits"] for row in ours["seconds"] if row["part"] == "classifier")
    wall = ours["wall_s"] * whole / folds
    naive_s = (naive["selection_s_per_fold"] + naive["classification_s_per_fold"]) * whole
    quick = [n for n, cost in naive["selectors"].items() if cost["step_s"] == 0]
    quick_s = (
        sum(naive["selectors"][n]["fixed_s"] for n in quick) * len(r["classifiers"]) * len(r["sizes"]) * whole
    )
    cpu = sum(row["seconds"] for row in ours["seconds"]) * whole / folds
    many = f" (measured on {folds} of {whole} folds and multiplied up)" if folds < whole else ""
    ratio, without = f"{naive_s / cpu:,.0f} x", f"{_ratio_without(r, quick_s):.1f} x"
    greedy = len(naive["selectors"]) - len(quick)
    lines = [
        "# Speed and memory of the radiomics grid",
        f"Beside the naive way, the whole grid is {ratio} quicker in computing time and {without} without its "
        f"{greedy} greedy selectors: nearly all of the first number is made by those, which the naive way (below) "
        "does in plain Python. A grid of selectors that score each column by itself gains the second.",
        "Written by `make bench-grid`; see `scripts/bench/README.md`. The grid of `models/radiomics-xi2020.yaml`: "
        f"{len(r['selectors'])} selectors x {len(r['classifiers'])} classifiers x {len(r['sizes'])} sizes "
        f"= {cells} "
        f"cells, {whole} inner folds, on a synthetic table of {r['lesions']} lesions x {r['features']:,} "
        "features of "
        f"which {ours['usable']:,} are usable, as large as the published training set with both sequences.",
        f"{r['machine']['cpu']}, {r['jobs']} processes of one thread, Python {r['machine']['python']}, "
        "scikit-learn "
        f"{r['libraries']['scikit-learn']}; {r['date']}.",
        "| | measured | target |\n| --- | ---: | ---: |\n"
        f"| whole grid, wall time | {wall / 60:.1f} min{many} | {TARGET_S // 60} min |\n"
        f"| time inside the pieces, all processes together | {cpu / 60:.1f} min | – |\n"
        f"| peak memory, all processes together | {ours['peak_bytes'] / 2**30:.2f} GiB | {TARGET_GIB} GiB |\n"
        f"| fits of classifiers | {fits * whole // folds:,} of {cells * whole:,} cells: equal columns are "
        "fitted once | – |\n"
        f"| the naive way, one process | {naive_s / 3600:,.0f} h | – |\n"
        f"| naive way / ours, computing time, all selectors | {ratio} | {TARGET_RATIO} x |\n"
        f"| naive way / ours, computing time, without the {greedy} greedy ones | {without} | {TARGET_RATIO} x |",
        "The naive way selects anew in every cell, as published scripts do: scikit-learn where it has the "
        "selector, "
        "else a loop over columns, and for the greedy information-theoretic selectors entropies from "
        "dictionaries of "
        "counts, the style of scikit-feature. A selection that scores every column is timed whole; a "
        "greedy one is "
        "timed on "
        f"{next(c['part'] for c in naive['selectors'].values() if c['step_s'] > 0)}. Its classifiers are "
        "given our "
        "own time a fit, once for every cell.",
        f"![Where the time goes]({figure})",
        "## Selectors",
        "Seconds for one ranking of all features on the training rows of one inner fold, beside one naive "
        "selection "
        "of 100 features. What selectors share is counted for the first that needs it: `fisher-score` takes over "
        "the F of `anova-f`, and the seven greedy ones share their tables of pairs.",
        _table(
            ["selector", "ours, s", "naive, s", "share of our time"],
            [
                [f"`{n}`", f"{s / folds:.2f}", f"{_naive(naive, n):,.1f}", f"{s * whole / folds / cpu:.1%}"]
                for n, s in _of(ours, "selector")
            ],
        ),
        "## Classifiers",
        "Milliseconds for one fit and its predictions, mean over all cells.",
        _table(
            ["classifier", "a fit, ms", "fits a fold", "share of our time"],
            [
                [
                    f"`{row['name']}`",
                    f"{1000 * row['seconds'] / row['fits']:.1f}",
                    f"{row['fits'] / folds:.0f}",
                    f"{row['seconds'] * whole / folds / cpu:.1%}",
                ]
                for row in ours["seconds"]
                if row["part"] == "classifier"
            ],
        ),
    ]
    return "\n\n".join(lines) + "\n"


def _ratio_without(r: dict[str, Any], quick_s: float) -> float:
    """Naive over ours for the selectors that score every column at once, classifiers in proportion."""
    ours, naive, whole, folds = r["ours"], r["naive"], r["inner_folds"], r["ours"]["folds"]
    quick = [n for n, cost in naive["selectors"].items() if cost["step_s"] == 0]
    share = len(quick) / len(naive["selectors"])
    mine = sum(s for n, s in _of(ours, "selector") if n in quick)
    mine += share * sum(s for _, s in _of(ours, "classifier")) + sum(s for _, s in _of(ours, "preparation"))
    return (quick_s + share * naive["classification_s_per_fold"] * whole) / (mine * whole / folds)


def _naive(naive: dict[str, Any], name: str) -> float:
    cost = naive["selectors"][name]
    return float(cost["fixed_s"] + 99 * cost["step_s"])


def _of(ours: dict[str, Any], part: str) -> list[tuple[str, float]]:
    return [(row["name"], row["seconds"]) for row in ours["seconds"] if row["part"] == part]


def _table(head: list[str], rows: list[list[str]]) -> str:
    marks = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, marks, *rows))


def draw(r: dict[str, Any], path: Path) -> None:
    """Bars of the time of every selector and classifier."""
    ours = r["ours"]
    parts = [
        ("Selectors", _of(ours, "selector"), "#0072B2"),
        ("Classifiers", _of(ours, "classifier"), "#D55E00"),
    ]
    total = sum(row["seconds"] for row in ours["seconds"])
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "grid", "font.size": 9}):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        for axes, (title, rows, colour) in zip(figure.subplots(1, 2), parts, strict=True):
            names, values = zip(*rows, strict=True)
            axes.barh(range(len(names)), [100 * value / total for value in values], color=colour)
            axes.set_yticks(range(len(names)), names)
            axes.invert_yaxis()
            axes.set(title=title, xlabel="Share of the time, %")
            axes.spines[["top", "right"]].set_visible(False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Read the results and write page and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    asked = parser.parse_args()
    results = json.loads((asked.results / "grid.json").read_text(encoding="utf-8"))
    draw(results, asked.docs / "images" / "performance-grid.svg")
    (asked.docs / "performance-grid.md").write_text(
        page(results, "images/performance-grid.svg"), encoding="utf-8"
    )
    print(f"Wrote {asked.docs / 'performance-grid.md'}")


if __name__ == "__main__":
    main()
