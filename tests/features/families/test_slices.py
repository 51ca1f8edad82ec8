from __future__ import annotations

import numpy as np

from samesplit.features.families.slices import mean_over_slices


def test_each_feature_is_averaged_over_the_slices_that_define_it() -> None:
    values = np.array([[1.0, np.nan, np.nan], [2.0, 5.0, np.nan], [6.0, 7.0, np.nan]])
    np.testing.assert_array_equal(mean_over_slices(values), [3.0, 6.0, np.nan])
