import numpy as np
import pandas as pd
import pytest

from leadline.features import PAPER_INPUTS, feature_array, windows
from leadline.trees import SUPPORTED, fit_trees, label_support, tree_probabilities
from simulated_table import GRANULES, SEGMENT_LENGTH, simulated_table


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return simulated_table(12_000, granules=GRANULES[:2])


def test_trees_learn_the_simulated_classes(table):
    untouched = simulated_table(6000, granules=GRANULES[2:], seed=1)
    seen = [(feature_array(each, PAPER_INPUTS), windows(each, SEGMENT_LENGTH, 2)) for each in (table, untouched)]
    trees = fit_trees(*seen[0], table.surface_class.to_numpy(), 0)
    probability = tree_probabilities(trees, *seen[1])
    assert probability.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (probability.argmax(axis=1) == untouched.surface_class).mean() > 0.95


def test_a_class_that_trees_never_saw_has_no_probability(table):
    features, index = feature_array(table, PAPER_INPUTS), windows(table, SEGMENT_LENGTH, 2)
    rows = np.flatnonzero(table.surface_class != 1)
    trees = fit_trees(features, index[rows], table.surface_class.to_numpy()[rows], 0)
    probability = tree_probabilities(trees, features, index)
    assert not probability[:, 1].any()
    assert probability.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_half_of_the_leads_that_a_scene_took_for_thin_ice_lack_support_and_hardly_any_other_segment(table):
    """A quarter of the leads longer than 20 m have all their labels wrong, as under thin cloud."""
    truth = table.surface_class.to_numpy()
    lead = (np.diff(truth, prepend=9) != 0).cumsum()
    sizes = np.bincount(lead)
    wrong = (truth == 2) & (sizes[lead] > 10) & (lead % 4 == 0)
    labels = table.assign(surface_class=np.where(wrong, 1, truth).astype(np.uint8))
    supported = label_support(labels, SEGMENT_LENGTH) >= SUPPORTED
    assert wrong.sum() > 100
    assert supported[wrong].mean() < 0.5
    assert supported[~wrong].mean() > 0.99


def test_a_segment_without_a_label_needs_no_support(table):
    labels = table.assign(surface_class=np.where(table.x_atc < 3000, 255, table.surface_class).astype(np.uint8))
    assert (label_support(labels, SEGMENT_LENGTH)[table.x_atc < 3000] == 1).all()


def test_labels_of_one_stretch_cannot_be_checked(table):
    few = simulated_table(500)
    assert (label_support(few, SEGMENT_LENGTH) == 1).all()
    assert (label_support(table.assign(surface_class=np.uint8(255)), SEGMENT_LENGTH) == 1).all()
