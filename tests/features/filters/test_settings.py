import itertools

import pytest
from pydantic import TypeAdapter, ValidationError

from samesplit.features.filters.settings import (
    Filter,
    GaborFilter,
    LawsFilter,
    LogFilter,
    MeanFilter,
    RieszFilter,
    SimoncelliFilter,
    WaveletFilter,
)

MM = (3.0, 1.0, 0.5)
LOG = {"kind": "log", "sigma_mm": 1.5}
VARIANTS = {
    "mean": {"support_voxels": [3, 5]},
    "log": {"sigma_mm": [1.5, 2], "cutoff_sigma": [4, 3]},
    "laws": {
        "kernels": ["L5E5E5", "E5L5E5"],
        "energy_distance": [None, 7],
        "rotation_invariant": [False, True],
        "pooling": ["max", "mean"],
    },
    "gabor": {
        "sigma_mm": [5, 6],
        "wavelength_mm": [2],
        "aspect_ratio": [1, 1.5],
        "angle_degrees": [0, 60],
        "angle_step_degrees": [None, 22.5, 45],
        "pooling": ["max", "mean"],
        "response": ["modulus", "real"],
        "planes": ["axial", "orthogonal"],
        "cutoff_sigma": [5],
    },
    "wavelet": {
        "wavelet": ["haar", "db3"],
        "subband": ["LLH", "HHH"],
        "level": [1, 2],
        "rotation_invariant": [False, True],
        "pooling": ["max", "mean"],
    },
    "simoncelli": {"level": [1, 2]},
    "riesz": {
        "order": [[1, 0, 0], [0, 2, 0]],
        "of": [LOG, {"kind": "simoncelli"}],
        "structure_sigma_mm": [None, 1],
    },
}
ONE_OF_EACH = {
    "mean_5": (MeanFilter(support_voxels=5), "S60F"),
    "log_1.5mm": (LogFilter(sigma_mm=1.5), "L6PA"),
    "laws_l5e5e5_energy7_max": (
        LawsFilter(kernels="L5E5E5", energy_distance=7, rotation_invariant=True),
        "JTXT",
    ),
    "gabor_5mm_2mm_ratio1.5_every22.5deg_mean_orthogonal": (
        GaborFilter(
            sigma_mm=5, wavelength_mm=2, aspect_ratio=1.5, angle_step_degrees=22.5, planes="orthogonal"
        ),
        "Q88H",
    ),
    "wavelet_db3_llh_1_mean": (WaveletFilter(wavelet="db3", subband="LLH", rotation_invariant=True), "25BO"),
    "simoncelli_2": (SimoncelliFilter(level=2), "PRT7"),
    "riesz_020_log_1.5mm_steered1mm": (
        RieszFilter(order=(0, 2, 0), of=LOG, structure_sigma_mm=1),
        "AYRS",
    ),
}


def read(given):
    return TypeAdapter(Filter).validate_python(given)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_filter_has_a_name_for_columns_and_the_code_of_its_kind(name):
    one, code = ONE_OF_EACH[name]
    assert (one.name, one.code) == (name, code)


@pytest.mark.parametrize("kind", VARIANTS)
def test_filters_that_differ_have_names_that_differ(kind):
    keys = [*VARIANTS[kind], "boundary"]
    options = [*VARIANTS[kind].values(), ["mirror", "zero"]]
    seen = {}
    for values in itertools.product(*options):
        one = read({"kind": kind} | dict(zip(keys, values, strict=True)))
        told = one.model_dump()
        if told.get("rotation_invariant") is False or told.get("angle_step_degrees", ...) is None:
            del told["pooling"]  # nothing is pooled, so how says nothing
        assert seen.setdefault(one.name, told) == told
    assert len(seen) == len({repr(told) for told in seen.values()})


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_slices_and_boundaries_stand_in_the_name_where_they_are_not_the_usual(name):
    one, _ = ONE_OF_EACH[name]
    written = one.model_dump() | {"boundary": "constant", "constant": -1000.0}
    written.get("of", {}).update(boundary="constant", constant=-1000.0)
    assert read(written).name == f"{name}_constant-1000"


def test_slice_by_slice_stands_in_the_name():
    assert LogFilter(sigma_mm=1, dimensions=2).name == "log_1mm_2d"
    riesz = RieszFilter(order=(1, 0), of=LOG, dimensions=2, boundary="zero")
    assert riesz.name == "riesz_10_log_1.5mm_2d_zero"
    assert (riesz.of.dimensions, riesz.of.boundary) == (2, "zero")


@pytest.mark.parametrize(
    ("one", "reach"),
    [
        (MeanFilter(support_voxels=5), (2, 2, 2)),
        (MeanFilter(support_voxels=5, dimensions=2), (0, 2, 2)),
        (LogFilter(sigma_mm=1.5), (2, 6, 12)),
        (LogFilter(sigma_mm=1.5, cutoff_sigma=3), (2, 5, 9)),
        (LawsFilter(kernels="L5E3S5"), (2, 1, 2)),
        (LawsFilter(kernels="L3E5", dimensions=2), (0, 2, 1)),
        (LawsFilter(kernels="L5E3S5", energy_distance=7), (9, 8, 9)),
        (LawsFilter(kernels="L5E3S3", energy_distance=7, rotation_invariant=True), (9, 9, 9)),
        (GaborFilter(sigma_mm=2, wavelength_mm=2), (0, 10, 20)),
        (GaborFilter(sigma_mm=2, wavelength_mm=2, aspect_ratio=0.5), (0, 20, 40)),
        (GaborFilter(sigma_mm=3, wavelength_mm=2, planes="orthogonal", aspect_ratio=2), (5, 15, 30)),
        (WaveletFilter(wavelet="haar", subband="LLH"), (1, 1, 1)),
        (WaveletFilter(wavelet="db3", subband="LLH", level=2), (9, 9, 9)),
        (WaveletFilter(wavelet="coif1", subband="LH", dimensions=2), (0, 3, 3)),
        (SimoncelliFilter(), None),
        (RieszFilter(order=(1, 0, 0), of=LOG), None),
        (MeanFilter(support_voxels=5, boundary="periodic"), None),
        (GaborFilter(sigma_mm=2, wavelength_mm=2, boundary="periodic"), None),
    ],
    ids=lambda given: getattr(given, "name", None),
)
def test_a_response_looks_as_far_along_z_y_x_as_its_kernel_goes(one, reach):
    assert one.reach_voxels(MM) == reach


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "mean", "support_voxels": 4}, "odd number of voxels"),
        ({"kind": "log", "sigma_mm": 0}, "greater than 0"),
        ({"kind": "log", "sigma_mm": float("nan")}, "finite number"),
        ({"kind": "log", "sigma_mm": 1, "constant": 3}, "`constant` belongs to `boundary: constant`"),
        ({"kind": "laws", "kernels": "L5E5"}, "`dimensions: 3` takes as many kernels, not 2"),
        ({"kind": "laws", "kernels": "L5E5E4"}, "'R5'"),
        ({"kind": "gabor", "sigma_mm": 5, "wavelength_mm": 2, "angle_step_degrees": 25}, "do not divide"),
        ({"kind": "wavelet", "wavelet": "db39", "subband": "LLH"}, "use haar, db1 to db38, coif1 to coif17"),
        ({"kind": "wavelet", "wavelet": "db0", "subband": "LLH"}, "no wavelet of that name"),
        ({"kind": "wavelet", "wavelet": "db3", "subband": "LH"}, "subband of as many letters, not 'LH'"),
        ({"kind": "wavelet", "wavelet": "db3", "subband": "LLX"}, "one letter L"),
        ({"kind": "simoncelli", "level": 7}, "less than or equal to 6"),
        ({"kind": "riesz", "order": [0, 0, 0], "of": LOG}, "give at least one"),
        ({"kind": "riesz", "order": [1, 0], "of": LOG}, "takes as many orders, not 2"),
        ({"kind": "riesz", "order": [1, 0, 0], "of": LOG | {"boundary": "zero"}}, "leave it out in `of`"),
        ({"kind": "riesz", "order": [1, 0, 0], "of": {"kind": "mean", "support_voxels": 3}}, "'log'"),
    ],
)
def test_what_no_filter_can_be_is_refused_in_words(wrong, message):
    with pytest.raises(ValidationError) as error:
        read(wrong)
    assert message in str(error.value)
