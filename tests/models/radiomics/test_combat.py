"""ComBat against a plain loop over the formulas of Johnson et al. (2007), and against what it is for."""

from __future__ import annotations

import numpy as np
import pytest

from samesplit.models.radiomics.combat import estimate_site_effects, remove_site_effects


def cohort(
    counts: tuple[int, ...] = (40, 25, 15), columns: int = 30, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features with planted site effects, the same without, sites, ages."""
    rng = np.random.default_rng(seed)
    sites = rng.permutation(np.repeat([f"site {number}" for number in range(len(counts))], counts))
    ages = rng.normal(60, 10, len(sites)) + 8 * (sites == "site 0")
    scale = rng.uniform(0.5, 20, columns)
    bare = (rng.normal(size=(len(sites), columns)) + 0.05 * ages[:, None]) * scale + rng.normal(
        0, 10, columns
    )
    X = bare.copy()
    for number in range(1, len(counts)):
        rows = sites == f"site {number}"
        shift = rng.normal(2 * number, 0.5, columns) * scale
        X[rows] = (
            bare[rows].mean(axis=0) + (bare[rows] - bare[rows].mean(axis=0)) * (1 + 0.5 * number) + shift
        )
    return X, bare, sites, ages


def plain_combat(X: np.ndarray, sites: np.ndarray, covariates: np.ndarray | None) -> np.ndarray:
    """Johnson et al. (2007), parametric, as neuroCombat writes it: one value after the other, to its 1e-4."""
    n, p = X.shape
    names = sorted(set(sites))
    design = np.array([[float(site == name) for name in names] for site in sites])
    full = design if covariates is None else np.hstack([design, covariates])
    beta = np.linalg.inv(full.T @ full) @ full.T @ X
    grand = sum((sites == name).mean() * beta[i] for i, name in enumerate(names))
    beyond = 0 * X if covariates is None else covariates @ beta[len(names) :]
    pooled = ((X - full @ beta) ** 2).sum(axis=0) / n
    Z = (X - grand - beyond) / np.sqrt(pooled)
    result = np.empty_like(X)
    for name in names:
        z = Z[sites == name]
        gamma_hat, delta_hat = z.mean(axis=0), z.var(axis=0, ddof=1)
        gamma_bar, t2 = gamma_hat.mean(), gamma_hat.var(ddof=1)
        m, s2 = delta_hat.mean(), delta_hat.var(ddof=1)
        a, b = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2
        for column in range(p):
            gamma, delta, change = gamma_hat[column], delta_hat[column], 1.0
            while change > 1e-4:
                new_gamma = (len(z) * t2 * gamma_hat[column] + delta * gamma_bar) / (len(z) * t2 + delta)
                squares = sum((value - new_gamma) ** 2 for value in z[:, column])
                new_delta = (b + squares / 2) / (len(z) / 2 + a - 1)
                change = max(abs(new_gamma - gamma) / abs(gamma), abs(new_delta - delta) / delta)
                gamma, delta = new_gamma, new_delta
            adjusted = (z[:, column] - gamma) / np.sqrt(delta)
            rows = sites == name
            result[rows, column] = adjusted * np.sqrt(pooled[column]) + grand[column] + beyond[rows, column]
    return result


@pytest.mark.parametrize("with_age", [False, True])
def test_it_agrees_with_a_plain_loop_over_the_formulas(with_age: bool) -> None:
    X, _, sites, ages = cohort()
    covariates = ages[:, None] if with_age else None
    effects = estimate_site_effects(X, sites, covariates)
    ours = remove_site_effects(X, sites, effects, covariates)
    expected = plain_combat(X, sites, covariates)
    assert np.abs(ours - X).max() > 10
    np.testing.assert_allclose((ours - expected) / X.std(axis=0), 0, atol=2e-4)


# What neuroCombat 0.2.12 (github.com/Jfortin1/ComBatHarmonization) gives for `published_input()`.
NEUROCOMBAT = np.array(
    [
        [3.0540, 16.2052, 3.0801, 24.4005],
        [13.7795, -0.0461, 13.9930, 26.0864],
        [0.2907, 2.1831, 24.4966, 9.8525],
        [-6.9588, 17.8601, 10.8762, 12.3501],
        [8.3978, 11.5910, 3.8836, 27.9410],
        [8.7902, -2.1935, 19.1566, 24.3943],
        [-6.4108, 7.0977, 22.0007, 11.3309],
        [-5.5810, 17.9092, 6.7420, 20.8166],
        [9.4056, 5.8312, 7.8304, 31.4349],
        [8.6396, -0.5861, 22.6941, 17.9464],
        [-5.4747, 13.4344, 17.7828, 10.3594],
        [2.9683, 17.4992, 4.1769, 24.7253],
    ]
)


def published_input() -> tuple[np.ndarray, np.ndarray]:
    """Twelve lesions, four features, three sites, without a random generator."""
    rows, columns = np.mgrid[0:12, 0:4]
    X = np.round(10 * np.sin(1.7 * rows + 2.3 * columns) + columns * 5, 3)
    sites = np.array(list("AAAAABBBBCCC"))
    X[sites == "B"] = np.round(1.5 * X[sites == "B"] + 7, 3)
    return X, sites


def test_it_agrees_with_neurocombat() -> None:
    X, sites = published_input()
    ours = remove_site_effects(X, sites, estimate_site_effects(X, sites))
    np.testing.assert_allclose(ours, NEUROCOMBAT, atol=2e-3)


def test_planted_site_effects_go_and_differences_between_lesions_stay() -> None:
    X, bare, sites, _ = cohort((150, 150, 150))
    done = remove_site_effects(X, sites, estimate_site_effects(X, sites))
    spread = bare.std(axis=0)

    def differ(values: np.ndarray) -> tuple[float, float]:
        means = [values[sites == name].mean(axis=0) / spread for name in sorted(set(sites))]
        sds = [values[sites == name].std(axis=0) for name in sorted(set(sites))]
        return float(np.ptp(means, axis=0).max()), float((np.max(sds, axis=0) / np.min(sds, axis=0)).max())

    assert differ(X)[0] > 2
    assert differ(X)[1] > 1.5
    # Not 0 and 1: what a site does to a feature is shrunk towards what it does to the others.
    assert differ(done)[0] < 0.25
    assert differ(done)[1] < 1.2
    for name in sorted(set(sites)):
        rows = sites == name
        for column in range(X.shape[1]):
            assert np.corrcoef(done[rows, column], bare[rows, column])[0, 1] > 0.999


def test_what_a_covariate_explains_is_kept() -> None:
    rng = np.random.default_rng(3)
    sites = np.repeat(["A", "B"], 300)
    age = rng.normal(50, 5, 600) + 20 * (sites == "B")
    X = rng.normal(size=(600, 8)) + 0.1 * age[:, None] + 3 * (sites == "B")[:, None]
    kept = remove_site_effects(X, sites, estimate_site_effects(X, sites, age[:, None]), age[:, None])
    lost = remove_site_effects(X, sites, estimate_site_effects(X, sites))
    difference = [table[300:].mean() - table[:300].mean() for table in (kept, lost)]
    np.testing.assert_allclose(difference, [2.0, 0.0], atol=0.25)


def test_a_covariate_that_follows_from_the_sites_changes_nothing() -> None:
    X, _, sites, ages = cohort()
    scanner = (sites == "site 1").astype(float)
    covariates = np.column_stack([ages, scanner, 2 * ages - scanner])
    effects = estimate_site_effects(X, sites, covariates)
    assert not effects.coefficients[1:].any()
    np.testing.assert_allclose(
        remove_site_effects(X, sites, effects, covariates),
        remove_site_effects(X, sites, estimate_site_effects(X, sites, ages[:, None]), ages[:, None]),
        atol=1e-6,
    )


def test_a_row_is_transformed_alike_whatever_is_beside_it() -> None:
    X, _, sites, _ = cohort()
    effects = estimate_site_effects(X[:60], sites[:60])
    together = remove_site_effects(X[60:], sites[60:], effects)
    for row in range(60, 80):
        alone = remove_site_effects(X[[row]], sites[[row]], effects)
        np.testing.assert_array_equal(alone[0], together[row - 60])


def test_the_order_of_the_rows_does_not_matter() -> None:
    X, _, sites, _ = cohort()
    order = np.random.default_rng(1).permutation(len(X))
    first, second = estimate_site_effects(X, sites), estimate_site_effects(X[order], sites[order])
    np.testing.assert_allclose(first.shifts, second.shifts, atol=1e-7)
    np.testing.assert_allclose(first.variances, second.variances, atol=1e-7)


def test_one_site_is_left_exactly_as_it_is() -> None:
    X = cohort()[0]
    effects = estimate_site_effects(X, ["only"] * len(X))
    np.testing.assert_array_equal(remove_site_effects(X, ["only"] * len(X), effects), X)


def test_a_site_of_one_lesion_gives_up_a_shift_and_no_scale() -> None:
    X, _, sites, _ = cohort((40, 30, 1))
    effects = estimate_site_effects(X, sites)
    single = effects.sites.index("site 2")
    np.testing.assert_array_equal(effects.variances[single], 1)
    raw = (X[sites == "site 2"][0] - effects.mean) / effects.scale
    centre, spread = raw.mean(), raw.var(ddof=1)
    np.testing.assert_allclose(effects.shifts[single], (spread * raw + centre) / (spread + 1))
    assert np.isfinite(remove_site_effects(X, sites, effects)).all()


def test_unseen_sites_follow_the_declared_rule() -> None:
    X, _, sites, _ = cohort()
    effects = estimate_site_effects(X, sites)
    rows, strange = X[:4], np.array(["elsewhere", "site 0", "elsewhere", "site 1"])
    with pytest.raises(ValueError, match="no training lesion came from the site 'elsewhere'"):
        remove_site_effects(rows, strange, effects)
    known = [1, 3]
    expected = remove_site_effects(rows[known], strange[known], effects)
    as_is = remove_site_effects(rows, strange, effects, unseen="as-is")
    np.testing.assert_array_equal(as_is[[0, 2]], rows[[0, 2]])
    np.testing.assert_array_equal(as_is[known], expected)
    pooled = remove_site_effects(rows, strange, effects, unseen="pooled")
    np.testing.assert_array_equal(pooled[known], expected)
    weights = np.array([40, 25, 15]) / 80
    shift, variance = weights @ effects.shifts, weights @ effects.variances
    by_hand = effects.mean + (rows[0] - effects.mean - effects.scale * shift) / np.sqrt(variance)
    np.testing.assert_allclose(pooled[0], by_hand)
    # On average training lesions are moved by little: their grand mean stays where it is.
    assert np.abs((pooled[0] - rows[0]) / X.std(axis=0)).max() < 0.5


def test_one_feature_has_no_others_to_learn_from_and_is_not_shrunk() -> None:
    X, _, sites, _ = cohort(columns=1)
    effects = estimate_site_effects(X, sites)
    for number, name in enumerate(effects.sites):
        standard = (X[sites == name, 0] - effects.mean[0]) / effects.scale[0]
        np.testing.assert_allclose(effects.shifts[number, 0], standard.mean())
        np.testing.assert_allclose(effects.variances[number, 0], standard.var(ddof=1))


def test_features_that_do_not_vary_within_sites_lose_the_difference_and_disturb_no_other() -> None:
    X, _, sites, _ = cohort()
    more = np.column_stack([X, 5.0 + 3.0 * (sites == "site 1"), np.full(len(X), 7.0)])
    done = remove_site_effects(more, sites, estimate_site_effects(more, sites))
    np.testing.assert_allclose(done[:, -2], done[0, -2])
    np.testing.assert_allclose(done[:, -1], 7.0)
    without = remove_site_effects(X, sites, estimate_site_effects(X, sites))
    np.testing.assert_allclose(done[:, :-2], without, rtol=1e-9)


def test_features_that_are_all_alike_share_one_shift_and_one_variance() -> None:
    X, _, sites, _ = cohort(columns=1)
    done = remove_site_effects(np.tile(X, 4), sites, estimate_site_effects(np.tile(X, 4), sites))
    assert np.isfinite(done).all()
    np.testing.assert_allclose(done, done[:, [0]].repeat(4, axis=1))


def test_more_features_than_lesions_and_sites_of_two_lesions_work() -> None:
    X, _, sites, _ = cohort((12, 2, 2), columns=500)
    assert np.isfinite(remove_site_effects(X, sites, estimate_site_effects(X, sites))).all()
