"""The grey level run length matrix: how long a level goes on in a direction, and 16 features of it.

IBSI manual section 3.7 (family TP0I, https://doi.org/10.1148/radiol.2020191145).

Every voxel has a place in its run: one more than the voxel before it where their levels are equal, else the first.
As many runs have at least j voxels as there are voxels at place j, so that counting voxels by level and place,
without asking where runs begin or end, gives the matrix.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.emphases import table_emphases
from samesplit.features.families.neighbours import directions
from samesplit.features.families.slices import mean_over_slices
from samesplit.features.families.spans import Ranked, Spans, ranked, spans_of
from samesplit.features.families.texture import LevelVolume

__all__ = ["AGGREGATIONS", "TAGS", "glrlm", "matrices"]

AGGREGATIONS = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
"""Averaged over slices and directions; merged over directions and averaged over slices; merged over slices and
averaged over directions; one matrix of all slices; averaged over the 13 directions; one matrix of all of them."""

TAGS = (
    "rlm_sre", "rlm_lre", "rlm_lgre", "rlm_hgre", "rlm_srlge", "rlm_srhge", "rlm_lrlge", "rlm_lrhge",
    "rlm_glnu", "rlm_glnu_norm", "rlm_rlnu", "rlm_rlnu_norm", "rlm_r_perc", "rlm_gl_var", "rlm_rl_var",
    "rlm_rl_entr",
)  # fmt: skip
"""The features in the order of the values; all are defined for every lesion, however small."""

_KEPT_BYTES = 64 << 20  # counts of all slices and directions are kept for 2D and 2.5D up to that size
Table = npt.NDArray[np.uint32]


def glrlm(volume: LevelVolume, aggregation: str) -> npt.NDArray[np.float64]:
    """Return the run length features of a volume.

    Args:
        volume: Grey levels of a lesion.
        aggregation: One of `AGGREGATIONS`.

    Returns:
        The values in the order of `TAGS`, shape (16,).

    Raises:
        LesionError: More than 4096 levels occur.

    Example:
        >>> from samesplit.features.families.texture import MaskGeometry
        >>> mask = np.ones((1, 1, 4), dtype=np.uint8)
        >>> geometry = MaskGeometry(mask, mask)
        >>> volume = LevelVolume(geometry, geometry.place(np.array([2, 2, 2, 1])))
        >>> dict(zip(TAGS, glrlm(volume, "2_5D_avg").tolist(), strict=True))["rlm_r_perc"]
        0.875
    """
    values = [
        table_emphases(_with_all_levels(runs, volume), n_voxels)[: len(TAGS)]
        for runs, n_voxels in _matrices(volume, aggregation)
    ]
    return mean_over_slices(np.array(values))


def matrices(volume: LevelVolume, aggregation: str) -> npt.NDArray[np.int64]:
    """Return the matrices over whose features an aggregation averages.

    Returns:
        Counts of runs by length (row 0: one voxel) and level (column 0: level 1), shape
        (matrices, longest, n_levels); `longest` is the largest side of the lesion's box.
    """
    longest = max(volume.levels.shape) - 2
    found = [_with_all_levels(runs, volume)[:, 1:] for runs, _ in _matrices(volume, aggregation)]
    return np.stack([np.pad(runs, ((0, longest - len(runs)), (0, 0))) for runs in found])


def _with_all_levels(runs: npt.NDArray[np.int64], volume: LevelVolume) -> npt.NDArray[np.int64]:
    """Columns 0 to n_levels instead of 0 and the levels that occur."""
    greys = ranked(volume).greys
    if len(greys) == volume.n_levels:
        return runs
    whole = np.zeros((len(runs), volume.n_levels + 1), dtype=np.int64)
    whole[:, greys] = runs[:, 1:]
    return whole


def _matrices(volume: LevelVolume, aggregation: str) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """Matrices (length, level from 0), each with the voxels that its runs have."""
    if aggregation not in AGGREGATIONS:
        raise ValueError(f"{aggregation!r} is none of {', '.join(AGGREGATIONS)}")
    dimension, _, kind = aggregation.rpartition("_")
    for tables in _counts(volume, dimension, merged=kind == "comb"):
        for part in [tables] if kind == "comb" else tables[:, np.newaxis]:
            runs = np.zeros((part.shape[1] - 1, part.shape[2]), dtype=np.int64)
            longest, n_voxels = _runs(np.ascontiguousarray(part), runs)
            yield runs[:longest], n_voxels


@numba.njit(cache=True, nogil=True)
def _runs(tables: Any, runs: Any) -> tuple[int, int]:
    """Fill runs by length and level from the sum of tables by place; the longest run, and how many voxels."""
    longest = n_voxels = np.int64(0)
    for length in range(np.uintp(1), np.uintp(tables.shape[1])):
        of_length = np.int64(0)
        for level in range(np.uintp(tables.shape[2])):
            at_least = np.int64(0)  # as many runs have so many voxels as there are voxels at that place
            for table in tables:
                at_least += np.int64(table[length, level])
            runs[length - np.uintp(1), level] = at_least
            of_length += at_least
            if length > 1:
                runs[length - np.uintp(2), level] -= at_least
        if of_length == 0:
            break
        longest = np.int64(length)
        n_voxels += of_length
    return int(longest), int(n_voxels)


def _counts(volume: LevelVolume, dimension: str, *, merged: bool) -> Iterator[Table]:
    """Voxels by direction, place in their run and level; of all directions together, tables to be added up."""
    counting = _Counting(volume)
    slices = counting.spans.occupied_slices()
    if dimension == "3D":
        yield counting.tables(directions(), 4 if merged else 13)
        return
    in_plane = directions(in_plane=True)
    if len(slices) * 4 * counting.table_bytes <= _KEPT_BYTES:
        kept = volume.shared(
            "glrlm_in_plane", lambda: np.stack([counting.tables(in_plane, 4, z) for z in slices])
        )
        yield from kept if dimension == "2D" else [kept.sum(axis=0, dtype=np.uint32)]
    elif dimension == "2D":
        for z in slices:
            yield counting.tables(in_plane, 4, z)
    else:
        yield counting.tables(in_plane, 4)


class _Counting:
    def __init__(self, volume: LevelVolume) -> None:
        ranks: Ranked = ranked(volume)
        self.rows = ranks.rows
        self.spans: Spans = spans_of(volume.geometry)
        self.width = len(ranks.greys) + 1
        self.places = max(self.rows.shape)  # the longest run is two shorter: places from 1, and one to spare

    @property
    def table_bytes(self) -> int:
        """Size of the counts of one direction."""
        return int(self.places * self.width * 4)

    def tables(self, steps: npt.NDArray[np.int64], n_tables: int, z: int | None = None) -> Table:
        """Voxels by place in their run and level, in the whole volume or one slice.

        Direction k is counted in table k modulo n_tables.
        """
        nz, ny, nx = self.rows.shape
        tables = np.zeros((n_tables, self.places * self.width), dtype=np.uint32)
        places = np.zeros((len(steps), 2, ny * nx), dtype=np.uint16)
        first, last = (1, nz - 1) if z is None else (z, z + 1)
        _count_places(
            self.rows.reshape(-1), self.spans.bounds, self.spans.starts, first, last, nx, steps, places,
            tables, np.uintp(self.width),
        )  # fmt: skip
        return tables.reshape(n_tables, self.places, self.width)


@numba.njit(cache=True, nogil=True)
def _count_places(
    levels: Any, bounds: Any, starts: Any, first: int, last: int, nx: int, steps: Any, places: Any,
    tables: Any, width: Any,
) -> None:  # fmt: skip
    """Go through the slices; `places` keeps those of this slice and the last one, for each direction."""
    plane = places.shape[2]
    n_tables = tables.shape[0]
    for z in range(first, last):
        if starts[z] == starts[z + 1]:
            continue
        base = z * plane
        spans = bounds[starts[z] : starts[z + 1]]
        now = z & 1
        for k in range(steps.shape[0]):
            back = steps[k, 1] * nx + steps[k, 2]
            if steps[k, 0] == 1:
                start, stop = spans[0, 0] - base, spans[spans.shape[0] - 1, 1] - base
                _lengthen(
                    levels[base + start : base + stop],
                    levels[base - plane + start - back : base - plane + stop - back],
                    places[k, 1 - now, start - back : stop - back],
                    places[k, now, start:stop],
                )
            elif steps[k, 1] == 1:
                for j in range(spans.shape[0]):
                    start, stop = spans[j, 0], spans[j, 1]
                    _lengthen(
                        levels[start:stop],
                        levels[start - back : stop - back],
                        places[k, now, start - base - back : stop - base - back],
                        places[k, now, start - base : stop - base],
                    )
            else:
                _along_x(levels, spans, base, places[k, now])
        n_fours = steps.shape[0] // 4 * 4
        for k in range(0, n_fours, 4):
            _scatter_four(
                levels, spans, np.uintp(base), width,
                places[k, now], places[k + 1, now], places[k + 2, now], places[k + 3, now],
                tables[k % n_tables], tables[(k + 1) % n_tables], tables[(k + 2) % n_tables],
                tables[(k + 3) % n_tables],
            )  # fmt: skip
        for k in range(n_fours, steps.shape[0]):
            _scatter(levels, spans, np.uintp(base), width, places[k, now], tables[k % n_tables])


@numba.njit(cache=True, nogil=True)
def _lengthen(here: Any, there: Any, before: Any, out: Any) -> None:
    for i in range(np.uintp(out.shape[0])):
        place = before[i]  # read in any case: a load that depends on the comparison does not vectorise
        out[i] = (place if here[i] == there[i] else np.uint16(0)) + np.uint16(1)


@numba.njit(cache=True, nogil=True)
def _along_x(levels: Any, spans: Any, base: int, out: Any) -> None:
    for j in range(spans.shape[0]):
        place = np.uint16(0)
        for p in range(np.uintp(spans[j, 0]), np.uintp(spans[j, 1])):
            place = np.uint16(
                (place if levels[p] == levels[p - np.uintp(1)] else np.uint16(0)) + np.uint16(1)
            )
            out[p - np.uintp(base)] = place


@numba.njit(cache=True, nogil=True)
def _scatter_four(
    levels: Any, spans: Any, base: Any, width: Any, p0: Any, p1: Any, p2: Any, p3: Any,
    t0: Any, t1: Any, t2: Any, t3: Any,
) -> None:  # fmt: skip
    one = np.uint32(1)
    for j in range(spans.shape[0]):
        for p in range(np.uintp(spans[j, 0]), np.uintp(spans[j, 1])):
            level = np.uintp(levels[p])
            i = p - base
            t0[np.uintp(p0[i]) * width + level] += one
            t1[np.uintp(p1[i]) * width + level] += one
            t2[np.uintp(p2[i]) * width + level] += one
            t3[np.uintp(p3[i]) * width + level] += one


@numba.njit(cache=True, nogil=True)
def _scatter(levels: Any, spans: Any, base: Any, width: Any, places: Any, table: Any) -> None:
    for j in range(spans.shape[0]):
        for p in range(np.uintp(spans[j, 0]), np.uintp(spans[j, 1])):
            table[np.uintp(places[p - base]) * width + np.uintp(levels[p])] += np.uint32(1)
