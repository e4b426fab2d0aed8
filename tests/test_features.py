import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from leadline.errors import ModelError
from leadline.features import (
    DERIVED,
    PAPER_INPUTS,
    Inputs,
    feature_array,
    known_classes,
    normalisation,
    require_learnable,
    runs,
    split,
    training_set,
    windows,
)
from leadline.names import KEY, SurfaceClass
from leadline.tables import FEATURES, TRAINING_SET
from simulated_table import GRANULES, SEGMENT_LENGTH, simulated_table


def track(x_atc: ArrayLike, beam: str = "gt1r", granule: str = GRANULES[0]) -> pd.DataFrame:
    return pd.DataFrame({"granule": granule, "beam": beam, "x_atc": np.array(x_atc, dtype=float)})


def segments_and_labels() -> tuple[pd.DataFrame, pd.DataFrame]:
    table = simulated_table(50)
    label = ["surface_class", "why", "confidence"]
    return table.drop(columns=[*label, "support", "role"]), table[[*KEY, *label]]


def test_every_segment_stays_in_the_training_set_and_is_unknown_without_a_label():
    segments, labels = segments_and_labels()
    table = training_set(segments, labels.iloc[10:20], "train")
    assert list(table.columns) == TRAINING_SET.names
    assert table.surface_class.dtype == np.uint8
    assert table[[*KEY]].equals(segments[[*KEY]])
    assert (table.surface_class.iloc[10:20] == labels.surface_class.iloc[10:20]).all()
    others = table.drop(index=range(10, 20))
    assert (others.surface_class == SurfaceClass.UNKNOWN).all()
    assert (others.why == "no_scene").all()
    assert not others.confidence.any()


def test_why_a_segment_has_no_label_stays_in_the_training_set():
    segments, labels = segments_and_labels()
    doubtful = labels.assign(surface_class=np.uint8(255), why="mixed", confidence=np.float32(0.6))
    table = training_set(segments, doubtful, "test")
    assert (table.why == "mixed").all()
    assert table.confidence.to_numpy() == pytest.approx(0.6)
    assert (table.surface_class == SurfaceClass.UNKNOWN).all()


def test_a_segment_that_is_labelled_twice_is_refused():
    segments, labels = segments_and_labels()
    with pytest.raises(pd.errors.MergeError):
        training_set(segments, pd.concat([labels, labels.iloc[:1]]), "train")


def test_a_granule_without_segments_makes_an_empty_training_set():
    segments, labels = segments_and_labels()
    table = training_set(segments.iloc[:0], labels.iloc[:0], "test")
    assert list(table.columns) == TRAINING_SET.names
    assert table.empty


def test_labels_of_one_class_cannot_be_learned_from():
    table = simulated_table(200)
    table["surface_class"] = np.uint8(SurfaceClass.THIN_ICE)
    with pytest.raises(ModelError, match=f"found {len(table)} thin_ice in the granules of role train"):
        require_learnable(table)


def test_a_table_without_labels_cannot_be_learned_from():
    with pytest.raises(ModelError, match="found none in the granules of role train"):
        require_learnable(simulated_table(200).assign(surface_class=np.uint8(SurfaceClass.UNKNOWN)))


def test_labels_of_two_classes_can_be_learned_from():
    table = simulated_table(2000)
    require_learnable(table[table["surface_class"] != SurfaceClass.OPEN_WATER])


def test_the_features_keep_their_order():
    table = simulated_table(20)
    assert feature_array(table[[*reversed(table.columns)]], PAPER_INPUTS).shape == (len(table), 6)
    assert (feature_array(table, PAPER_INPUTS)[:, FEATURES.index("photon_rate")] == table.photon_rate).all()


def test_a_feature_that_does_not_exist_is_refused_by_name():
    with pytest.raises(ModelError, match=r"features: hight: no such feature; there are height_mean, .*relative_height"):
        Inputs(("height_mean", "hight"), 2)


def test_a_relative_height_is_the_same_wherever_the_sea_stands():
    table = simulated_table(4000, beams=2)
    risen = table.assign(height_mean=table.height_mean + np.where(table.beam == "gt1r", 7, -3).astype(np.float32))
    seen = [feature_array(each, Inputs(("relative_height",), 0)) for each in (table, risen)]
    assert seen[0] == pytest.approx(seen[1], abs=1e-4)
    assert np.quantile(seen[0], 0.05) == pytest.approx(0, abs=0.02)


def test_a_relative_background_is_the_same_under_any_sun():
    table = simulated_table(4000)
    brighter = table.assign(background_rate=3 * table.background_rate)
    seen = [feature_array(each, Inputs(("relative_background",), 0)) for each in (table, brighter)]
    assert seen[0] == pytest.approx(seen[1], abs=1e-4)
    water, snow = (np.median(seen[0][table.surface_class == each]) for each in (2, 0))
    assert water < snow


def test_a_segment_without_a_photon_has_features_that_are_numbers():
    dark = simulated_table(100).assign(photon_rate=np.float32(-1), background_rate=np.float32(0), return_width=0)
    assert np.isfinite(feature_array(dark, Inputs(tuple(DERIVED), 0))).all()


def test_no_derived_feature_looks_at_a_label():
    table = simulated_table(500)
    unlabelled = table.drop(columns=["surface_class", "why", "confidence", "support", "role"])
    inputs = Inputs(tuple(DERIVED), 0)
    assert (feature_array(table, inputs) == feature_array(unlabelled, inputs)).all()


def test_an_empty_table_has_no_features():
    assert feature_array(simulated_table(20).iloc[:0], Inputs(tuple(DERIVED), 5)).shape == (0, len(DERIVED))


def test_the_truth_of_a_segment_that_the_truth_lacks_is_unknown():
    table = simulated_table(50)
    assert known_classes(table, table.iloc[5:][::-1])[5:].tolist() == table.surface_class.iloc[5:].tolist()
    assert (known_classes(table, table.iloc[5:])[:5] == SurfaceClass.UNKNOWN).all()


def test_a_run_ends_at_a_gap_with_the_beam_and_where_the_values_change():
    table = pd.concat([track([1, 3, 7, 9]), track([11, 13], "gt2r")])
    assert runs(table, SEGMENT_LENGTH).tolist() == [0, 0, 1, 1, 2, 2]
    assert runs(table, SEGMENT_LENGTH, by=np.array([0, 0, 0, 1, 1, 1])).tolist() == [0, 0, 1, 2, 3, 3]


def test_a_window_holds_two_neighbours_on_either_side():
    assert windows(track([1, 3, 5, 7, 9]), SEGMENT_LENGTH, 2)[2].tolist() == [0, 1, 2, 3, 4]


def test_a_wider_window_holds_more_neighbours():
    assert windows(track([1, 3, 5, 7, 9]), SEGMENT_LENGTH, 1)[2].tolist() == [1, 2, 3]
    assert windows(track([1, 3, 5]), SEGMENT_LENGTH, 4)[1].tolist() == [1, 1, 1, 0, 1, 2, 1, 1, 1]


def test_a_segment_stands_in_for_neighbours_beyond_a_gap():
    assert windows(track([1, 3, 7, 9]), SEGMENT_LENGTH, 2).tolist() == [
        [0, 0, 0, 1, 0],
        [1, 0, 1, 1, 1],
        [2, 2, 2, 3, 2],
        [3, 2, 3, 3, 3],
    ]


def test_windows_end_with_the_beam_though_the_next_one_begins_where_it_ended():
    table = pd.concat([track([1, 3], "gt1r"), track([5, 7], "gt2r"), track([9, 11], "gt2r", GRANULES[1])])
    assert windows(table, SEGMENT_LENGTH, 2)[:, 1:4].tolist() == [
        [0, 0, 1],
        [0, 1, 1],
        [2, 2, 3],
        [2, 3, 3],
        [4, 4, 5],
        [4, 5, 5],
    ]


@pytest.mark.parametrize("length", [0.7, 2.0, 10.0, 30.0])
def test_neighbours_follow_each_other_by_the_length_of_a_segment_whatever_it_is(length):
    far_from_the_equator = 1_000_000 + np.array([0, 1, 2, 3, 4, 6])
    index = windows(track((far_from_the_equator + 0.5) * length), length, 2)
    assert index[2].tolist() == [0, 1, 2, 3, 4]
    assert index[4].tolist() == [2, 3, 4, 4, 4]
    assert index[5].tolist() == [5] * 5


def test_segments_of_10_m_are_no_neighbours_to_windows_of_2_m():
    ten = track([5, 15, 25])
    assert windows(ten, 10.0, 2)[1].tolist() == [1, 0, 1, 2, 1]
    assert windows(ten, SEGMENT_LENGTH, 2)[1].tolist() == [1] * 5


def test_an_empty_table_has_no_windows():
    assert windows(simulated_table(20).iloc[:0], SEGMENT_LENGTH, 2).shape == (0, 5)


TRACKS = st.lists(
    st.tuples(st.sampled_from(GRANULES), st.sampled_from(["gt1r", "gt2r"]), st.integers(0, 30)),
    unique=True,
    max_size=60,
).map(sorted)


@given(TRACKS)
def test_windows_never_cross_a_gap_or_a_beam(tracks):
    """Against a walk from segment to segment, in sets."""
    table = pd.DataFrame([(g, b, 1.0 + 2 * n) for g, b, n in tracks], columns=list(KEY))
    row_of = {key: row for row, key in enumerate(tracks)}

    def walked(key: tuple[str, str, int], steps: int) -> int:
        granule, beam, n = key
        way = [(granule, beam, n + int(np.sign(steps)) * step) for step in range(abs(steps) + 1)]
        return row_of[way[-1] if all(step in row_of for step in way) else key]

    expected = [[walked(key, steps) for steps in range(-2, 3)] for key in tracks]
    assert windows(table, SEGMENT_LENGTH, 2).tolist() == expected


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1000), st.sampled_from([0.1, 0.2, 0.5]))
def test_the_parts_share_no_segment_not_even_a_neighbour(seed, share):
    table = simulated_table(20_000, beams=2, granules=GRANULES[:2])
    index = windows(table, SEGMENT_LENGTH, 2)
    training, validation = split(table, index, share, seed)
    assert len(validation)
    assert not np.intersect1d(index[training], index[validation]).size
    assert set(table.surface_class.iloc[training]) == {0, 1, 2}
    block = table.granule + (table.x_atc // 10_000).astype(str)
    assert not set(block.iloc[training]) & set(block.iloc[validation])


def test_the_parts_hold_all_labelled_segments_but_those_at_their_borders():
    table = simulated_table(20_000, granules=GRANULES[:2])
    table.loc[100:199, "surface_class"] = np.uint8(SurfaceClass.UNKNOWN)
    training, validation = split(table, windows(table, SEGMENT_LENGTH, 2), 0.2, 0)
    labelled = (table.surface_class != SurfaceClass.UNKNOWN).sum()
    assert 0 <= labelled - len(training) - len(validation) <= 4 * 8
    assert 0.1 < len(validation) / labelled < 0.4


def test_a_label_with_less_support_than_asked_for_is_in_neither_part():
    table = simulated_table(20_000, granules=GRANULES[:2])
    table.loc[::7, "support"] = np.float32(0.4)
    index = windows(table, SEGMENT_LENGTH, 2)
    supported = (table.support >= 0.5).to_numpy()
    assert supported[np.concatenate(split(table, index, 0.2, 0, minimum_support=0.5))].all()
    assert not supported[np.concatenate(split(table, index, 0.2, 0))].all()


def test_nothing_is_held_out_of_a_single_block():
    table = simulated_table(1000)
    training, validation = split(table, windows(table, SEGMENT_LENGTH, 2), 0.2, 0)
    assert len(training) == len(table)
    assert not len(validation)


def test_nothing_is_held_out_where_a_class_would_be_lost():
    table = simulated_table(10_000)
    table["surface_class"] = np.where(table.x_atc < 10_000, 0, 1).astype(np.uint8)
    training, validation = split(table, windows(table, SEGMENT_LENGTH, 2), 0.5, 0)
    assert len(training) == len(table)
    assert not len(validation)


def test_normalised_features_have_mean_0_and_variance_1():
    features = feature_array(simulated_table(2000), PAPER_INPUTS)
    mean, variance = normalisation(features)
    normalised = (features - mean) / np.sqrt(variance)
    assert normalised.mean(axis=0) == pytest.approx(0, abs=1e-4)
    assert normalised.std(axis=0) == pytest.approx(1, abs=1e-4)


def test_a_feature_that_did_not_vary_is_scaled_by_its_own_size():
    mean, variance = normalisation(np.tile(np.float32([6e6, 0, 0.5, 1, 1, 1]), (100, 1)))
    assert mean[:3] == pytest.approx([6e6, 0, 0.5])
    assert np.sqrt(variance[:3]) == pytest.approx([6e6, 1, 1])
