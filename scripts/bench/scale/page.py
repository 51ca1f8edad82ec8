"""Writes docs/performance-scale.md and its figure: `python scripts/bench/scale/page.py reports/bench`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
STAGES = ("Split", "Tables", "Grid", "Models", "Statistics", "Report")
MEANING = {
    "Split": "`samesplit split`: tables read and checked, five folds dealt by patient, frozen",
    "Tables": "`samesplit run`: tables read and checked again, the run named by their hashes",
    "Grid": "one cell (ANOVA F, 20 features, logistic regression), 2 inner folds in each of 5 folds",
    "Models": "three models (none, age, the cell) fitted in 5 folds, validation and test predicted",
    "Statistics": "estimates, 1,000 bootstrap samples, pairs, triage, readers and MRMC",
    "Report": "report.html, .json and .md with all figures",
}
MILLION = 1_000_000


def usable(r: dict[str, Any]) -> list[dict[str, Any]]:
    """Sizes that went through, smallest first, of the table with the most features."""
    most = max(one["features"] for one in r["sizes"])
    done = [one for one in r["sizes"] if one["features"] == most and one.get("run", {}).get("status") == 0]
    return sorted(done, key=lambda one: one["lesions"])


def measured(one: dict[str, Any], stage: str) -> dict[str, float]:
    """What one stage took."""
    where = one["split"] if stage == "Split" else one["run"]
    return next(found for found in where["stages"] if found["stage"] == stage)


def exponent(sizes: list[dict[str, Any]], values: list[float]) -> float:
    """Fit a power of the number of lesions, by least squares on both logarithms."""
    return float(np.polyfit(np.log([one["lesions"] for one in sizes]), np.log(values), 1)[0])


def a_lesion(sizes: list[dict[str, Any]], values: list[float]) -> float:
    """Say what each lesion adds, between the last two sizes."""
    return (values[-1] - values[-2]) / (sizes[-1]["lesions"] - sizes[-2]["lesions"])


def at_a_million(sizes: list[dict[str, Any]], values: list[float]) -> float:
    """Carry a value on from the largest size: by what each lesion adds, or by the power if that gives more."""
    last = sizes[-1]["lesions"]
    line = values[-1] + (MILLION - last) * max(a_lesion(sizes, values), 0.0)
    return max(line, values[-1] * (MILLION / last) ** exponent(sizes[-2:], values[-2:]))


def table(head: list[str], rows: list[list[str]]) -> str:
    """Make a table whose columns but the first are numbers."""
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, marks, *rows))


def duration(seconds: float) -> str:
    """Seconds in words."""
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 3 * 86400 else f"{seconds / 86400:.0f} days"


def size(value: float) -> str:
    """Bytes in words."""
    return f"{value / 1e9:.2f} GB" if value >= 1e8 else f"{value / 1e6:.1f} MB"


def page(r: dict[str, Any], figure: str) -> str:
    """The page as Markdown."""
    sizes = usable(r)
    largest, machine = sizes[-1], r["machine"]
    loads = [load for one in sizes for name in ("split", "run") for load in one[name]["load"]]
    peaks = {stage: [measured(one, stage)["peak_bytes"] for one in sizes] for stage in STAGES}
    times = {stage: [measured(one, stage)["cpu_s"] for one in sizes] for stage in STAGES}
    highest = max(largest["split"]["peak_bytes"], largest["run"]["peak_bytes"])
    whole = [one["split"]["cpu_s"] + one["run"]["cpu_s"] for one in sizes]
    walls = [one["split"]["wall_s"] + one["run"]["wall_s"] for one in sizes]
    parts = [
        "# Large studies",
        f"{largest['lesions']:,} lesions with {largest['features']:,} features each and {largest['readings']:,} "
        "readings go through split, a grid of one cell, statistics and report in "
        f"{duration(whole[-1])} of processor time ({duration(walls[-1])} on the clock of a busy machine) and "
        f"{size(highest)} of memory, in a limit of {r['most_gb']:g} GB that ends whoever exceeds it.",
        "Written by `make bench-scale`; see `scripts/bench/README.md`. "
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, Python {machine['python']}, "
        f"`--jobs {r['jobs']}` and one thread a process; {largest['date']}. Other work kept the machine busy "
        f"(load {min(loads):.0f} to {max(loads):.0f} on {machine['cores']} cores): time on the clock says "
        "little, processor time is what to compare, and it too is longer than on a quiet machine.",
        "## What was run",
        "A synthetic study of tables alone (`scripts/bench/scale/study.py`): one patient in four has two "
        "lesions, features come in correlated families, a few of which know of the label, the table of features "
        f"is a CSV ({size(largest['table_bytes'])} at the largest size), and five readers read every lesion "
        "without and with aid. In every size:",
        table(["Stage", "What it does"], [[stage, MEANING[stage]] for stage in STAGES]).replace(
            "---:", "---"
        ),
        "## Time and memory",
        "Processor time of all processes together, and peak memory: the resident memory of all processes, "
        "sampled five times a second, in which what processes share counts once for each.",
        table(
            ["Lesions", *STAGES, "Whole", "Clock"],
            [
                [
                    f"{one['lesions']:,}",
                    *(duration(times[stage][place]) for stage in STAGES),
                    duration(whole[place]),
                    duration(walls[place]),
                ]
                for place, one in enumerate(sizes)
            ],
        ),
        table(
            ["Lesions, peak memory", *STAGES],
            [
                [f"{one['lesions']:,}", *(size(peaks[stage][place]) for stage in STAGES)]
                for place, one in enumerate(sizes)
            ],
        ),
        f"![Processor time and memory of each stage against the number of lesions]({figure})",
        f"`report.html` of {largest['lesions']:,} lesions and {largest['readings']:,} readings has "
        f"{size(largest['run']['report_bytes'])} (of {sizes[0]['lesions']:,}: "
        f"{size(sizes[0]['run']['report_bytes'])}); the run's folder with all tables "
        f"{size(largest['run']['folder_bytes'])}.",
        *_million(sizes, times, peaks),
    ]
    return "\n\n".join(parts) + "\n"


def _million(
    sizes: list[dict[str, Any]], times: dict[str, list[float]], peaks: dict[str, list[float]]
) -> list[str]:
    """Say what is measured, what is carried on, and what would have to change."""
    rows = [
        [
            stage,
            f"{exponent(sizes, times[stage]):.2f}",
            f"{exponent(sizes[-2:], times[stage][-2:]):.2f}",
            duration(at_a_million(sizes, times[stage])),
            f"{a_lesion(sizes, peaks[stage]) / 1e3:.0f}",
            f"{at_a_million(sizes, peaks[stage]) / 1e9:,.0f}",
        ]
        for stage in STAGES
    ]
    features = sizes[-1]["features"]
    table_gb = MILLION * features * 8 / 1e9
    before, last = (f"{one['lesions']:,}" for one in sizes[-2:])
    return [
        "## What one million lesions would need",
        f"Measured is what stands above, up to {last} lesions. **The rest of this section is carried on from it, "
        "not measured.** Processor time was fitted as a power of the number of lesions on logarithmic axes; "
        "libraries, processes and figures cost the same at every size and make the power of small sizes too low, "
        f"so that between {before} and {last} lesions stands beside it. From {last} to one million, what each "
        "lesion added between these two sizes is added on, or the power of these two sizes is used where that "
        "gives more.",
        table(
            [
                "Stage",
                "Power of time, all sizes",
                f"{before} to {last}",
                "Processor time, 1 million",
                "kB a lesion",
                "Peak memory, 1 million, GB",
            ],
            rows,
        ),
        "What stands in the way is known from the sizes of the tables themselves:",
        f"- **Features**: 1,000,000 x {features:,} numbers of 8 bytes are {table_gb:.0f} GB once, and the run "
        "holds the table several times: as it was read, as models are given it, and once more for each ranking "
        f"under way in each process. In single precision it is {table_gb / 2:.0f} GB. A study of this size would "
        "have to read columns from Parquet as they are asked for, rank features in blocks of columns, and share "
        "one table among processes instead of sending it.",
        "- **Rankings**: ANOVA F looks at one feature at a time; the filter of correlated features compares "
        f"every two of {features:,} columns over all training lesions, which a sample of the lesions would do "
        "as well.",
        "- **Bootstrap**: 1,000 samples of a million patients, 8 bytes each, are 8 GB for each group of lesions; "
        "with 1 byte each it would be 1 GB. Intervals of AUCs need no samples (influence values), and at this "
        "size those of rates and scoring rules could do without.",
        "- **Jackknife**: the acceleration of BCa intervals needs an estimate without each patient. For rates, "
        "scoring rules, precision-recall curves, deferral and the alpha of calls that takes one pass "
        "(`samesplit.statistics.patient_sums`); for the ordinal alpha of scores and for partial areas it grows "
        "with the square of the patients.",
        "- **Readings**: ten readings a lesion are ten million rows.",
        "`--scheduler` spreads the pieces over machines ([a cluster](how-to/cluster.md)); it does not make the "
        "tables of the caller smaller, nor those of a single piece.",
    ]


def draw(r: dict[str, Any], path: Path) -> None:
    """Draw time and memory against the number of lesions, on both logarithmic axes."""
    sizes = usable(r)
    lesions = [one["lesions"] for one in sizes]
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "scale", "font.size": 9}):
        figure = Figure(figsize=(9, 3.8), layout="constrained", facecolor="white")
        left, right = figure.subplots(1, 2)
        for stage, colour in zip(STAGES, COLOURS, strict=True):
            found = [measured(one, stage) for one in sizes]
            left.plot(lesions, [one["cpu_s"] for one in found], "o-", color=colour, label=stage, markersize=4)
            right.plot(lesions, [one["peak_bytes"] / 1e9 for one in found], "o-", color=colour, markersize=4)
        right.axhline(r["most_gb"], color="#555555", linestyle="--", linewidth=1)
        right.annotate(
            f"limit, {r['most_gb']:g} GB", (lesions[0], r["most_gb"]), (0, 3), textcoords="offset points"
        )
        left.set(title="Processor time, s", xlabel="Lesions")
        right.set(title="Peak memory, GB", xlabel="Lesions")
        right.set_ylim(top=r["most_gb"] * 1.6)
        for axes in (left, right):
            axes.set(xscale="log", yscale="log")
            axes.set_xticks(lesions, [f"{n:,}" for n in lesions])
            axes.minorticks_off()
            axes.yaxis.set_major_formatter("{x:g}")
            axes.grid(alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside lower center", ncols=len(STAGES), frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Read the results and write page and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    asked = parser.parse_args()
    results = json.loads((asked.results / "scale.json").read_text(encoding="utf-8"))
    draw(results, asked.docs / "images" / "performance-scale.svg")
    (asked.docs / "performance-scale.md").write_text(
        page(results, "images/performance-scale.svg"), encoding="utf-8"
    )
    print(f"Wrote {asked.docs / 'performance-scale.md'}")


if __name__ == "__main__":
    main()
