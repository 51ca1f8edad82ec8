"""The page `docs/models.md`: every kind of model, every selector and classifier, with settings and sources.

`samesplit models list --markdown docs/models.md` writes it; a test compares the file with this module.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

from samesplit.declarations import Declaration
from samesplit.markdown import one_line, plain, settings_table, table
from samesplit.models.listing import kind_summary, kind_tasks
from samesplit.models.radiomics.calibration import CALIBRATION_SLOPES, LESIONS
from samesplit.models.radiomics.classifiers import CLASSIFIERS, Classifier
from samesplit.models.radiomics.selectors import SELECTORS, RankingSelector
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.registry import KINDS, settings_class
from samesplit.models.settings import ModelSettings

__all__ = ["XI_CLASSIFIERS", "XI_SELECTORS", "models_page"]

XI_SELECTORS = (
    "chi-squared", "anova-f", "t-score", "fisher-score", "relieff", "wilcoxon", "mifs", "mrmr", "cife", "jmi",
    "cmim", "icap", "disr",
)  # fmt: skip
"""The 13 selectors of Xi et al. 2020 (https://doi.org/10.1158/1078-0432.CCR-19-0374)."""
XI_CLASSIFIERS = (
    "logistic", "lda", "knn", "decision-tree", "naive-bayes", "svm", "bagging", "mlp", "random-forest", "adaboost",
)  # fmt: skip
"""The 10 classifiers of the same study."""

_NETWORKS = ("network", "torch-module")
_SEGMENTATION = "segmentation-network"
_SHARED = {
    "inputs": "How a lesion becomes numbers: the table `inputs` below.",
    "augmentation": "Random changes of training inputs: the table `augmentation` below.",
    "training": "How the network is fitted: the table `training` below.",
}

_ALL_KINDS = tuple(name for name in ModelSettings.model_fields if name not in ("name",))


def models_page() -> str:
    """Write the page as Markdown.

    Example:
        >>> models_page().splitlines()[0]
        '# Models'
    """
    blocks = [*_introduction(), *_kinds(), *_grid()]
    blocks += ["## Selectors", *_about_selectors(), _selectors(), *_selector_settings()]
    blocks += ["## Classifiers", *_about_classifiers(), _classifiers()]
    blocks += ["## Networks: `network` and `torch-module`", *_networks()]
    blocks += [f"## Networks that draw masks: `{_SEGMENTATION}`", *_segmentation()]
    blocks += ["## Settings of the other kinds", *_other_kinds()]
    return "\n\n".join(blocks) + "\n"


def _introduction() -> list[str]:
    return [
        "# Models",
        "A file in `models/` is a model: `kind:` says what it is, and the other keys are the settings of that "
        "kind. Whatever is fitted is fitted on the training part of a fold; no model meets a test label.",
        "This page is written by `samesplit models list --markdown docs/models.md` from the code itself, and a "
        "test compares the two: do not edit it.",
    ]


def _kinds() -> list[str]:
    rows = [
        [
            f"`{kind}`",
            plain(kind_summary(kind)),
            ", ".join(kind_tasks(kind)),
            ", ".join(f"`{key}`" for key in _own_keys(kind)),
        ]
        for kind in KINDS
    ]
    return [
        "## Kinds",
        "*tasks* are the kinds of task of a benchmark that a kind of model can do; a model that is asked for "
        "another is refused before anything runs.",
        table(["kind", "what it is", "tasks", "its own settings"], rows),
        "Every kind has these besides:",
        settings_table(ModelSettings, {"description": "Shown in the report."}, only=_ALL_KINDS),
    ]


def _other_kinds() -> Iterable[str]:
    for kind in KINDS:
        if kind not in ("radiomics-grid", *_NETWORKS, _SEGMENTATION) and _own_keys(kind):
            yield f"### `{kind}`"
            parts = inspect.cleandoc(settings_class(kind).__doc__ or "").split("\n\n")[1:]
            yield from (plain(one_line(part)) for part in parts)
            yield _own_settings(kind)


def _networks() -> Iterable[str]:
    """Return the settings of both kinds of network, and once what they share."""
    yield (
        "A network is trained on the images and masks of the training part. The validation part of the fold stops "
        "the training and says which epoch is kept; without one, all `epochs` are trained and the last is kept. "
        "In a model file, `inputs`, `augmentation` and `training` hold settings of their own:"
    )
    yield (
        "```yaml\nkind: network\ntitle: ResNet-10 on cubes\nnetwork: resnet10\ninputs: {view: 3d, size: 48}\n"
        + ("training: {epochs: 40, patience: 8}\n```")
    )
    for kind in _NETWORKS:
        yield f"### `{kind}`"
        parts = inspect.cleandoc(settings_class(kind).__doc__ or "").split("\n\n")
        yield from (plain(one_line(part)) for part in parts)
        yield settings_table(settings_class(kind), _SHARED, only=_own_keys(kind), types=True)
    for name, declared in _nested(settings_class(_NETWORKS[0])):
        yield f"### `{name}`"
        yield from (plain(one_line(part)) for part in inspect.cleandoc(declared.__doc__ or "").split("\n\n"))
        yield settings_table(declared, types=True)


def _segmentation() -> Iterable[str]:
    """Return the settings of networks that draw masks, and of their stages once."""
    kind = settings_class(_SEGMENTATION)
    yield from (plain(one_line(part)) for part in inspect.cleandoc(kind.__doc__ or "").split("\n\n"))
    stages = {
        "coarse": "The network that localises: the table `fine` below.",
        "fine": "The one that draws.",
    }
    below = {name: f"The table `{name}` below." for name in ("augmentation", "training")}
    yield settings_table(kind, stages | below, only=_own_keys(_SEGMENTATION), types=True)
    for name, declared in _nested(kind):
        if name != "coarse":
            yield f"### `{name}` of a `{_SEGMENTATION}`"
            parts = inspect.cleandoc(declared.__doc__ or "").split("\n\n")
            yield from (plain(one_line(part)) for part in parts)
            yield settings_table(declared, types=True)


def _own_keys(kind: str) -> list[str]:
    return [name for name in settings_class(kind).model_fields if name not in ("name", "kind", *_ALL_KINDS)]


def _grid() -> list[str]:
    blocks = [
        "## The grid: `radiomics-grid`",
        "Inside the training part of every fold of the split, and again in each inner fold of it: features that "
        "are mostly missing are dropped, gaps are filled, near-constant features are dropped, sites are "
        "harmonised, features are scaled, those that repeat another are dropped, lesions of rarer classes are "
        "added; every selector ranks once, a size is a prefix of its ranking, and every classifier is fitted to "
        "each. The inner scores choose one cell, which is fitted again on the whole training part and tested "
        "once. Only what the settings name is done. With more than two classes the score is the mean over classes "
        "of the AUC of one class against all others; an inner fold that leaves a class out of the rows that are "
        "fitted on gives no score, and a class without held-out lesions is left out of the mean.",
        _own_settings("radiomics-grid"),
    ]
    for name, declared in _nested(RadiomicsGridSettings):
        about = [plain(one_line(part)) for part in inspect.cleandoc(declared.__doc__ or "").split("\n\n")]
        blocks += [f"### `{name}`", *about, settings_table(declared)]
    return blocks


def _own_settings(kind: str) -> str:
    return settings_table(settings_class(kind), only=_own_keys(kind))


def _nested(kind: type[Declaration]) -> Iterable[tuple[str, type[Declaration]]]:
    """Return the settings of a kind that are declarations themselves."""
    for name, field in kind.model_fields.items():
        for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if inspect.isclass(part) and issubclass(part, Declaration):
                yield name, part


def _about_selectors() -> list[str]:
    return [
        "A selector ranks all features once on the training rows. Constant features come last, of equal scores "
        "the feature that comes first does, and the order of the lesions never matters. x is a feature, y the "
        "label, c a class, n_c its lesions, m_c and s_c the feature's mean and SD in it, n all lesions and K the "
        "number of classes: every selector ranks for two classes and for more. **Xi** marks the 13 of "
        "Xi et al. 2020 ([doi](https://doi.org/10.1158/1078-0432.CCR-19-0374)). A selector by stability under "
        "perturbations (ICC) is the setting `stability` of the grid: it needs more than features and labels.",
    ]


def _selectors() -> str:
    rows = [
        [
            f"`{key}`",
            plain(one.title),
            "Xi" if key in XI_SELECTORS else "",
            plain(one.definition),
            _link(one.source),
        ]
        for key, one in _in_order(SELECTORS, XI_SELECTORS)
    ]
    return table(["key", "selector", "", "ranks by", "source"], rows)


def _selector_settings() -> list[str]:
    rows = []
    for key, one in _in_order(SELECTORS, XI_SELECTORS):
        meanings = _arguments(one)
        for name, parameter in inspect.signature(one).parameters.items():
            if name not in ("size", "random_state"):
                rows.append(
                    [f"`{key}`", f"`{name}`", f"`{parameter.default}`", plain(meanings.get(name, ""))]
                )
    return [
        "Their settings, given as `{name: KEY, parameters: {...}}`:",
        table(["key", "setting", "default", "meaning"], rows),
    ]


def _arguments(one: type[RankingSelector]) -> Mapping[str, str]:
    """Tell what the docstring says below `Args:`, by name."""
    text = inspect.cleandoc(one.__doc__ or "")
    found = re.search(r"^Args:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    parts = re.split(r"^    (\w+): ", found[1], flags=re.MULTILINE)[1:] if found else []
    return {name: one_line(meaning) for name, meaning in zip(parts[::2], parts[1::2], strict=True)}


def _about_classifiers() -> list[str]:
    return [
        "All give probabilities, use one thread and a fixed seed. Settings are stated, so that a new release of a "
        "library does not change them; any other parameter of the library's class may be set with "
        "`{name: KEY, parameters: {...}}`. Published grids of 2019 ran with scikit-learn's defaults of that time: "
        "the column mid-2019 says where those differed. **Xi** marks the 10 of Xi et al. 2020.",
        "A good AUC says nothing about the probabilities. *slope* is the calibration slope (1 is right, below 1 "
        "the probabilities are too extreme, above 1 too timid) on unseen lesions, fitted to "
        f"{LESIONS} simulated ones with ten features, mean of 20 draws "
        "(`samesplit.models.radiomics.calibration`): **AdaBoost, k-nearest neighbours, bagged trees and single "
        "trees are badly calibrated**, and boosted trees and the perceptron far from well. "
        "Where probabilities are to be read as such, leave them out of the grid, or recalibrate on other lesions.",
    ]


def _classifiers() -> str:
    rows = [
        [
            f"`{key}`",
            plain(one.title),
            "Xi" if key in XI_CLASSIFIERS else "",
            plain(one.definition),
            _settings(one),
            plain(one.differs),
            f"{CALIBRATION_SLOPES[key]:.2f}",
            _link(one.source),
        ]
        for key, one in _in_order(CLASSIFIERS, XI_CLASSIFIERS)
    ]
    return table(["key", "classifier", "", "what it does", "settings", "mid-2019", "slope", "source"], rows)


def _settings(one: Classifier) -> str:
    given = {name: value for name, value in one.settings.items() if name != "n_jobs"}
    return ", ".join(f"`{name}={value}`" for name, value in given.items())


def _in_order(known: Mapping[str, Any], first: tuple[str, ...]) -> list[tuple[str, Any]]:
    """Those of the published grid in its order, then the others by their keys."""
    return [(key, known[key]) for key in (*first, *sorted(set(known) - set(first)))]


def _link(source: str) -> str:
    return f"[source]({source})" if source.startswith("http") else plain(source)
