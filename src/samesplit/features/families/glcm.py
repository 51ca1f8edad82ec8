"""The grey level co-occurrence matrix: how often two levels are neighbours, and 25 features of it.

IBSI manual section 3.6 (family LFYI, https://doi.org/10.1148/radiol.2020191145); matrices are symmetric: each
pair of neighbours counts in both orders.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.families.glcm_kernels import count_pairs, count_pairs_of_13, features_of_each
from samesplit.features.families.neighbours import N_PAIRS, directions
from samesplit.features.families.slices import mean_over_slices
from samesplit.features.families.spans import Spans, ranked, spans_of, spans_of_mask
from samesplit.features.families.texture import LevelVolume

__all__ = [
    "AGGREGATIONS",
    "TAGS",
    "features_of",
    "glcm",
    "halved",
    "matrices",
    "merged_matrix_3d",
    "stacks",
]

AGGREGATIONS = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
"""Averaged over slices and directions; merged over directions and averaged over slices; merged over slices and
averaged over directions; one matrix of all slices; averaged over the 13 directions; one matrix of all of them."""

TAGS = (
    "cm_joint_max", "cm_joint_avg", "cm_joint_var", "cm_joint_entr", "cm_diff_avg", "cm_diff_var",
    "cm_diff_entr", "cm_sum_avg", "cm_sum_var", "cm_sum_entr", "cm_energy", "cm_contrast", "cm_dissimilarity",
    "cm_inv_diff", "cm_inv_diff_norm", "cm_inv_diff_mom", "cm_inv_diff_mom_norm", "cm_inv_var", "cm_corr",
    "cm_auto_corr", "cm_clust_tend", "cm_clust_shade", "cm_clust_prom", "cm_info_corr1", "cm_info_corr2",
)  # fmt: skip
"""The features in the order of the values.

Without any pair of neighbours (a single voxel, voxels that do not touch) all are NaN. With one level only the
correlation (0/0: no variance) and the first information correlation (0/0: no entropy) are NaN.
Both normalised inverse differences divide by the number of levels of the discretisation, whether they occur or
not: with the number of those that occur, configurations C and D miss their references.
"""

_KEPT_BYTES = 64 << 20  # matrices of all slices and directions are kept for 2D and 2.5D up to that size
Matrix = npt.NDArray[np.uint32]


def glcm(volume: LevelVolume, aggregation: str, *, distance: int = 1) -> npt.NDArray[np.float64]:
    """Return the co-occurrence features of a volume.

    Args:
        volume: Grey levels of a lesion.
        aggregation: One of `AGGREGATIONS`. Averages are over the matrices in which a feature is defined.
        distance: Chebyshev distance of the voxels of a pair, in voxels: every offset at that distance is a
            direction (13 at distance 1, 49 at distance 2).

    Returns:
        The values in the order of `TAGS`, shape (25,).

    Raises:
        LesionError: More than 4096 levels occur.

    Example:
        >>> from samesplit.features.families.texture import MaskGeometry
        >>> mask = np.ones((1, 1, 4), dtype=np.uint8)
        >>> geometry = MaskGeometry(mask, mask)
        >>> volume = LevelVolume(geometry, geometry.place(np.array([1, 2, 1, 2])))
        >>> dict(zip(TAGS, glcm(volume, "3D_comb").tolist(), strict=True))["cm_contrast"]
        1.0
    """
    blocks = (
        features_of_each(stack, greys, float(volume.n_levels))
        for stack, greys in _stacks(volume, aggregation, distance)
    )
    return mean_over_slices(np.concatenate(list(blocks)))


def matrices(volume: LevelVolume, aggregation: str, *, distance: int = 1) -> Matrix:
    """Return the symmetric matrices over whose features an aggregation averages.

    Args:
        volume: At most 255 grey levels.
        aggregation: One of `AGGREGATIONS`.
        distance: Chebyshev distance in voxels.

    Returns:
        Counts, shape (matrices, n_levels, n_levels); matrices may be empty.
    """
    if volume.n_levels > np.iinfo(np.uint8).max:
        raise ValueError("matrices of more than 255 levels have rows only for levels that occur: use glcm()")
    return np.concatenate([stack for stack, _ in _stacks(volume, aggregation, distance)])


def stacks(
    volume: LevelVolume, aggregation: str, *, distance: int = 1
) -> Iterator[tuple[Matrix, npt.NDArray[np.int64]]]:
    """Yield the same for any number of levels, some at a time, each with the levels that its rows stand for."""
    yield from _stacks(volume, aggregation, distance)


def merged_matrix_3d(volume: LevelVolume) -> Matrix:
    """Count the symmetric matrix of all 13 directions, at most 255 levels, shape (n_levels, n_levels)."""
    merged: Matrix = matrices(volume, "3D_comb")[0]
    return merged


def halved(matrix: Matrix) -> Matrix:
    """Return the matrix of the same lesion at half as many levels: level k becomes (k + 1) // 2.

    With a fixed bin number, n and n / 2 bins nest exactly, and so do their matrices.

    Args:
        matrix: Shape (..., n, n); with odd n the last level stays alone.

    Example:
        >>> halved(np.arange(16, dtype=np.uint32).reshape(4, 4)).tolist()
        [[10, 18], [42, 50]]
    """
    n = matrix.shape[-1]
    if n % 2:
        matrix = np.pad(matrix, [(0, 0)] * (matrix.ndim - 2) + [(0, 1), (0, 1)])
    rows = matrix[..., ::2, :] + matrix[..., 1::2, :]
    return np.asarray(rows[..., ::2] + rows[..., 1::2], dtype=np.uint32)


def features_of(matrix: Matrix) -> npt.NDArray[np.float64]:
    """Return the features of a symmetric matrix of levels 1 to n, or the means over several.

    Args:
        matrix: Counts, shape (n, n) or (matrices, n, n).

    Returns:
        The values in the order of `TAGS`, shape (25,).
    """
    n = matrix.shape[-1]
    stack = np.ascontiguousarray(matrix.reshape(-1, n, n), dtype=np.uint32)
    return mean_over_slices(features_of_each(stack, np.arange(1, n + 1), float(n)))


def _stacks(
    volume: LevelVolume, aggregation: str, distance: int
) -> Iterator[tuple[Matrix, npt.NDArray[np.int64]]]:
    """Stacks of matrices that together make an aggregation, each with the levels of its rows."""
    if aggregation not in AGGREGATIONS:
        raise ValueError(f"{aggregation!r} is none of {', '.join(AGGREGATIONS)}")
    if distance < 1:
        raise ValueError(f"the distance of neighbours is at least 1, not {distance}")
    dimension, _, kind = aggregation.rpartition("_")
    merged = kind == "comb"
    in_plane = dimension != "3D"
    kept = _kept(volume, "slices" if in_plane else kind, distance)
    if kept is not None:
        stack = kept.sum(axis=0, dtype=np.uint32) if dimension == "2_5D" else kept
        if merged and in_plane:
            stack = stack.sum(axis=-3, keepdims=True, dtype=np.uint32)
        n = stack.shape[-1]
        yield np.ascontiguousarray(stack.reshape(-1, n, n)), ranked(volume).greys
        return
    pairs = _Pairs.of(volume, distance)
    offsets = pairs.offsets(distance, in_plane=in_plane)
    for part in pairs.by_slice() if dimension == "2D" else [pairs]:
        yield from part.compact().stacks(offsets, merged=merged)


def _kept(volume: LevelVolume, what: str, distance: int) -> Matrix | None:
    """Matrices that are worth keeping: several aggregations and coarser levels follow from them.

    Args:
        volume: Grey levels of a lesion; from the matrices of its `finer` volume its own follow.
        what: Matrices by slice and in-plane direction ("slices"), by direction ("avg"), or one ("comb").
        distance: Chebyshev distance in voxels.

    Returns:
        Shape (slices with voxels, directions, n, n), (directions, n, n) or (1, n, n); None if they are too large.
    """
    n_slices = len(spans_of(volume.geometry).occupied_slices())
    n_matrices = {"slices": n_slices * 4 * distance, "avg": len(directions(distance)), "comb": 1}[what]
    n_levels = len(ranked(volume).greys)
    if n_matrices * n_levels * n_levels * 4 > _KEPT_BYTES:
        return None

    def make() -> Matrix:
        finer = volume.finer
        if finer is not None and finer.n_levels <= np.iinfo(np.uint8).max:
            fine = _kept(finer, what, distance)
            if fine is not None:
                return halved(fine)
        pairs = _Pairs.of(volume, distance)
        offsets = pairs.offsets(distance, in_plane=what == "slices")
        if what == "slices":
            return np.stack([part.each(offsets) for part in pairs.by_slice()])
        return pairs.all(offsets) if what == "comb" else pairs.each(offsets)

    return volume.shared(f"glcm_{what}_{distance}", make)


@dataclass(frozen=True)
class _Pairs:
    """What pairs are counted in: rows of the matrix laid out in space, and where to look."""

    rows: npt.NDArray[Any]  # flat
    spans: Spans
    greys: npt.NDArray[np.int64]
    strides: npt.NDArray[np.int64]

    @classmethod
    def of(cls, volume: LevelVolume, distance: int) -> _Pairs:
        ranks = ranked(volume)
        rows: npt.NDArray[Any] = ranks.rows
        spans = spans_of(volume.geometry)
        if distance > 1:  # so wide a margin that no offset reaches around into another row
            rows = np.pad(rows, distance - 1)
            spans = spans_of_mask(rows)
        strides = np.array([rows.shape[1] * rows.shape[2], rows.shape[2], 1])
        return cls(rows.reshape(-1), spans, ranks.greys, strides)

    def offsets(self, distance: int, *, in_plane: bool) -> npt.NDArray[np.uint64]:
        steps = directions(distance, in_plane=in_plane) @ self.strides
        return np.asarray(steps, dtype=np.uint64)

    def occupied(self) -> list[int]:
        return self.spans.occupied_slices()

    def by_slice(self) -> Iterator[_Pairs]:
        for z in self.occupied():
            yield replace(self, spans=self.spans.only(z))

    def compact(self) -> _Pairs:
        """Return the same with rows for those levels only that occur within the spans of one slice."""
        plane = int(self.strides[0])
        if len(self.occupied()) > 1:
            return self
        start = int(self.spans.bounds[0, 0]) // plane * plane
        here = self.rows[start : start + plane]
        counts = np.bincount(here, minlength=len(self.greys) + 1)
        present = np.flatnonzero(counts[1:]) + 1
        new_rows = np.zeros(len(counts), dtype=self.rows.dtype)
        new_rows[present] = np.arange(1, len(present) + 1)
        spans = replace(self.spans, bounds=self.spans.bounds - start)
        return replace(self, rows=new_rows[here], spans=spans, greys=self.greys[present - 1])

    def stacks(
        self, offsets: npt.NDArray[np.uint64], *, merged: bool
    ) -> Iterator[tuple[Matrix, npt.NDArray[np.int64]]]:
        """One matrix of all offsets, or one for each, no more than one of them in memory at a time."""
        if merged:
            yield self.all(offsets), self.greys
        else:
            for k in range(len(offsets)):
                yield self.each(offsets[k : k + 1]), self.greys

    def each(self, offsets: npt.NDArray[np.uint64]) -> Matrix:
        """One symmetric matrix for each offset."""
        width = len(self.greys) + 1
        tables = np.zeros((len(offsets), width * width), dtype=np.uint32)
        count_pairs(self.rows, self.spans.bounds, offsets, tables, np.uintp(width))
        return _symmetric(tables)

    def all(self, offsets: npt.NDArray[np.uint64]) -> Matrix:
        """One symmetric matrix of all offsets, shape (1, n, n)."""
        width = len(self.greys) + 1
        if len(offsets) == N_PAIRS and self.rows.dtype == np.uint8:
            tables = np.zeros((4, width * width), dtype=np.uint32)
            count_pairs_of_13(self.rows, self.spans.bounds, offsets, tables, np.uintp(width))
            return _symmetric(tables.sum(axis=0, keepdims=True, dtype=np.uint32))
        table = np.zeros((1, width * width), dtype=np.uint32)
        for k in range(len(offsets)):
            count_pairs(self.rows, self.spans.bounds, offsets[k : k + 1], table, np.uintp(width))
        return _symmetric(table)


def _symmetric(tables: Matrix) -> Matrix:
    """Flat tables with a row and column 0 for what lies outside the lesion, as symmetric matrices without."""
    width = math.isqrt(tables.shape[1])
    inside = tables.reshape(-1, width, width)[:, 1:, 1:]
    return np.asarray(inside + inside.transpose(0, 2, 1), dtype=np.uint32)
