import pytest
from pydantic import ValidationError

from samesplit.features.processing.settings import ProcessingSettings, spacing_zyx


@pytest.mark.parametrize(
    ("written", "zyx"),
    [
        (None, (None, None, None)),
        (2, (2.0, 2.0, 2.0)),
        ([1, 2, 3], (3.0, 2.0, 1.0)),
        ([2, 2, 0], (None, 2.0, 2.0)),
        ([2, 2, None], (None, 2.0, 2.0)),
    ],
)
def test_spacings_are_written_x_y_z_and_used_z_y_x(written, zyx):
    assert ProcessingSettings(spacing_mm=written).target_mm == zyx


@pytest.mark.parametrize("key", ["bias_correction", "normalisation"])
def test_true_means_the_default_correction_and_false_none(key):
    assert getattr(ProcessingSettings(**{key: True}), key) is not None
    assert getattr(ProcessingSettings(**{key: False}), key) is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"spacing_mm": 0}, "spacing_mm is above 0"),
        ({"spacing_mm": -1}, "greater than or equal to 0"),
        ({"spacing_mm": float("inf")}, "finite number"),
        ({"spacing_mm": float("nan")}, "finite number"),
        ({"spacing_mm": [1, 1, float("inf")]}, "finite number"),
        ({"spacing_mm": 0.01}, "voxels of 0.01 mm: use 0.1 mm or more"),
        ({"spacing_mm": [1, 0.05, 0]}, "voxels of 0.05 mm: use 0.1 mm or more"),
        ({"range": (float("nan"), 3)}, "finite number"),
        ({"range": (0, float("inf"))}, "finite number"),
        ({"outliers_sd": float("inf")}, "finite number"),
        ({"mask_threshold": float("nan")}, "finite number"),
        ({"normalisation": {"scale": float("inf")}}, "finite number"),
        ({"bias_correction": {"convergence": float("inf")}}, "finite number"),
        ({"range": (400, -500)}, "lowest intensity first"),
        ({"rounding": "both", "bias_correction": True}, "comes before bias_correction"),
        ({"unit": "HU", "normalisation": {"scale": 100}}, "takes the unit HU away"),
        ({"unit": "SUV", "histogram_matching": {"reference": "T1C"}}, "takes the unit SUV away"),
        ({"mask_threshold": 0}, "greater than 0"),
        ({"spacing": 2}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValidationError, match=message):
        ProcessingSettings(**wrong)


def test_the_smallest_voxels_are_allowed():
    assert ProcessingSettings(spacing_mm=[0.1, 0.1, 0]).target_mm == (None, 0.1, 0.1)


def test_half_open_ranges_are_allowed():
    assert ProcessingSettings(range=(-500, None)).range == (-500, None)
    assert spacing_zyx((1.5, 1.5, 1.5)) == (1.5, 1.5, 1.5)
