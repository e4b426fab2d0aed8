"""The simulated ATL10: NASA's rules on simulated photons, and a file that the reader of the real one reads."""

import h5py
import numpy as np
import pandas as pd
import pytest

from leadline.names import BEAMS, SurfaceClass
from leadline.nasa_products import read_product, require_pass
from leadline.simulate.atl10 import PHOTONS, SECTION, beam_tables, consecutive, segment_type, simulate_atl10
from leadline.truth import with_truth


@pytest.fixture(scope="module")
def product(granule, tmp_path_factory):
    path = tmp_path_factory.mktemp("product") / "simulated_ATL10.h5"
    simulate_atl10(path, granule.path, granule.settings.name)
    return path


def test_the_product_says_that_it_is_simulated_and_is_of_the_granules_pass(product, granule):
    with h5py.File(product) as file:
        assert b"simulated" in file.attrs["title"]
    found = read_product(product, "ATL10", list(BEAMS))
    require_pass(found, granule.settings.name)
    assert set(found.segments["beam"]) == set(BEAMS)


def test_its_heights_are_those_of_the_simulated_surface(product, granule):
    theirs = read_product(product, "ATL10", list(BEAMS)).segments
    truth = granule.truth.sort_values("x_atc")
    for beam in ("gt1r", "gt2r", "gt3r"):
        true = truth[truth["beam"] == beam]
        own = theirs[theirs["beam"] == beam]
        surface = np.interp(own["x_atc"], true["x_atc"], (true["freeboard"] + true["sea_surface"]).rolling(8, 1).mean())
        assert np.median(own["height"] - surface) == pytest.approx(0, abs=0.03)


def test_its_specular_leads_are_open_water(product, granule):
    theirs = read_product(product, "ATL10", ["gt1r", "gt2r", "gt3r"]).segments
    lead = theirs[theirs["type"] == 5]
    key = {"granule": granule.settings.name, "x_atc": np.floor(lead["x_atc"] / 2) * 2 + 1}
    both = with_truth(lead.assign(**key), granule.truth)
    assert (both["surface_class_truth"] == SurfaceClass.OPEN_WATER).mean() > 0.95 or both.empty


def test_segments_are_150_consecutive_photons_and_none_spans_a_gap():
    x = np.concatenate([np.arange(400) * 0.1, 1000 + np.arange(200) * 0.1])
    rows = consecutive(x)
    assert rows.shape == (3, PHOTONS)
    assert rows[:, 0].tolist() == [0, 150, 400]
    assert (np.ptp(x[rows], axis=1) < 20).all()
    assert consecutive(x[:149]).shape == (0, PHOTONS)


def test_bright_flat_segments_are_specular_dark_flat_ones_dark_and_all_else_ice():
    rate, width = np.array([20.0, 20.0, 1.0, 1.0, 8.0]), np.array([0.02, 0.2, 0.05, 0.2, 0.05])
    assert segment_type(rate, width, "strong").tolist() == [5, 1, 7, 1, 1]
    assert segment_type(rate / 4, width, "weak").tolist() == [5, 1, 7, 1, 1]


def segments(types: list[int], heights: list[float]) -> pd.DataFrame:
    """Return a segment each km."""
    n = len(types)
    return pd.DataFrame(
        {
            "seg_dist_x": 2e7 + 500 + 1000 * np.arange(n),
            "delta_time": np.arange(n) / 7.15,
            "latitude": -74.0,
            "longitude": -170.0,
            "height_segment_length_seg": 15.0,
            "height_segment_height": heights,
            "height_segment_sigma": 0.01,
            "height_segment_w_gaussian": 0.1,
            "photon_rate": 8.0,
            "height_segment_type": np.array(types, np.int8),
        }
    )


def test_freeboard_is_above_the_lead_of_the_section_and_never_negative():
    tables = beam_tables(segments([5] + [1] * 9, [0.1] + [0.4] * 8 + [0.0]))
    assert tables.segments["beam_fb_height"].tolist() == pytest.approx([0] + [0.3] * 8 + [0])
    assert tables.segments["beam_fb_unc"].tolist() == pytest.approx([np.hypot(0.01, 0.01)] * 10)
    assert tables.sections["beam_refsurf_dist_x"].tolist() == [2e7 + SECTION / 2]
    assert tables.segments["height_segment_ssh_flag"].tolist() == [2] + [0] * 9
    assert (len(tables.leads), tables.leads["ssh_n"].sum()) == (1, 1)


def test_without_specular_leads_there_is_no_reference_and_no_freeboard():
    tables = beam_tables(segments([1] * 25, [0.4] * 25))
    assert tables.leads.empty
    assert tables.sections["beam_refsurf_interp_flag"].tolist() == [-1] * 3
    assert tables.segments["beam_fb_height"].isna().all()
