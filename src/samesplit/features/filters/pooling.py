"""Rotation invariance of separable filters: their kernels turned by all right angles, and pooled.

In three dimensions there are 24 such rotations, in two there are 4. Turning the image under the filter gives the
same responses as turning the filter. Kernels that turn into themselves or into their negatives, and means over
mirror images, make most of them superfluous.
Source: IBSI reference manual for image filters, section 2.3 (arXiv:2006.05470).
"""

from __future__ import annotations

from collections import Counter
from itertools import permutations, product

from samesplit.features.filters.separable import Separable, Taps, Term
from samesplit.features.filters.settings import Pooling

__all__ = ["rotated", "rotation_invariant"]

Kernels = tuple[Taps, Taps, Taps]


def rotation_invariant(kernels: Kernels, pooling: Pooling, dimensions: int) -> Separable | None:
    """Return the filter that pools the responses of a separable one turned by all right angles.

    Args:
        kernels: Along z, y, x.
        pooling: How the responses become one.
        dimensions: 3, or 2 for rotations in the x-y plane alone.

    Returns:
        The filter; None where the mean of the responses is 0 everywhere.
    """
    turned = rotated(kernels, dimensions)
    if pooling == "mean":
        return _mean(turned)
    signs: dict[Kernels, set[int]] = {}
    for _, one in turned:
        sign, unsigned = _unsigned(one)
        signs.setdefault(unsigned, set()).add(sign)
    terms = tuple(
        Term(one, weight=float(max(found)), both_signs=len(found) == 2) for one, found in signs.items()
    )
    return Separable(terms, pooling)


def rotated(kernels: Kernels, dimensions: int) -> list[tuple[Kernels, Kernels]]:
    """Return the kernels along z, y, x of every rotation by right angles, before and after mirroring.

    Example:
        >>> edge, level = Taps((-1.0, 0.0, 1.0), -1), Taps((1.0, 2.0, 1.0), -1)
        >>> len(rotated((level, level, edge), 3)), len(rotated((level, level, edge), 2))
        (24, 4)
    """
    found = []
    for order in permutations(range(3)):
        for mirrored in product((False, True), repeat=3):
            proper = (_is_odd(order) + sum(mirrored)) % 2 == 0
            if proper and (dimensions == 3 or (order[0] == 0 and not mirrored[0])):
                z, y, x = (kernels[place] for place in order)
                a, b, c = (
                    one.flipped() if flip else one for one, flip in zip((z, y, x), mirrored, strict=True)
                )
                found.append(((z, y, x), (a, b, c)))
    return found


def _mean(turned: list[tuple[Kernels, Kernels]]) -> Separable | None:
    """Return the mean: over all mirror images of a product it is the product of means with the mirror image."""
    by_order: dict[Kernels, Counter[Kernels]] = {}
    for plain, one in turned:
        by_order.setdefault(plain, Counter())[one] += 1
    weights: dict[Kernels, float] = {}
    for (z, y, x), count in by_order.items():
        share = count.total() / len(turned)
        if len(set(count.values())) == 1 and set(count) == _all_mirrored((z, y, x)):
            of_means = z.mean_with_flipped(), y.mean_with_flipped(), x.mean_with_flipped()
            parts = {of_means: share}
        else:
            parts = {one: number / len(turned) for one, number in count.items()}
        for one, weight in parts.items():
            sign, unsigned = _unsigned(one)
            weights[unsigned] = weights.get(unsigned, 0.0) + sign * weight
    terms = tuple(Term(one, weight) for one, weight in weights.items() if abs(weight) > 1e-12 and _acts(one))
    return Separable(terms) if terms else None


def _all_mirrored(kernels: Kernels) -> set[Kernels]:
    z, y, x = ({one, one.flipped()} for one in kernels)
    return set(product(z, y, x))


def _unsigned(kernels: Kernels) -> tuple[int, Kernels]:
    """Take the signs out of kernels, so that those that differ by sign alone are equal."""
    sign = 1
    found = []
    for taps in kernels:
        lead = next((weight for weight in taps.weights if weight != 0), 1.0)
        sign *= 1 if lead > 0 else -1
        found.append(taps if lead > 0 else taps.scaled(-1.0))
    z, y, x = found
    return sign, (z, y, x)


def _acts(kernels: Kernels) -> bool:
    return all(any(taps.weights) for taps in kernels)


def _is_odd(order: tuple[int, ...]) -> bool:
    return sum(a > b for place, a in enumerate(order) for b in order[place + 1 :]) % 2 == 1
