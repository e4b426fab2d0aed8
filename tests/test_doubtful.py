import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.doubtful import (
    BORDER_DOUBT,
    CLOUD_DOUBT,
    CLOUD_REACH,
    KINDS,
    LONGEST,
    NO_STRETCHES,
    PROBABILITIES,
    SHORTEST,
    STRANGE_DOUBT,
    doubtful_stretches,
    doubts,
    most_doubtful,
)
from leadline.names import SurfaceClass
from reviewed_tracks import BORDER, LEAD, LENGTH, UNSURE, at, doubtful_track, track, within

THICK, THIN, WATER, UNKNOWN = map(int, SurfaceClass)


def found(table: pd.DataFrame) -> pd.DataFrame:
    return doubtful_stretches(table, LENGTH)


def test_a_track_of_which_all_is_certain_has_no_doubt():
    assert (doubts(track()) == 0).all(axis=None)
    assert found(track()).empty and list(found(track()).columns) == list(NO_STRETCHES.columns)


def test_each_stretch_is_found_from_its_first_to_its_last_segment_with_what_scene_and_network_say():
    lead, border, unsure = found(doubtful_track()).to_dict("records")
    for row, stretch in ((lead, LEAD), (border, BORDER), (unsure, UNSURE)):
        assert [row["x_start"], row["x_end"]] == at(*stretch)
    assert [row["kind"] for row in (lead, border, unsure)] == ["disagreement", "transition", "class"]
    assert (lead["label"], lead["surface_class"]) == (THIN, WATER)
    assert lead["probability"] == pytest.approx(0.9)
    assert lead["weight"] == pytest.approx(0.95 * 120), "the network gives thin ice 5 % on 120 m"
    assert border["label"] == UNKNOWN
    assert border["weight"] == pytest.approx(BORDER_DOUBT * 30)
    assert unsure["weight"] == pytest.approx(0.4 * 40)


def test_a_label_of_low_confidence_is_as_doubtful_as_its_confidence_lacks():
    table = track()
    low = within(table, (100, 120))
    table.loc[low, "confidence"] = 0.7
    assert doubts(table)["label"][low].to_numpy() == pytest.approx(0.3)
    (row,) = found(table).to_dict("records")
    assert (row["kind"], row["confidence"]) == ("label", pytest.approx(0.7))


def test_labels_close_to_a_cloud_are_in_doubt_and_those_under_it_and_far_away_are_not():
    table = track()
    hidden = within(table, (1000, 1400))
    table.loc[hidden, ["label", "why"]] = UNKNOWN, "cloud"
    first, last = found(table).to_dict("records")
    assert (first["kind"], last["kind"]) == ("cloud_edge", "cloud_edge")
    assert [first["x_start"], first["x_end"]] == at(1000 - CLOUD_REACH, 1000)
    assert [last["x_start"], last["x_end"]] == at(1400, 1400 + CLOUD_REACH)
    assert first["weight"] == pytest.approx(CLOUD_DOUBT * CLOUD_REACH)


def test_what_is_unlike_all_that_trained_is_in_doubt_whatever_the_network_says():
    table = track()
    strange = within(table, (300, 350))
    table.loc[strange, ["surface_class", "out_of_domain"]] = UNKNOWN, True
    (row,) = found(table).to_dict("records")
    assert (row["kind"], row["weight"]) == ("out_of_domain", pytest.approx(STRANGE_DOUBT * 50))


def test_what_a_person_has_said_is_not_in_doubt_and_parts_what_is():
    table = doubtful_track()
    said = within(table, (LEAD[0] + 40, LEAD[0] + 44))
    table.loc[said, ["why", "confidence"]] = "manual", 1.0
    first, last = found(table)[:2].to_dict("records")
    assert [first["x_end"], last["x_start"]] == at(LEAD[0] + 40, LEAD[0] + 44)
    table.loc[within(table, LEAD), ["label", "why"]] = WATER, "manual"
    assert list(found(table)["kind"]) == ["transition", "class"]


def test_less_than_a_pixel_is_not_worth_a_look_and_a_long_stretch_is_cut_in_equal_parts():
    table = track()
    table.loc[within(table, (100, 108)), "confidence"] = 0.5
    assert found(table).empty
    table.loc[within(table, (1000, 2200)), "confidence"] = 0.5
    lengths = found(table)["x_end"] - found(table)["x_start"]
    assert lengths.tolist() == [400, 400, 400]


def test_a_short_gap_does_not_part_a_stretch_and_a_long_one_does():
    table = track()
    for first, last in ((100, 120), (124, 140), (160, 180)):
        table.loc[within(table, (first, last)), "confidence"] = 0.5
    assert found(table)[["x_start", "x_end"]].to_numpy().tolist() == [at(100, 140), at(160, 180)]


def test_those_that_matter_most_come_first_and_no_kind_is_crowded_out():
    rows = [("transition", weight) for weight in (90, 80, 70, 60)] + [("cloud_edge", 5), ("class", 1)]
    stretches = pd.DataFrame(rows, columns=["kind", "weight"])
    assert most_doubtful(stretches, 4)["weight"].tolist() == [90, 80, 5, 1]
    assert most_doubtful(stretches, 100)["weight"].tolist() == [90, 80, 70, 60, 5, 1]
    assert most_doubtful(stretches.iloc[:0], 4).empty


@st.composite
def tracks(draw) -> pd.DataFrame:
    """Return tracks of anything in any order, with gaps."""
    n = draw(st.integers(1, 120))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    table = track().iloc[np.sort(rng.choice(400, n, replace=False))].reset_index(drop=True)
    table[PROBABILITIES] = rng.dirichlet(np.full(3, draw(st.sampled_from([0.05, 1.0]))), n)
    table["label"] = rng.choice([THICK, THIN, WATER, UNKNOWN], n)
    whys = np.where(table["label"] == UNKNOWN, rng.choice(["mixed", "cloud", "off_scene"], n), "scene")
    table["why"] = np.where(rng.random(n) < 0.1, "manual", whys)
    table["confidence"] = np.where(table["label"] == UNKNOWN, 0, rng.uniform(0.7, 1, n))
    table["out_of_domain"] = rng.random(n) < 0.1
    return table


@given(tracks())
def test_stretches_follow_each_other_hold_doubt_and_no_word_of_a_person(table):
    stretches = found(table)
    length = stretches["x_end"] - stretches["x_start"]
    assert ((length >= SHORTEST) & (length <= LONGEST)).all()
    assert (stretches["x_start"].to_numpy()[1:] >= stretches["x_end"].to_numpy()[:-1]).all()
    doubt = doubts(table)
    assert ((doubt >= 0) & (doubt <= 1)).all(axis=None)
    for row in stretches.itertuples():
        inside = (table["x_atc"] >= row.x_start) & (table["x_atc"] < row.x_end)
        assert doubt[inside].max(axis=1).sum() * LENGTH == pytest.approx(row.weight)
        assert "manual" not in set(table["why"][inside])
        assert set(table["label"][inside & (doubt.max(axis=1) > 0)]) == {row.label}
        assert row.kind in row.kinds.split() and set(row.kinds.split()) <= set(KINDS)
