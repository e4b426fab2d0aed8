import numpy as np
import pandas as pd
import pytest

from leadline.surroundings import along_tracks


def track(n: int, beam: str = "gt1r") -> pd.DataFrame:
    return pd.DataFrame({"granule": "g", "beam": beam, "x_atc": 1.0 + 2 * np.arange(n)})


def test_the_median_of_a_slope_is_its_middle():
    table = track(5000)
    found = along_tracks(table, table.x_atc, 1000.0, 0.5)
    inside = table.x_atc.between(600, 9400)
    assert found[inside] == pytest.approx(table.x_atc[inside], abs=2)
    assert found[0] == pytest.approx(250, abs=2), "at the end of a track only one side is there"


def test_a_short_low_stretch_is_seen_by_a_low_quantile_as_far_as_it_reaches():
    table = track(5000)
    low = table.x_atc.between(5000, 5100)
    found = along_tracks(table, np.where(low, 0.0, 1.0), 1000.0, 0.05)
    assert not found[table.x_atc.between(4700, 5400)].any()
    assert (found[(table.x_atc < 4300) | (table.x_atc > 5800)] == 1).all()


def test_no_track_sees_another():
    table = pd.concat([track(500), track(500, "gt2r")], ignore_index=True)
    found = along_tracks(table, np.repeat([1.0, 5.0], 500), 10_000.0, 0.5)
    assert (found == np.repeat([1.0, 5.0], 500)).all()


def test_beyond_a_long_gap_only_the_near_side_counts():
    table = track(1000)
    table.loc[500:, "x_atc"] += 50_000
    found = along_tracks(table, np.repeat([1.0, 5.0], 500), 2000.0, 0.5)
    assert (found == np.repeat([1.0, 5.0], 500)).all()


def test_one_segment_is_its_own_surroundings_and_none_have_none():
    assert along_tracks(track(1), np.array([3.0]), 1000.0, 0.05).tolist() == [3.0]
    assert along_tracks(track(0), np.empty(0), 1000.0, 0.05).shape == (0,)
