"""The commands `samesplit plan`: how many readers, cases, patients and events a study needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samesplit.cli.console import display_path, echo, out, table_of
from samesplit.errors import DeclarationError

if TYPE_CHECKING:
    import pandas as pd

    from samesplit.statistics.planning import LinearPredictor
    from samesplit.workflows.plan.plan import StudyPlan

__all__ = ["comparison", "model", "readers", "validation"]

Out = Annotated[Path | None, typer.Option("--out", help="A folder for the page, the tables and the record.")]
Power = Annotated[float, typer.Option(min=0.0, max=1.0, help="The power to be reached.")]
Margin = Annotated[
    float | None,
    typer.Option(min=0.0, help="Of non-inferiority (default: two-sided against no difference)."),
]
Confidence = Annotated[float, typer.Option(min=0.0, max=1.0, help="Of the two-sided interval.")]
Prevalence = Annotated[float, typer.Option(help="The share of patients with the outcome.")]


def readers(
    effect: Annotated[float, typer.Option(help="The true mean difference that is to be found.")],
    pilot: Annotated[
        Path | None,
        typer.Option(help="Readings of a pilot study, a CSV as samesplit readers takes it."),
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="CSV: case, label; may be the same file.")] = None,
    positive: Annotated[
        str | None, typer.Option(help="The positive class, where labels are not 0 and 1.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="A model against the readers (CSV: lesion_id, probability).")
    ] = None,
    components: Annotated[
        str | None,
        typer.Option(
            help="In place of a pilot study: modality_reader=..,error=..,cov1=..,cov2=..,cov3=..,cases=.. "
            "or, for a model against readers, reader=..,error=..,cov2=..,cases=.."
        ),
    ] = None,
    figure: Annotated[str, typer.Option(help="auc, sensitivity, specificity or accuracy.")] = "auc",
    compare: Annotated[
        str | None, typer.Option(help="Two modalities of the pilot study, with a comma.")
    ] = None,
    reader_numbers: Annotated[
        str, typer.Option("--readers", help="Numbers of readers, with commas.")
    ] = "4,6,8,10",
    case_numbers: Annotated[
        str, typer.Option("--cases", help="Numbers of cases, with commas.")
    ] = "50,100,150,200,300,400",
    margin: Margin = None,
    power: Power = 0.8,
    random: Annotated[
        str, typer.Option(help="What the study speaks of: both (readers and cases), readers, or cases.")
    ] = "both",
    confidence: Confidence = 0.95,
    output: Out = None,
) -> None:
    """Plan a reader study: power by readers and cases, from a pilot study or variance components."""
    from samesplit.workflows.plan.readers import pilot_variance, plan_readers, typed_components

    if (pilot is None) == (components is None):
        raise DeclarationError(
            "a reader study is planned from a pilot study or from components",
            remedy="give --pilot and --truth, or --components",
        )
    if components is not None:
        known = typed_components(components)
    elif truth is None:
        raise DeclarationError(
            "the pilot study has no truth", where="--truth", remedy="give --truth TRUTH.csv"
        )
    else:
        assert pilot is not None
        names = tuple(name.strip() for name in compare.split(",")) if compare else ()
        known = pilot_variance(
            pilot, truth, predictions=predictions, figure=figure, compare=names, positive=positive
        )
    if random not in ("both", "readers", "cases"):
        raise DeclarationError(
            f"'{random}' is not what a study speaks of", where="--random", remedy="use both, readers or cases"
        )
    found = plan_readers(
        known,
        effect=effect,
        readers=_whole_numbers(reader_numbers, "--readers"),
        cases=_whole_numbers(case_numbers, "--cases"),
        margin=margin,
        power=power,
        random="readers and cases" if random == "both" else random,  # type: ignore[arg-type]
        confidence=confidence,
    )
    powers = found.tables["power"].pivot_table(index="readers", columns="cases", values="power")
    grid = powers.map("{:.3f}".format)
    grid = grid.rename(columns="{} cases".format).rename_axis(columns=None).reset_index()
    needed = found.tables["needed"]
    grid["cases needed"] = ["none" if one != one else f"{one:.0f}" for one in needed["cases"]]
    _show(found, grid, "Power by readers and cases", output)


def model(
    parameters: Annotated[
        int, typer.Option(min=1, help="Candidate parameters, counted before any selection.")
    ],
    outcome: Annotated[str, typer.Option(help="binary, survival or continuous.")] = "binary",
    auc: Annotated[float | None, typer.Option(help="Expected (binary), in place of --r2.")] = None,
    r2: Annotated[
        float | None,
        typer.Option(help="Expected, adjusted for optimism (Cox and Snell's)."),
    ] = None,
    prevalence: Annotated[float | None, typer.Option(help="The share with the outcome (binary).")] = None,
    rate: Annotated[
        float | None, typer.Option(help="Events per patient and unit of time (survival).")
    ] = None,
    follow_up: Annotated[float | None, typer.Option(help="Its mean, in that unit (survival).")] = None,
    time: Annotated[float | None, typer.Option(help="For which risks are predicted (survival).")] = None,
    mean: Annotated[float | None, typer.Option(help="Of the outcome (continuous).")] = None,
    sd: Annotated[float | None, typer.Option(help="Of the outcome (continuous).")] = None,
    shrinkage: Annotated[float, typer.Option(min=0.0, max=1.0, help="The smallest acceptable.")] = 0.9,
    output: Out = None,
) -> None:
    """Plan the development of a model: patients and events by the criteria of Riley."""
    from samesplit.workflows.plan.model import plan_model

    if outcome not in ("binary", "survival", "continuous"):
        raise DeclarationError(
            f"'{outcome}' is no kind of outcome",
            where="--outcome",
            remedy="use binary, survival or continuous",
        )
    found = plan_model(
        outcome=outcome,  # type: ignore[arg-type]
        parameters=parameters,
        auc=auc,
        r2=r2,
        prevalence=prevalence,
        rate=rate,
        follow_up=follow_up,
        time=time,
        mean=mean,
        standard_deviation=sd,
        shrinkage=shrinkage,
    )
    _show(found, _in_whole_events(found.tables["criteria"]), "Patients by criterion", output)


def validation(
    prevalence: Prevalence,
    auc: Annotated[float, typer.Option(help="Expected.")],
    normal: Annotated[str | None, typer.Option(help="Mean and SD of the log odds, with a comma.")] = None,
    beta: Annotated[
        str | None, typer.Option(help="Both parameters of the probabilities, with a comma.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Predictions for such patients (CSV: probability).")
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Of the probability.")] = None,
    sensitivity: Annotated[float | None, typer.Option(help="Expected at the threshold.")] = None,
    specificity: Annotated[float | None, typer.Option(help="Expected at the threshold.")] = None,
    slope: Annotated[float, typer.Option(help="Calibration slope that is expected.")] = 1.0,
    observed_to_expected: Annotated[float, typer.Option(help="Ratio that is expected.")] = 1.0,
    width: Annotated[
        list[str] | None, typer.Option(help="Of an interval, such as 'c statistic=0.08' (repeatable).")
    ] = None,
    confidence: Confidence = 0.95,
    output: Out = None,
) -> None:
    """Plan the external validation of a model: patients and events by the criteria of Riley."""
    from samesplit.workflows.plan.model import plan_validation

    found = plan_validation(
        prevalence=prevalence,
        auc=auc,
        predictor=_predictor(normal, beta, predictions),
        slope=slope,
        observed_to_expected=observed_to_expected,
        threshold=threshold,
        sensitivity=sensitivity,
        specificity=specificity,
        widths={name.strip(): value for name, value in map(_named_number, width or [])},
        confidence=confidence,
    )
    _show(found, _in_whole_events(found.tables["criteria"].round(3)), "Patients by estimate", output)


def comparison(
    auc: Annotated[float, typer.Option(help="Of one model.")],
    other: Annotated[float, typer.Option(help="Of the other model.")],
    prevalence: Prevalence,
    correlation: Annotated[
        float, typer.Option(help="Of the two estimated AUCs, on the same patients.")
    ] = 0.5,
    patients: Annotated[str | None, typer.Option(help="Numbers of patients, with commas.")] = None,
    margin: Margin = None,
    power: Power = 0.8,
    confidence: Confidence = 0.95,
    output: Out = None,
) -> None:
    """Plan the comparison of two models' AUCs on the same patients."""
    from samesplit.workflows.plan.model import plan_comparison

    found = plan_comparison(
        auc=auc,
        other=other,
        prevalence=prevalence,
        correlation=correlation,
        sizes=_whole_numbers(patients, "--patients") if patients else (),
        margin=margin,
        power=power,
        confidence=confidence,
    )
    _show(found, found.tables["power"].round(4), "Power by patients", output)


def _show(plan: StudyPlan, table: pd.DataFrame, title: str, folder: Path | None) -> None:
    out.print(table_of(table, title=title))
    echo(str(plan.record["answer"]))
    for note in plan.record["notes"]:
        echo(f"Note:   {note.rstrip('.')}.")
    if folder is not None:
        from samesplit.workflows.plan.plan import write_plan

        page = write_plan(plan, folder)
        echo(f"Page:   {display_path(page)}")
        echo(f"Tables: {', '.join(f'{name}.csv' for name in plan.tables)}")


def _in_whole_events(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(events=table["events"].round().astype(int)) if "events" in table else table


def _whole_numbers(text: str, option: str) -> list[int]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    wrong = [word for word in words if not (word.isascii() and word.isdigit() and int(word) > 0)]
    if wrong or not words:
        raise DeclarationError(
            f"'{wrong[0] if wrong else text}' is not a whole number above 0",
            where=option,
            remedy=f"write numbers with commas between them, such as: {option} 100,200",
        )
    return [int(word) for word in words]


def _predictor(normal: str | None, beta: str | None, predictions: Path | None) -> LinearPredictor | None:
    from samesplit.statistics.planning import LinearPredictor

    given = [one for one in (normal, beta, predictions) if one is not None]
    if len(given) > 1:
        raise DeclarationError(
            "predictions have one distribution", remedy="give one of --normal, --beta and --predictions"
        )
    if normal is not None:
        return LinearPredictor.normal(*_two_numbers(normal, "--normal"))
    if beta is not None:
        return LinearPredictor.beta(*_two_numbers(beta, "--beta"))
    if predictions is None:
        return None
    import pandas as pd

    from samesplit.errors import PredictionsError
    from samesplit.tables import read_csv

    table = read_csv(predictions, error=PredictionsError, numbers=["probability"])
    if "probability" not in table:
        raise PredictionsError(
            "the table has no column 'probability'",
            where=predictions,
            remedy=f"columns found: {', '.join(table.columns)}",
        )
    return LinearPredictor.observed(pd.to_numeric(table["probability"], errors="coerce"))


def _two_numbers(text: str, option: str) -> tuple[float, float]:
    try:
        first, second = (float(word) for word in text.split(","))
    except ValueError:
        raise DeclarationError(
            f"'{text}' is not two numbers", where=option, remedy=f"write: {option} -1.2,0.9"
        ) from None
    return first, second


def _named_number(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise DeclarationError(
            f"'{text}' names no width", where="--width", remedy="write: --width 'c statistic=0.08'"
        ) from None
