import numpy as np
import pytest

from leadline.distributed import Ranks
from leadline.features import feature_array, feature_ranges, normalisation
from leadline.inference import classify, predict
from leadline.models import mlp
from leadline.names import KEY
from leadline.tables import CLASSES, write_table
from simulated_table import SEGMENT_LENGTH, simulated_table

ALONE = Ranks()


@pytest.fixture(scope="module")
def table():
    return simulated_table(3000, beams=2)


@pytest.fixture(scope="module")
def network(table):
    return mlp(*normalisation(feature_array(table)))


def test_each_segment_gets_its_most_probable_class(table, network, tmp_path):
    classes = classify(network, feature_ranges(feature_array(table)), table, SEGMENT_LENGTH, ALONE)
    probability = classes[["probability_thick_ice", "probability_thin_ice", "probability_open_water"]].to_numpy()
    assert classes[[*KEY]].equals(table[[*KEY]])
    assert (classes.surface_class == probability.argmax(axis=1)).all()
    assert probability.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert not classes.out_of_domain.any()
    write_table(tmp_path / "classes.parquet", classes, CLASSES)


def test_a_segment_of_features_never_seen_is_marked_and_its_neighbours_are_not(table, network):
    ranges = feature_ranges(feature_array(table))
    strange = table.copy()
    strange.loc[100, "photon_rate"] = np.float32(500)
    assert np.flatnonzero(classify(network, ranges, strange, SEGMENT_LENGTH, ALONE).out_of_domain).tolist() == [100]


def test_a_segment_touches_the_classes_of_two_neighbours_on_either_side_only(table, network):
    lower = table.copy()
    assert np.ptp(table.x_atc.iloc[98:103]) == 8, "the case needs an unbroken run"
    lower.loc[100, "height_mean"] -= np.float32(0.3)
    changed = (predict(network, table, SEGMENT_LENGTH, ALONE) != predict(network, lower, SEGMENT_LENGTH, ALONE)).any(
        axis=1
    )
    assert np.flatnonzero(changed).tolist() == [98, 99, 100, 101, 102]


@pytest.mark.parametrize("batch_size", [1, 7, 512, 100_000])
def test_the_batch_size_changes_no_probability(table, network, batch_size):
    few = table.iloc[:600]
    assert predict(network, few, SEGMENT_LENGTH, ALONE, batch_size) == pytest.approx(
        predict(network, few, SEGMENT_LENGTH, ALONE), abs=1e-6
    )


def test_no_segments_give_no_classes(table, network, tmp_path):
    classes = classify(network, feature_ranges(feature_array(table)), table.iloc[:0], SEGMENT_LENGTH, ALONE)
    assert classes.empty
    write_table(tmp_path / "classes.parquet", classes, CLASSES)
