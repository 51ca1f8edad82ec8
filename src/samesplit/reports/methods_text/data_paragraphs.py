"""Methods text: lesions, images, features and the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from samesplit.reports.context import Context
from samesplit.reports.formatting import counted, join_words, short_hash
from samesplit.reports.methods_text.references import Citations

__all__ = ["features", "images", "lesions", "split"]


def lesions(contexts: Sequence[Context]) -> str:
    """Tell who was included, with which outcome, and who was not."""
    first = contexts[0].data
    cohort = first.cohort
    where = f" from {counted(cohort['site'].nunique(), 'site')}" if "site" in cohort else ""
    patients = counted(int(cohort["patient_id"].nunique()), "patient")
    parts = [f"{counted(len(cohort), 'lesion')} of {patients}{where} were included."]
    parts += [_outcome(context, named=len(contexts) > 1) for context in contexts]
    if "label_provenance" in cohort and cohort["label_provenance"].notna().any():
        counts = cohort["label_provenance"].value_counts()
        told = join_words(
            [f"{counts[name]} by {name}" for name in ("pathology", "imaging") if counts.get(name, 0)]
        )
        parts.append(f"The diagnosis was established in {told}.")
    gone = first.ledger[first.ledger["status"].isin(["failed", "excluded"])]
    gone = gone[~gone["stage"].str.startswith("task ")]
    if len(gone):
        count = counted(int(gone["lesion_id"].nunique()), "lesion")
        parts.append(
            f"{count} could not be used in part or in full; the case ledger gives the reason for each."
        )
    source = str(first.section("data").get("source") or "")
    if source:
        parts.append(f"Source of the data: {source.rstrip('.')}.")
    return " ".join(part for part in parts if part)


def _outcome(context: Context, *, named: bool) -> str:
    data, task = context.data, context.data.task
    counts = data.lesions["label"].value_counts()
    ahead = f"{task.title}: {task.question} " if named else f"The question was: {task.question} "
    if task.kind == "segmentation":
        return f"{ahead}(masks of {counted(len(data.lesions), 'lesion')})."
    if task.kind == "survival":
        events = counted(int(counts.get("event", 0)), "event")
        return f"{ahead}{events} were seen among {counted(len(data.lesions), 'lesion')}."
    names = [name for name in task.classes if counts.get(name, 0)]
    return f"{ahead}{join_words([f'{counts[name]} lesions were {name}' for name in names])}."


def images(context: Context) -> str:
    """Tell sequences, masks and what was repaired; empty without images."""
    data = context.data
    if data.images.empty:
        own = data.section("features")
        if not own:
            return ""
        return (
            f"Features were extracted elsewhere and given as a table ({own['file']}, "
            f"{counted(int(own['columns']), 'column')}, {counted(int(own['lesions']), 'lesion')})."
        )
    settings = data.section("cohort")
    sequences = [str(name) for name in settings.get("sequences") or sorted(set(data.images["sequence"]))]
    parts = [f"The images were {join_words(sequences)}."]
    raters = sorted(set(data.images["rater"]))
    others = [rater for rater in raters if rater != data.rater]
    masks = f"All main results are with the masks of rater {data.rater}"
    parts.append(
        f"{masks}; models were evaluated with those of {join_words(others)} as well."
        if others
        else f"{masks}."
    )
    least = settings.get("minimum_voxels")
    if least:
        parts.append(f"A mask of fewer than {least} voxels was not used.")
    repairs = [str(name) for name in settings.get("geometry_repair") or []]
    parts.append(
        f"Where the geometry of a mask differed from its image, it was repaired ({join_words(repairs)})."
        if repairs
        else "A mask whose geometry differed from its image was not used."
    )
    return " ".join(parts)


def features(context: Context, cite: Citations) -> str:
    """Tell engines, settings and counts of features of each profile; empty without profiles."""
    data = context.data
    catalogue = data.table("catalogue")
    versions = data.section("versions")
    parts = []
    for profile in data.run.get("profiles") or []:
        name, engine = str(profile.get("name")), str(profile.get("engine"))
        sequences = join_words([str(one) for one in profile.get("sequences") or []])
        told = f"Features of {sequences} were extracted with "
        told += _engine(engine, versions, cite)
        description = str(profile.get("description") or "").strip().rstrip(".")
        told += f" (profile {name}: {description})." if description else f" (profile {name})."
        settings = _flat(_worth_telling(profile.get("settings") or {}))
        if settings:
            told += f" Settings: {'; '.join(settings)}."
        own = catalogue[catalogue["profile"] == name] if "profile" in catalogue else catalogue
        if "filter" in own and own["filter"].fillna("").astype(str).ne("").any():
            maps = own.loc[own["filter"].ne(""), ["filter", "filter_code"]].drop_duplicates()
            names = [f"{row.filter} ({row.filter_code})" for row in maps.itertuples()]
            told += (
                f" {counted(len(names), 'response map')} of image filters, as the IBSI defines them"
                f"{cite('ibsi_filters')}: {join_words(names)}."
            )
        if len(own):
            families = own["family"].fillna("").astype(str).value_counts(sort=False)
            counts = join_words(
                [f"{count} {str(family).replace('_', ' ') or 'other'}" for family, count in families.items()]
            )
            coded = int(own["ibsi_code"].fillna("").astype(str).ne("").sum())
            told += f" Features a sequence: {len(own)} ({counts}), {coded} of them with a code of the IBSI."
        parts.append(told)
    return " ".join(parts)


def _worth_telling(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out filters, which are told by name, and pyradiomics' definitions where none is asked for."""
    told = dict(settings)
    filters, own = told.get("filters"), told.get("pyradiomics")
    if isinstance(filters, Mapping):
        told["filters"] = {key: value for key, value in filters.items() if key != "images"}
    if isinstance(own, Mapping) and not any(own.get(kind) for kind in ("shape", "firstorder", "glcm")):
        del told["pyradiomics"]
    return told


def _engine(engine: str, versions: Mapping[str, Any], cite: Citations) -> str:
    own = f"samesplit {versions.get('samesplit', '')}".strip()
    if engine == "ibsi":
        return f"the engine ibsi of {own}, by the Image Biomarker Standardisation Initiative{cite('ibsi')}"
    if engine == "pyradiomics":
        version = versions.get("pyradiomics-bhklab", "")
        return f"PyRadiomics {version}".strip() + cite("pyradiomics", "ibsi")
    if engine == "mirp":
        return f"MIRP{cite('mirp', 'ibsi')}"
    return f"the engine {engine} of {own}"


def _flat(value: object, name: str = "") -> list[str]:
    """Return settings as words: `discretisation bins 32`; what is not set is left out."""
    if isinstance(value, Mapping):
        return [words for key, inner in value.items() for words in _flat(inner, f"{name} {key}".strip())]
    if value is None or value in ("", [], ()):
        return []
    if isinstance(value, list) and all(isinstance(inner, Mapping) for inner in value):
        return [words for inner in value for words in _flat(inner, name)]
    shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return [f"{name.replace('_', ' ')} {shown}"]


def split(context: Context, cite: Citations) -> str:
    """Tell the scheme of the split, its sizes and what was made sure."""
    data = context.data
    told = data.section("split")
    settings = told.get("settings") or {}
    folds = data.splits[["repeat", "fold"]].drop_duplicates()
    sides = data.splits.groupby("subset")["patient_id"].nunique()
    scheme = str(told.get("scheme") or "given")
    size = counted(len(folds), "fold") + (
        f" in {folds['repeat'].nunique()} repeats" if folds["repeat"].nunique() > 1 else ""
    )
    strata = [str(name) for name in settings.get("strata") or []]
    balanced = f", stratified by outcome and {join_words(strata)}" if strata else ""
    parts = [
        f"Patients were assigned to training, validation and test by the scheme {scheme} ({size}{balanced}"
        + (f", seed {told['seed']}" if told.get("seed") is not None else "")
        + "), before any feature was computed; all lesions of a patient were on the same side.",
        _never_tested(settings.get("never_tested") or {}),
        f"Models were fitted on training patients, tuned on validation patients "
        f"({int(sides.get('validation', 0))} over all folds), and judged on test patients "
        f"({int(sides.get('test', 0))} over all folds), whose labels no model saw.",
        f"Parts were compared by standardised differences{cite('smd')}."
        if len(data.table("balance"))
        else "",
        f"SHA-256 of the split: {short_hash(str(told.get('sha256') or ''))}." if told.get("sha256") else "",
    ]
    return " ".join(part for part in parts if part)


def _never_tested(rule: Mapping[str, Any]) -> str:
    """Say whose lesions were kept out of every test part."""
    if not rule:
        return ""
    told = join_words([f"{column} {' or '.join(map(str, values))}" for column, values in rule.items()])
    return (
        f"Patients with a lesion of {told.replace('_', ' ')} were trained and validated on, and never tested; "
        "where they differ from the others, the test part has another spectrum than the training part."
    )
