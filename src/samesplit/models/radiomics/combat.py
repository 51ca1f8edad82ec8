"""ComBat: what each site adds to and multiplies a feature with, estimated on some lesions and removed from any.

Written here because no maintained library with a permissive licence estimates on training lesions, applies to
others, takes sites of one lesion, and has a rule for sites that it has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["SiteEffects", "Unseen", "estimate_site_effects", "follow_from_sites", "remove_site_effects"]

Floats = npt.NDArray[np.float64]

Unseen = Literal["error", "pooled", "as-is"]
"""What becomes of a lesion from a site that no training lesion came from: an error; the correction that training
lesions had on average (the means of the sites' shifts and variances, weighted by their lesions); or nothing."""

_CONVERGED = 1e-8
_MOST_ROUNDS = 1000


@dataclass(frozen=True)
class SiteEffects:
    """What was estimated.

    Attributes:
        sites: Their names, sorted, length n_sites.
        counts: Lesions of each site, shape (n_sites,).
        mean: Of a feature over sites weighted by their lesions, at covariates of 0, shape (n_features,).
        scale: Standard deviation within sites, shape (n_features,); 1 for a feature that does not vary there.
        coefficients: Of the covariates, shape (n_covariates, n_features); zeros for a covariate that follows from
            the sites and the covariates before it.
        shifts: What a site adds, in units of `scale`, shape (n_sites, n_features).
        variances: What a site multiplies the variance with, shape (n_sites, n_features).
    """

    sites: list[str]
    counts: npt.NDArray[np.int64]
    mean: Floats
    scale: Floats
    coefficients: Floats
    shifts: Floats
    variances: Floats


def estimate_site_effects(
    X: Floats, sites: Sequence[str] | npt.NDArray[Any], covariates: Floats | None = None
) -> SiteEffects:
    """Location and scale of each site, shrunk to what the site does to the other features (empirical Bayes).

    Model: value = mean + covariates * coefficients + scale * (shift + sqrt(variance) * noise). A site's shifts
    share a normal prior over features, its variances an inverse gamma prior; the priors come from the data by the
    method of moments, and shift and variance are iterated to their posterior means. This is the parametric form of
    Johnson et al. (2007), as in neuroCombat, which stops at a relative change of 1e-4, where this stops at 1e-8.

    - One site: nothing is estimated and nothing will be changed.
    - A site of one lesion has no variance: only its shift is estimated, with variance 1.
    - One feature has no others to learn from: its shifts and variances are not shrunk.
    - A feature that does not vary within sites loses all of the difference between them, and is left out of the
      priors.

    Assumes that sites differ by location and scale alone, and that they would be alike otherwise: a site with more
    positive lesions loses some of what tells them. No label is looked at.

    Args:
        X: Shape (n_lesions, n_features), finite.
        sites: The site of each lesion.
        covariates: What is to be kept although it differs between sites, shape (n_lesions, n_covariates), finite.

    References:
        W. E. Johnson, C. Li, A. Rabinovic, Biostatistics 8:118-127 (2007), https://doi.org/10.1093/biostatistics/kxj037;
        in radiomics: F. Orlhac et al., Radiology 291:53-59 (2019), https://doi.org/10.1148/radiol.2019182023.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(200, 20))
        >>> sites = np.repeat(["A", "B"], 100)
        >>> X[100:] = 3 * X[100:] + 5
        >>> effects = estimate_site_effects(X, sites)
        >>> bare = remove_site_effects(X, sites, effects)
        >>> bool(abs(bare[:100].mean() - bare[100:].mean()) < 0.1)
        True
    """
    names, codes = np.unique(np.asarray(sites, dtype=str), return_inverse=True)
    counts = np.bincount(codes)
    given = np.empty((len(X), 0)) if covariates is None else np.asarray(covariates, dtype="float64")
    if len(names) == 1:
        ones = np.ones((1, X.shape[1]))
        nothing = np.zeros((given.shape[1], X.shape[1]))
        return SiteEffects([str(names[0])], counts, X.mean(axis=0), ones[0], nothing, 0 * ones, ones)
    indicators = np.eye(len(names))[codes]
    kept = _independent(indicators, given)
    fitted = np.linalg.lstsq(np.column_stack([indicators, given[:, kept]]), X, rcond=None)[0]
    coefficients = np.zeros((given.shape[1], X.shape[1]))
    coefficients[kept] = fitted[len(names) :]
    mean = (counts / len(X)) @ fitted[: len(names)]
    rest = X - given @ coefficients
    variance = ((rest - fitted[codes]) ** 2).mean(axis=0)
    varies = np.sqrt(variance) > 1e-10 * np.abs(X).max(axis=0)
    scale = np.where(varies, np.sqrt(variance), 1.0)
    standard = (rest - mean) / scale
    shifts, variances = np.empty((len(names), X.shape[1])), np.ones((len(names), X.shape[1]))
    for site, count in enumerate(counts):
        rows = standard[codes == site]
        shifts[site] = rows.mean(axis=0)
        squares = ((rows - shifts[site]) ** 2).sum(axis=0)
        shrunk = _posterior(shifts[site, varies], squares[varies], int(count))
        shifts[site, varies], variances[site, varies] = shrunk
    return SiteEffects([str(name) for name in names], counts, mean, scale, coefficients, shifts, variances)


def follow_from_sites(sites: Sequence[str] | npt.NDArray[Any], covariates: Floats) -> list[int]:
    """Return the covariates that the sites tell: what they explain cannot be told from what the site does.

    Args:
        sites: The site of each lesion.
        covariates: Shape (n_lesions, n_covariates), finite.

    Returns:
        Numbers of the columns that follow from the sites and the columns before them, but not from those columns
        alone: such a column varies, and not within a site.

    Example:
        >>> follow_from_sites(["A", "A", "B", "B"], np.array([[1.0, 0, 7], [1, 1, 7], [2, 0, 7], [2, 1, 7]]))
        [0]
    """
    names, codes = np.unique(np.asarray(sites, dtype=str), return_inverse=True)
    told = set(range(covariates.shape[1])) - set(_independent(np.eye(len(names))[codes], covariates))
    alone = set(_independent(np.ones((len(codes), 1)), covariates))
    return sorted(told & alone)


def _independent(indicators: Floats, covariates: Floats) -> list[int]:
    """Return the covariates that do not follow from the sites and the covariates before them."""
    basis, kept = indicators / np.sqrt(indicators.sum(axis=0)), []
    for number, column in enumerate(covariates.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        size = np.linalg.norm(rest)
        if size > 1e-8 * np.linalg.norm(column):
            basis = np.column_stack([basis, rest / size])
            kept.append(number)
    return kept


def _posterior(shift: Floats, squares: Floats, count: int) -> tuple[Floats, Floats]:
    """Shifts and variances of one site, shrunk towards what they are over its features.

    Args:
        shift: The site's means, shape (n_features,).
        squares: Sums of squares around them, shape (n_features,).
        count: Lesions of the site.
    """
    variance = np.ones(len(shift))
    if count > 1:
        variance = np.where(squares > 0, squares / (count - 1), 1.0)
    if len(shift) < 2:
        return shift, variance
    centre, spread = shift.mean(), shift.var(ddof=1)
    if count == 1:
        return (spread * shift + centre) / (spread + 1), variance
    level, width = variance.mean(), variance.var(ddof=1)
    # The inverse gamma prior has shape a = 2 + level^2 / width and rate b = level + level^3 / width; numerator and
    # denominator of the posterior mean are multiplied by width, which may be 0.
    new_shift, new_variance = shift, variance
    for _ in range(_MOST_ROUNDS):
        old_shift, old_variance = new_shift, new_variance
        new_shift = (spread * count * shift + old_variance * centre) / (spread * count + old_variance)
        sum2 = squares + count * (shift - new_shift) ** 2
        new_variance = (width * (sum2 / 2 + level) + level**3) / (width * (count / 2 + 1) + level**2)
        moved = max(np.abs(new_shift - old_shift).max(), np.abs(new_variance / old_variance - 1).max())
        if moved <= _CONVERGED:
            break
    return new_shift, new_variance


def remove_site_effects(
    X: Floats,
    sites: Sequence[str] | npt.NDArray[Any],
    effects: SiteEffects,
    covariates: Floats | None = None,
    *,
    unseen: Unseen = "error",
) -> Floats:
    """Values as they would be without their site's shift and scale; nothing is estimated from them.

    Args:
        X: Shape (n_lesions, n_features).
        sites: The site of each lesion.
        effects: From `estimate_site_effects`, of the same features.
        covariates: Shape (n_lesions, n_covariates), as there.
        unseen: What becomes of lesions from sites without effects.

    Raises:
        ValueError: A site has no effects, and that is an error; the message names it.
    """
    given = np.asarray(sites, dtype=str)
    present = sorted({str(name) for name in given})
    known = {name: number for number, name in enumerate(effects.sites)}
    strange = [name for name in present if name not in known]
    if strange and unseen == "error":
        raise ValueError(f"no training lesion came from the site {', '.join(map(repr, strange))}")
    result = np.array(X, dtype="float64")
    if len(effects.sites) == 1:
        return result
    middle = np.broadcast_to(effects.mean, result.shape)
    if covariates is not None and len(effects.coefficients):
        middle = middle + np.asarray(covariates, dtype="float64") @ effects.coefficients
    for name in present:
        if name in known:
            shift, variance = effects.shifts[known[name]], effects.variances[known[name]]
        elif unseen == "pooled":
            shift, variance = (
                np.average(table, axis=0, weights=effects.counts)
                for table in (effects.shifts, effects.variances)
            )
        else:
            continue
        rows = given == name
        around = result[rows] - middle[rows]
        result[rows] = middle[rows] + (around - effects.scale * shift) / np.sqrt(variance)
    return result
