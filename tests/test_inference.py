import json
from dataclasses import asdict

import numpy as np
import pytest

from leadline import features
from leadline.calibration import Calibration
from leadline.distributed import Ranks
from leadline.domain import Domain, fit
from leadline.features import PAPER_INPUTS, Inputs, feature_array, normalisation
from leadline.inference import classify, predict
from leadline.models import mlp
from leadline.names import KEY, SurfaceClass
from leadline.tables import CLASSES, write_table
from simulated_table import SEGMENT_LENGTH, simulated_table

ALONE = Ranks()


@pytest.fixture(scope="module")
def table():
    return simulated_table(3000, beams=2)


@pytest.fixture(scope="module")
def network(table):
    return mlp(PAPER_INPUTS, *normalisation(feature_array(table, PAPER_INPUTS)))


@pytest.fixture(scope="module")
def description(table):
    return {
        "inputs": asdict(PAPER_INPUTS),
        "calibration": asdict(Calibration()),
        "domain": fit(table, np.arange(len(table))).as_dict(),
    }


def test_each_segment_inside_gets_its_most_probable_class(table, network, description, tmp_path):
    classes = classify(network, description, table, SEGMENT_LENGTH, ALONE)
    probability = classes[["probability_thick_ice", "probability_thin_ice", "probability_open_water"]].to_numpy()
    assert classes[[*KEY]].equals(table[[*KEY]])
    inside = ~classes.out_of_domain
    assert (classes.surface_class == probability.argmax(axis=1))[inside].all()
    assert probability.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert inside.mean() > 0.99
    write_table(tmp_path / "classes.parquet", classes, CLASSES)


def test_a_segment_unlike_all_that_trained_is_marked_and_has_no_class(table, network, description):
    strange = table.copy()
    strange.loc[100, "photon_rate"] = np.float32(500)
    before, after = (classify(network, description, each, SEGMENT_LENGTH, ALONE) for each in (table, strange))
    assert np.flatnonzero(after.out_of_domain != before.out_of_domain).tolist() == [100]
    assert after.surface_class[100] == SurfaceClass.UNKNOWN
    assert (after.out_of_domain == (after.surface_class == SurfaceClass.UNKNOWN)).all()


def test_probabilities_are_calibrated_as_the_description_says(table, network, description):
    calibration = Calibration(2.0)
    raw = predict(network, description, table, SEGMENT_LENGTH, ALONE)
    calibrated = predict(network, {**description, "calibration": asdict(calibration)}, table, SEGMENT_LENGTH, ALONE)
    assert calibrated == pytest.approx(calibration.applied(raw), abs=1e-5)
    assert (calibrated.max(axis=1) < raw.max(axis=1)).all()


def test_a_network_sees_a_track_by_the_inputs_of_its_description(table, description):
    inputs = Inputs(("relative_height", "log_photon_rate"), 4)
    network = mlp(inputs, *normalisation(feature_array(table, inputs)))
    seen = {**description, "inputs": json.loads(json.dumps(asdict(inputs)))}
    assert predict(network, seen, table, SEGMENT_LENGTH, ALONE).shape == (len(table), 3)


def test_a_relative_height_is_computed_once_for_the_network_and_its_domain(table, description, monkeypatch):
    inputs = Inputs(("relative_height", "height_std"), 1)
    network = mlp(inputs, *normalisation(feature_array(table, inputs)))
    calls, along = [], features.along_tracks
    monkeypatch.setattr(features, "along_tracks", lambda *given: calls.append(given) or along(*given))
    seen = {**description, "inputs": asdict(inputs)}
    classes = classify(network, seen, table, SEGMENT_LENGTH, ALONE)
    assert len(calls) == 1
    expected = predict(network, seen, table, SEGMENT_LENGTH, ALONE)
    assert (classes["probability_thick_ice"] == expected[:, 0]).all()
    assert (classes["out_of_domain"] == Domain.from_dict(seen["domain"]).outside(table)).all()


def test_a_segment_touches_the_classes_of_two_neighbours_on_either_side_only(table, network, description):
    lower = table.copy()
    assert np.ptp(table.x_atc.iloc[98:103]) == 8, "the case needs an unbroken run"
    lower.loc[100, "height_mean"] -= np.float32(0.3)
    changed = (
        predict(network, description, table, SEGMENT_LENGTH, ALONE)
        != predict(network, description, lower, SEGMENT_LENGTH, ALONE)
    ).any(axis=1)
    assert np.flatnonzero(changed).tolist() == [98, 99, 100, 101, 102]


@pytest.mark.parametrize("batch_size", [1, 7, 512, 100_000])
def test_the_batch_size_changes_no_probability(table, network, description, batch_size):
    few = table.iloc[:600]
    assert predict(network, description, few, SEGMENT_LENGTH, ALONE, batch_size) == pytest.approx(
        predict(network, description, few, SEGMENT_LENGTH, ALONE), abs=1e-6
    )


def test_no_segments_give_no_classes(table, network, description, tmp_path):
    classes = classify(network, description, table.iloc[:0], SEGMENT_LENGTH, ALONE)
    assert classes.empty
    write_table(tmp_path / "classes.parquet", classes, CLASSES)
