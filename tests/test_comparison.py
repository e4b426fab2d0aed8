import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.accounts import Account, State
from leadline.comparison import AGREEMENT, agreement, along_track, class_shares, compare, on_common_stretch, set_beside
from leadline.errors import InputDataError
from leadline.names import SurfaceClass
from leadline.nasa_products import DATASETS, read_product
from tracks import track_of

ICE, WATER = SurfaceClass.THICK_ICE, SurfaceClass.OPEN_WATER
SECTION = 10_000.0


def our_track(n: int = 10_000, freeboard=0.3, sea_surface=0.1) -> pd.DataFrame:
    """Return segments of ours of 2 m, all ice, with one freeboard and sea surface."""
    track = track_of(np.full(n, ICE))
    raw = np.broadcast_to(freeboard, n)
    return track.assign(
        sea_surface=sea_surface, freeboard_raw=raw, freeboard=np.maximum(raw, 0), height_mean=sea_surface + raw
    )


def their_segments(
    ours: pd.DataFrame, every: int = 10, freeboard: float = 0.3, sea_surface: float = 0.1
) -> pd.DataFrame:
    """Return segments of NASA's that each hold ``every`` of ours."""
    middle = ours.groupby(np.arange(len(ours)) // every)[["x_atc", "time", "latitude", "longitude"]].mean()
    values = {"length": 2.0 * every, "height": sea_surface + freeboard, "sigma": 0.01, "type": 1.0, "ssh_flag": 0.0}
    values |= {"freeboard": freeboard, "freeboard_error": 0.02, "sea_surface": sea_surface, "beam": "gt1r"}
    return middle.assign(**values)[["beam", *DATASETS, "sea_surface"]]


def test_each_segment_of_nasa_holds_ours_whose_centres_lie_in_it():
    ours = our_track(1000)
    beside = set_beside(their_segments(ours), ours)
    assert (beside["n_ours"] == 10).all()
    assert beside["n_thick_ice_ours"].sum() == 1000
    assert not beside["by_place"].any()


def test_differences_are_ours_minus_those_of_nasa():
    ours = our_track(freeboard=0.35, sea_surface=0.08)
    numbers = agreement(set_beside(their_segments(ours), ours), ours, SECTION)
    assert numbers["sea_surface_difference_mean_m"] == pytest.approx(-0.02)
    assert numbers["sea_surface_difference_rmse_m"] == pytest.approx(0.02)
    assert numbers["freeboard_difference_median_m"] == pytest.approx(0.05)
    assert numbers["section_mean_freeboard_difference_mean_m"] == pytest.approx(0.05)
    assert numbers["height_difference_mean_m"] == pytest.approx(0.03)
    assert (numbers["freeboard_nasa_mean_m"], numbers["freeboard_leadline_mean_m"]) == pytest.approx((0.3, 0.35))


def test_densities_are_segments_a_kilometre_of_the_common_stretch():
    ours = our_track(10_000)
    beside, on_stretch = on_common_stretch(set_beside(their_segments(ours).iloc[250:750], ours), ours)
    numbers = agreement(beside, on_stretch, SECTION)
    assert numbers["stretch_km"] == pytest.approx(10, abs=0.05)
    assert numbers["density_nasa_per_km"] == pytest.approx(50, rel=0.01)
    assert numbers["density_leadline_per_km"] == pytest.approx(500, rel=0.01)


def test_a_mean_of_nasa_freeboard_counts_segments_by_their_length():
    ours = our_track(200)
    theirs = their_segments(ours, 100).assign(length=[150.0, 50.0], freeboard=[0.2, 0.6])
    assert agreement(set_beside(theirs, ours), ours, SECTION)["freeboard_nasa_mean_m"] == pytest.approx(0.3)


def test_the_stub_of_a_section_does_not_count_among_the_means_of_sections():
    ours = our_track(11_000)
    theirs = their_segments(ours)
    theirs.loc[theirs["x_atc"] > ours["x_atc"].iloc[0] + 2 * SECTION, "freeboard"] = 0.9
    numbers = agreement(set_beside(theirs, ours), ours, SECTION)
    assert numbers["n_section_mean_freeboard_differences"] == 2
    assert numbers["section_mean_freeboard_difference_mean_m"] == pytest.approx(0)


def test_segments_whose_distance_does_not_grow_are_placed_by_latitude_and_longitude():
    ours = our_track(5000)
    theirs = their_segments(ours)
    for told, within in ((theirs["x_atc"].iloc[0], AGREEMENT), (np.nan, 1.5)):
        x, by_place = along_track(theirs.assign(x_atc=told), ours)
        assert np.abs(x - theirs["x_atc"]).max() <= within
        assert by_place[2:].all()
    _, by_place = along_track(theirs, ours)
    assert not by_place.any()


def test_a_segment_in_a_gap_of_our_track_is_counted_and_compared_with_nothing():
    ours = our_track(10_000)
    theirs = their_segments(ours)
    holed = ours.drop(index=range(4000, 6000))
    beside = set_beside(theirs, holed)
    assert len(beside) == len(theirs)
    assert (beside["n_ours"] == 0).sum() == 200
    assert beside.loc[beside["n_ours"] == 0, "sea_surface_ours"].isna().all()
    assert np.isfinite(agreement(beside, holed, SECTION)["sea_surface_difference_mean_m"])


def test_a_product_of_another_place_has_no_stretch_in_common():
    ours = our_track(1000)
    theirs = their_segments(ours)
    with pytest.raises(InputDataError, match="found none of 100") as caught:
        set_beside(theirs.assign(longitude=theirs["longitude"] + 0.1), ours)
    assert caught.value.state is State.NO_COMMON_STRETCH


def test_a_beam_that_cannot_be_compared_is_named_and_the_others_are():
    ours = our_track(1000)
    theirs = their_segments(ours)
    beams = (
        Account("comparison", "gt1r"),
        Account("comparison", "gt2r"),
        Account("comparison", "gt3r", State.EMPTY_BEAM, "gt3r: empty"),
    )
    compared = compare(theirs, beams, ours, SECTION)
    assert list(compared.numbers.columns) == ["quantity", "gt1r", "all"]
    assert [beam.state for beam in compared.beams] == [State.OK, State.NO_COMMON_STRETCH, State.EMPTY_BEAM]
    assert all(beam.reason for beam in compared.beams[1:])
    nothing = compare(theirs, beams[1:], ours, SECTION)
    assert nothing.beside.empty and list(nothing.numbers.columns) == ["quantity"]


def test_classes_are_told_within_the_kinds_of_segments_of_nasa():
    ours = our_track(1000)
    ours.loc[:99, "surface_class"] = WATER
    theirs = their_segments(ours).assign(type=1.0)
    theirs.loc[:9, ["type", "ssh_flag"]] = 5.0, 2.0
    theirs.loc[10:19, "type"] = 7.0
    beside = set_beside(theirs, ours)
    shares = class_shares(beside)
    assert shares.loc["specular_lead", "open_water"] == shares.loc["reference", "open_water"] == 100
    assert shares.loc["dark_lead", "thick_ice"] == shares.loc["ice", "thick_ice"] == 100
    assert np.isnan(shares.loc["cloud", "thick_ice"])
    assert agreement(beside, ours, SECTION)["open_water_in_nasa_leads_percent"] == 100


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1000, 5000), st.floats(1, 300) | st.just(np.nan)), min_size=1, max_size=30),
    st.lists(st.floats(-1, 3) | st.just(np.nan), min_size=1, max_size=30),
)
def test_the_mean_in_a_segment_is_that_of_the_segments_one_by_one(segments, freeboards):
    ours = our_track(1000, np.resize(freeboards, 1000))
    offset, length = np.array(segments).T
    start = ours["x_atc"].iloc[0]
    place = {name: np.interp(start + offset, ours["x_atc"], ours[name]) for name in ("latitude", "longitude")}
    columns = dict.fromkeys((*DATASETS, "sea_surface"), 1.0) | place | {"x_atc": start + offset, "length": length}
    beside = (
        set_beside(pd.DataFrame(columns | {"beam": "gt1r"}), ours) if (np.abs(offset - 1000) < 1000).any() else None
    )
    for row in [] if beside is None else beside.itertuples():
        half = 0 if np.isnan(row.length) else row.length / 2
        inside = ours[(ours["x_atc"] >= row.x - half) & (ours["x_atc"] < row.x + half)]
        assert row.n_ours == len(inside)
        expected = inside["freeboard_raw"].mean()
        assert row.freeboard_raw_ours == pytest.approx(expected, abs=1e-9, nan_ok=True)


def over(theirs: pd.DataFrame, raised: float) -> pd.DataFrame:
    """Return a track of ours of 2 m over real segments of NASA's: their heights and surfaces, raised by some metres."""
    theirs = theirs.dropna(subset=["height", "sea_surface"]).sort_values("x_atc").drop_duplicates("x_atc")
    x = np.arange(theirs["x_atc"].iloc[0], theirs["x_atc"].iloc[-1], 2.0)
    ours = {name: np.interp(x, theirs["x_atc"], theirs[name]) for name in ("latitude", "longitude", "sea_surface")}
    height = np.interp(x, theirs["x_atc"], theirs["height"]) + raised
    raw = height - ours["sea_surface"]
    codes = {"beam": "gt2l", "surface_class": np.uint8(ICE)}
    return pd.DataFrame(
        {"x_atc": x, **ours, "height_mean": height, "freeboard_raw": raw, "freeboard": np.maximum(raw, 0), **codes}
    )


def test_a_track_laid_over_a_real_atl10_and_raised_differs_by_that(real_data):
    (path,) = (real_data / "atl10").glob("*20220107*.h5")
    product = read_product(path, "ATL10", ["gt2l"])
    ours = over(product.segments, raised=0.07)
    numbers = agreement(*on_common_stretch(set_beside(product.segments, ours), ours), SECTION)
    assert numbers["n_freeboard_differences"] > 200
    assert numbers["sea_surface_difference_median_m"] == pytest.approx(0, abs=1e-3)
    assert numbers["freeboard_difference_median_m"] == pytest.approx(0.07, abs=0.01)
    assert numbers["n_segments_nasa_placed_by_latitude_longitude"] == 0


def test_segments_of_a_real_atl07_without_distances_are_placed_by_their_places(real_data):
    (path,) = (real_data / "atl07").glob("*09020201*.h5")
    theirs = read_product(path, "ATL07", ["gt1l"]).segments.dropna(subset=["height"])
    grown = theirs[theirs["x_atc"].diff().fillna(1) > 0]
    x = np.arange(grown["x_atc"].iloc[0], grown["x_atc"].iloc[-1], 2.0)
    ours = pd.DataFrame({name: np.interp(x, grown["x_atc"], grown[name]) for name in ("latitude", "longitude")})
    ours = ours.assign(x_atc=x)
    placed, by_place = along_track(theirs.assign(x_atc=np.nan), ours)
    known = np.isfinite(placed)
    assert by_place[known].all() and known.mean() > 0.9
    assert np.median(np.abs(placed - theirs["x_atc"])[known]) < 2
