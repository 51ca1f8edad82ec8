"""The classifiers of the radiomics grid, by the key that model files use, with their settings stated."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from samesplit.extras import missing_packages
from samesplit.models.radiomics.estimators import (
    AdaptiveBoosting,
    ClassWeighted,
    LogisticModel,
    NearestNeighbours,
    Perceptron,
    SupportVectors,
)

__all__ = ["CLASSIFIERS", "ClassWeight", "Classifier", "make_classifier", "supports_class_weight"]

ClassWeight = Literal["balanced"] | None
"""Classes weigh alike however rare one is, or every lesion weighs the same."""

_NOT_FOR_MODEL_FILES = {"random_state", "n_jobs", "estimator", "verbose", "warm_start", "penalty"}
"""Given by the grid, or of no use to it; penalty: scikit-learn reads it off l1_ratio."""


@dataclass(frozen=True)
class Classifier:
    """A scikit-learn classifier that gives probabilities.

    Attributes:
        title: How tables and the documentation call it.
        definition: What it does, in a line or two.
        source: Where it is described.
        make: Its class.
        settings: What is set, so that a new release of a library does not change it. One thread each: the grid is
            run side by side, and the result does not depend on the number of cores.
        package: The package that it comes from, where that is not installed by samesplit alone.
        differs: What scikit-learn's defaults of mid-2019 (release 0.21, of many published grids) did otherwise.
    """

    title: str
    definition: str
    source: str
    make: Callable[..., Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    differs: str = ""
    package: str = ""

    @property
    def installed(self) -> bool:
        """Whether the package that it comes from is there."""
        return not self.package or not missing_packages("boosting", self.package)

    def parameters(self) -> list[str]:
        """Return the parameters that a model file may set."""
        return sorted(set(self.make().get_params(deep=False)) - _NOT_FOR_MODEL_FILES)


def _xgboost(**settings: Any) -> Any:
    """Make an XGBoost classifier; the package is imported here, since it is an extra."""
    from xgboost import XGBClassifier

    return XGBClassifier(**settings)


CLASSIFIERS: dict[str, Classifier] = {
    "logistic": Classifier(
        "Logistic regression",
        "log odds linear in the features (multinomial for more than two classes); minimises log loss + "
        "|w|^2 / (2 C), intercept not penalised.",
        "https://doi.org/10.2307/2347628",
        LogisticModel,
        {"C": 1.0, "solver": "lbfgs", "max_iter": 1000},
        "solver liblinear, which penalised the intercept too; 100 iterations at most",
    ),
    "lda": Classifier(
        "Linear discriminant analysis",
        "Gaussian classes with one covariance; solved by singular values, which is defined with more features "
        "than lesions and with collinear features: directions without variance are left out.",
        "https://doi.org/10.1111/j.1469-1809.1936.tb02137.x",
        LinearDiscriminantAnalysis,
        {"solver": "svd", "tol": 1e-4},
        "the same, but it warned of collinear features",
    ),
    "knn": Classifier(
        "k-nearest neighbours",
        "share of each class among the k nearest in Euclidean distance; all of them where there are fewer.",
        "https://doi.org/10.1109/TIT.1967.1053964",
        NearestNeighbours,
        {"n_neighbors": 5, "weights": "uniform", "p": 2},
    ),
    "decision-tree": Classifier(
        "Decision tree",
        "CART by Gini impurity, grown until leaves are pure: its probabilities are mostly 0 or 1, and its AUC is "
        "close to balanced accuracy. min_samples_leaf makes them finer.",
        "https://doi.org/10.1201/9781315139470",
        DecisionTreeClassifier,
        {"criterion": "gini", "max_depth": None, "min_samples_leaf": 1},
    ),
    "naive-bayes": Classifier(
        "Gaussian naive Bayes",
        "each feature normal within a class, independent of the others; variances get 1e-9 of the largest.",
        "https://doi.org/10.1111/j.1751-5823.2001.tb00465.x",
        GaussianNB,
        {"var_smoothing": 1e-9},
    ),
    "svm": Classifier(
        "Support vector machine",
        "largest margin with kernel exp(-gamma |a - b|^2), gamma = 1 / (n_features * variance); scores become "
        "probabilities through a logistic curve on 5 held-out folds (Platt) that never falls; of more than two "
        "classes each against the others, divided by their sum.",
        "https://doi.org/10.1007/BF00994018",
        SupportVectors,
        {"C": 1.0, "kernel": "rbf", "gamma": "scale", "folds": 5},
        "gamma 1 / n_features, which is the same on standardised features; no probabilities",
    ),
    "bagging": Classifier(
        "Bagged trees",
        "mean of 10 fully grown trees, each on a bootstrap sample of the lesions with all features.",
        "https://doi.org/10.1007/BF00058655",
        BaggingClassifier,
        {"n_estimators": 10, "n_jobs": 1},
    ),
    "mlp": Classifier(
        "Multilayer perceptron",
        "one hidden layer of 100 rectified units, Adam with rate 0.001, L2 penalty 0.0001, at most 200 epochs.",
        "https://doi.org/10.1038/323533a0",
        Perceptron,
        {
            "hidden_layer_sizes": (100,),
            "alpha": 1e-4,
            "learning_rate_init": 1e-3,
            "max_iter": 200,
        },
    ),
    "random-forest": Classifier(
        "Random forest",
        "mean of 100 trees on bootstrap samples, each split among sqrt(n_features) random features, at least 2 "
        "lesions a leaf.",
        "https://doi.org/10.1023/A:1010933404324",
        RandomForestClassifier,
        {"n_estimators": 100, "max_features": "sqrt", "min_samples_leaf": 2, "n_jobs": 1},
        "10 trees; leaves of one lesion (as today)",
    ),
    "adaboost": Classifier(
        "AdaBoost",
        "50 trees of one split, each on lesions weighted by how often the earlier ones erred (SAMME, discrete).",
        "https://doi.org/10.1006/jcss.1997.1504",
        AdaptiveBoosting,
        {"n_estimators": 50, "learning_rate": 1.0},
        "SAMME.R, which used the trees' probabilities; scikit-learn has removed it",
    ),
    "xgboost": Classifier(
        "XGBoost",
        "100 boosted trees of depth 3, rate 0.1, second-order log loss, 80 % of lesions and of features each.",
        "https://doi.org/10.1145/2939672.2939785",
        _xgboost,
        {
            "n_estimators": 100,
            "max_depth": 3,
            "learning_rate": 0.1,
            "subsample": 0.8,
            "colsample_bytree": 0.8,
            "tree_method": "hist",
            "objective": "binary:logistic",
            "n_jobs": 1,
        },
        package="xgboost",
    ),
    "elastic-net": Classifier(
        "Elastic-net logistic regression",
        "as logistic, but penalises l1_ratio * |w|_1 + (1 - l1_ratio) * |w|^2 / 2, over C; by SAGA.",
        "https://doi.org/10.1111/j.1467-9868.2005.00503.x",
        LogisticModel,
        {"C": 1.0, "l1_ratio": 0.5, "solver": "saga", "max_iter": 1000},
    ),
    "gradient-boosting": Classifier(
        "Gradient boosting",
        "100 trees of depth 3, each fitted to the gradient of the log loss, rate 0.1.",
        "https://doi.org/10.1214/aos/1013203451",
        GradientBoostingClassifier,
        {"n_estimators": 100, "max_depth": 3, "learning_rate": 0.1},
    ),
}
"""Every classifier by its key."""


def make_classifier(
    key: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    class_weight: ClassWeight = None,
) -> Any:
    """Make an unfitted classifier with its stated settings, the given ones, and a seed where it uses one.

    Args:
        key: Of `CLASSIFIERS`.
        parameters: Replace the stated settings; a `class_weight` among them replaces the one below.
        seed: Of all its random choices.
        class_weight: Given to the classifier where it has such a parameter, otherwise as weights of the lesions.

    Raises:
        KeyError: There is no such classifier.
        ValueError: It takes no weights, and some were asked for.

    Example:
        >>> make_classifier("logistic", {"C": 0.5}).C
        0.5
        >>> make_classifier("lda", class_weight="balanced")
        Traceback (most recent call last):
        ValueError: 'lda' takes no class weights; those that do: adaboost, bagging, decision-tree, ...
    """
    classifier = CLASSIFIERS[key]
    made = classifier.make(**{**classifier.settings, **(parameters or {})})
    own = made.get_params(deep=False)
    if "random_state" in own:
        made.set_params(random_state=seed)
    if class_weight is None or "class_weight" in (parameters or {}):
        return made
    if not supports_class_weight(key):
        known = ", ".join(sorted(name for name in CLASSIFIERS if supports_class_weight(name)))
        raise ValueError(f"'{key}' takes no class weights; those that do: {known}")
    if "class_weight" in own:
        return made.set_params(class_weight=class_weight)
    return ClassWeighted(made, class_weight=class_weight)


def supports_class_weight(key: str) -> bool:
    """Whether a classifier can weigh the classes.

    Raises:
        KeyError: There is no such classifier.

    Example:
        >>> [key for key in CLASSIFIERS if not supports_class_weight(key)]
        ['lda', 'knn']
    """
    if not CLASSIFIERS[key].installed:
        return key == "xgboost"
    made = CLASSIFIERS[key].make()
    weighs_lesions = "sample_weight" in inspect.signature(made.fit).parameters
    return weighs_lesions or "class_weight" in made.get_params(deep=False)
