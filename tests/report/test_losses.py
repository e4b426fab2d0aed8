import pytest

from leadline.accounts import Account
from leadline.report.losses import losses_table
from leadline.report.summary import total_counts

SEGMENTS = {
    "photons": 1000,
    "photons_of_low_confidence": 200,
    "photons_of_bad_quality": 0,
    "photons_kept": 800,
    "photons_trimmed_above": 10,
    "photons_trimmed_below": 30,
}
ACCOUNTS = [
    Account("segments", "a", parts=(Account("segments", "gt1r", counts=SEGMENTS),)),
    Account("segments", "b", parts=(Account("segments", "gt1r", counts=SEGMENTS),)),
    Account("labels", "scene", counts={"pixels": 100, "pixels_thick_ice": 60, "pixels_nodata": 40}),
    Account("labels", "a", counts={"segments_open_water": 5, "segments_unlabelled_cloud": 15}),
    Account("freeboard", "a", counts={"segments_sea_surface_none": 7}),
]


def test_photons_are_in_segments_or_dropped_for_one_reason():
    losses = losses_table(total_counts(ACCOUNTS))
    photons = losses[losses["stage"] == "segments"].set_index("part")
    assert photons["count"].to_dict() == {
        "in segments": 1520,
        "low confidence": 400,
        "far from their segment's mode": 80,
    }
    assert photons["count"].sum() == 2 * SEGMENTS["photons"]
    assert photons["kept"].tolist() == ["yes", "no", "no"]


def test_every_sorting_adds_up_to_all():
    losses = losses_table(total_counts(ACCOUNTS))
    assert losses.groupby("what")["percent"].sum().to_dict() == pytest.approx(
        dict.fromkeys(("photons of ATL03", "pixels of scenes", "segments labelled", "segments with a sea surface"), 100)
    )
    none = losses[losses["stage"] == "freeboard"]
    assert none[["part", "kept", "count"]].values.tolist() == [["no lead near enough", "no", 7]]


def test_without_counts_there_are_no_losses():
    assert losses_table({}).empty
