"""Compiled: runs, zones and dependences of boxes, and the sixteen numbers that the three have in common.

What a box holds is listed, each thing with its grey level and its step (a length, a size, a distance to the
border, a number of neighbours); the numbers of `families.emphases` then come from one pass over the list.
Entropies are sums of c log2 c over the counts of equal things, looked up in a table. All of it stands in one file,
because compiled code is kept until its own file changes.

Every sweep takes:

* `levels`: grey levels, flat, 0 outside, and `bits`, the near neighbours of each voxel (`equality`);
* `bounds`: the stretches of voxels that get a value, shape (n, 2);
* `around`, `inside`: the box (`neighbourhood`);
* `room`: of `room_for`;
* `places`, `out`: which values are wanted, and where they go, one row a voxel.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.emphases import N_EMPHASES

__all__ = ["room_for", "sweep_dependences", "sweep_runs", "sweep_zones"]


def room_for(n_levels: int, most_steps: int, most_things: int, n_box: int) -> tuple[Any, ...]:
    """Make the room that a sweep needs.

    Args:
        n_levels: The largest level.
        most_steps: The largest step.
        most_things: The longest list.
        n_box: Voxels of the box.

    Returns:
        c log2 c by count; 1 / k^2 by level or step; counts by level, by step, and by both, all 0; levels and steps
        of the list; values of one box and their mean; six rows of numbers for the voxels of the box.
    """
    counts = np.arange(most_things + 1, dtype=np.float64)
    logs = counts * np.log2(np.maximum(counts, 1))
    with np.errstate(divide="ignore"):
        inverse: npt.NDArray[np.float64] = 1 / np.arange(max(n_levels, most_steps) + 1, dtype=np.float64) ** 2
    return (
        logs,
        inverse,
        np.zeros(n_levels + 1, np.int64),
        np.zeros(most_steps + 1, np.int64),
        np.zeros((n_levels + 1, most_steps + 1), np.int32),
        np.empty((2, most_things), np.uint16),
        np.empty((2, N_EMPHASES)),
        np.empty((6, n_box), np.uint32),
    )


@numba.njit(cache=True, nogil=True)
def _emphases(n: int, n_voxels: int, room: Any, out: Any) -> None:
    """Fill the 17 values of a list of n things; `n_voxels` are those that the percentage refers to."""
    logs, inverse, by_level, by_step, by_both, things, _, _ = room
    levels, steps = things[0], things[1]
    e0 = e2 = e4 = e5 = e6 = 0.0
    square_step = square_level = square_both = sum_level = sum_step = np.int64(0)
    of_level = of_step = of_both = np.int64(0)  # sums of squared counts
    entropy = 0.0
    for k in range(n):
        i, j = np.uintp(levels[k]), np.uintp(steps[k])
        ii, jj = np.int64(i * i), np.int64(j * j)
        sum_level += np.int64(i)
        sum_step += np.int64(j)
        square_level += ii
        square_step += jj
        square_both += ii * jj
        e0 += inverse[j]
        e2 += inverse[i]
        e4 += inverse[i] * inverse[j]
        e5 += ii * inverse[j]
        e6 += jj * inverse[i]
        of_level += 2 * by_level[i] + 1
        by_level[i] += 1
        of_step += 2 * by_step[j] + 1
        by_step[j] += 1
        count = by_both[i, j]
        of_both += 2 * count + 1
        entropy += logs[count + 1] - logs[count]
        by_both[i, j] = count + 1
    for k in range(n):
        i, j = np.uintp(levels[k]), np.uintp(steps[k])
        by_level[i] = 0
        by_step[j] = 0
        by_both[i, j] = 0
    out[0], out[1], out[2], out[3] = e0 / n, square_step / n, e2 / n, square_level / n
    out[4], out[5], out[6], out[7] = e4 / n, e5 / n, e6 / n, square_both / n
    out[8], out[10] = of_level / n, of_step / n
    out[9], out[11] = out[8] / n, out[10] / n
    out[12] = n / n_voxels
    out[13] = (n * square_level - sum_level * sum_level) / (n * n)
    out[14] = (n * square_step - sum_step * sum_step) / (n * n)
    out[15] = (logs[n] - entropy) / n
    out[16] = of_both / (n * n)


@numba.njit(cache=True, nogil=True)
def sweep_runs(
    levels: Any, bits: Any, bounds: Any, around: Any, inside: Any, local: Any, merged: bool, room: Any,
    places: Any, out: Any,
) -> None:  # fmt: skip
    """Fill the run length features; `local` leads from a place of the box to the next in each direction."""
    n_directions = local.size
    run_levels, run_lengths = room[5][0], room[5][1]
    values, mean = room[6][0], room[6][1]
    equal = room[7][0]  # neighbours of the same level within the box
    row = 0
    for j in range(bounds.shape[0]):
        for p in range(bounds[j, 0], bounds[j, 1]):
            n_voxels = 0
            for k in range(around.size):
                q = p + around[k]
                equal[k] = bits[q] & inside[k]
                n_voxels += levels[q] != 0
            for k in range(mean.size):
                mean[k] = 0.0
            n = 0
            for d in range(n_directions):
                if not merged:
                    n = 0
                one, back = np.uint32(1) << np.uint32(d), np.uint32(1) << np.uint32(d + 13)
                for k in range(around.size):
                    level = levels[p + around[k]]
                    if level == 0 or equal[k] & back:
                        continue
                    length, place = 1, k
                    while equal[place] & one:
                        place += local[d]
                        length += 1
                    run_levels[n] = level
                    run_lengths[n] = length
                    n += 1
                if not merged:
                    _emphases(n, n_voxels, room, values)
                    for k in range(mean.size):
                        mean[k] += values[k] / n_directions
            if merged:
                _emphases(n, n_voxels * n_directions, room, mean)
            for k in range(places.size):
                out[row, k] = mean[places[k]]
            row += 1


@numba.njit(cache=True, nogil=True)
def _count_bits(b: Any) -> Any:
    b -= (b >> np.uint32(1)) & np.uint32(0x55555555)
    b = (b & np.uint32(0x33333333)) + ((b >> np.uint32(2)) & np.uint32(0x33333333))
    b = (b + (b >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
    return np.uint32(b * np.uint32(0x01010101)) >> np.uint32(24)


@numba.njit(cache=True, nogil=True)
def sweep_dependences(
    levels: Any, bits: Any, bounds: Any, around: Any, inside: Any, room: Any, places: Any, out: Any
) -> None:
    """Fill the dependence features."""
    of_voxel, dependence = room[5][0], room[5][1]
    values = room[6][0]
    row = 0
    for j in range(bounds.shape[0]):
        for p in range(bounds[j, 0], bounds[j, 1]):
            n = 0
            for k in range(around.size):
                q = p + around[k]
                if levels[q] == 0:
                    continue
                of_voxel[n] = levels[q]
                dependence[n] = _count_bits(bits[q] & inside[k]) + np.uint32(1)
                n += 1
            _emphases(n, n, room, values)
            for k in range(places.size):
                out[row, k] = values[places[k]]
            row += 1


@numba.njit(cache=True, nogil=True)
def _root(parents: Any, label: Any) -> Any:
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = np.uintp(parents[label])
    return label


@numba.njit(cache=True, nogil=True)
def _distances(
    drawn: Any, p: int, around: Any, local: Any, inside: Any, to_edge: Any, up: bool, out: Any
) -> None:
    """Count steps along the axes from each voxel of a box to the next one outside the box or the lesion."""
    whole = True
    for k in range(around.size):
        within = drawn[p + around[k]] != 0
        out[k] = to_edge[k] if within else np.uint32(0)
        whole = whole and within
    if whole:
        return
    # Directions 0 and 2 lead along x and y, 8 along z; what lies outside is 0 already, so two sweeps are exact.
    for k in range(around.size):
        if out[k] != 0:
            for d in (0, 2, 8):
                if (d != 8 or up) and inside[k] & (np.uint32(1) << np.uint32(d + 13)):
                    out[k] = min(out[k], out[k - local[d]] + np.uint32(1))
    for k in range(around.size - 1, -1, -1):
        if out[k] != 0:
            for d in (0, 2, 8):
                if (d != 8 or up) and inside[k] & (np.uint32(1) << np.uint32(d)):
                    out[k] = min(out[k], out[k + local[d]] + np.uint32(1))


@numba.njit(cache=True, nogil=True)
def sweep_zones(
    levels: Any, bits: Any, bounds: Any, around: Any, inside: Any, local: Any, joined: Any, drawn: Any,
    to_edge: Any, by_distance: bool, up: bool, room: Any, places: Any, out: Any,
) -> None:  # fmt: skip
    """Fill the zone features, by size or by distance.

    Each voxel takes the label of an equal neighbour behind it and joins labels that it connects, as in
    `families.zones`; `drawn` is the morphological mask, `to_edge` the steps to the box's faces, `up` whether one
    may walk along z.
    """
    n_box = around.size
    labels, parents, sizes = room[7][0], room[7][1], room[7][2]
    zone_levels, nearest, distance = room[7][3], room[7][4], room[7][5]
    list_levels, list_steps = room[5][0], room[5][1]
    values = room[6][0]
    four, lowest = np.uint16(4), np.uint16(15)
    row = 0
    for j in range(bounds.shape[0]):
        for p in range(bounds[j, 0], bounds[j, 1]):
            if by_distance:
                _distances(drawn, p, around, local, inside, to_edge, up, distance)
            n, n_voxels = 0, 0
            for k in range(n_box):
                q = p + around[k]
                if levels[q] == 0:
                    continue
                n_voxels += 1
                join = joined[(bits[q] & inside[k]) >> np.uint32(13)]
                if join == 0:
                    labels[k] = parents[n] = n
                    sizes[n], zone_levels[n], nearest[n] = 1, levels[q], distance[k]
                    n += 1
                    continue
                label = _root(parents, np.uintp(labels[k - local[np.uintp(join & lowest) - 1]]))
                join >>= four
                while join != 0:
                    other = _root(parents, np.uintp(labels[k - local[np.uintp(join & lowest) - 1]]))
                    if other < label:
                        label, other = other, label
                    if other != label:
                        parents[other] = label
                        sizes[label] += sizes[other]
                        nearest[label] = min(nearest[label], nearest[other])
                    join >>= four
                labels[k] = label
                sizes[label] += 1
                nearest[label] = min(nearest[label], distance[k])
            n_zones = 0
            for k in range(n):
                if parents[k] == k:
                    list_levels[n_zones] = zone_levels[k]
                    list_steps[n_zones] = nearest[k] if by_distance else sizes[k]
                    n_zones += 1
            _emphases(n_zones, n_voxels, room, values)
            for k in range(places.size):
                out[row, k] = values[places[k]]
            row += 1
