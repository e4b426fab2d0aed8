import numpy as np
import pandas as pd
import pytest

from leadline.names import BEAMS, SurfaceClass
from leadline.simulate.truth import simulate_truth
from leadline.tables import TRUTH, read_table


@pytest.fixture(scope="module")
def truth_of(granule, tmp_path_factory):
    """Give the truth of segments of a length."""

    def make(segment_length: float) -> pd.DataFrame:
        path = tmp_path_factory.mktemp("truth") / "truth.parquet"
        simulate_truth(path, granule.settings, segment_length)
        return read_table(path, TRUTH)

    return make


def test_the_same_settings_give_the_same_truth(granule, truth_of):
    pd.testing.assert_frame_equal(granule.truth, truth_of(2.0), check_dtype=False)


@pytest.mark.parametrize("length", [0.7, 2.0, 10.0])
def test_the_truth_covers_every_segment_of_every_beam(granule, truth_of, length):
    truth = truth_of(length)
    assert list(truth.columns) == TRUTH.names
    assert set(truth["beam"]) == set(BEAMS)
    for _, rows in truth.groupby("beam"):
        x = rows["x_atc"].to_numpy()
        assert np.diff(x) == pytest.approx(length)
        assert (x == (np.floor(x / length) + 0.5) * length).all(), "to the bit, as segments are keyed by it"
        assert granule.settings.length - 2 * length <= len(rows) * length <= granule.settings.length


def test_the_truth_of_10_m_is_the_mean_of_that_of_2_m(granule, truth_of):
    truth = truth_of(10.0).set_index(["beam", "x_atc"])
    parts = granule.truth.assign(x_atc=(granule.truth["x_atc"] // 10 + 0.5) * 10).groupby(["beam", "x_atc"])
    whole = parts.size() == 5
    means = parts[["freeboard", "sea_surface"]].mean()[whole]
    truth = truth.loc[means.index]
    assert len(truth) == 6 * 399
    assert truth["sea_surface"].to_numpy() == pytest.approx(means["sea_surface"].to_numpy(), abs=1e-6)
    of_one_class = (parts["surface_class"].nunique() == 1)[whole]
    assert truth.loc[of_one_class, "freeboard"].to_numpy() == pytest.approx(
        means.loc[of_one_class, "freeboard"], abs=1e-6
    )
    assert set(truth.loc[of_one_class, "surface_class"]) == {0, 1, 2}
    mixed = truth[~of_one_class]
    assert (mixed.loc[mixed["surface_class"] == SurfaceClass.OPEN_WATER, "freeboard"] == 0).all()
