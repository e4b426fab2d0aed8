import keras
import numpy as np
import pytest

from leadline.errors import ModelError
from leadline.features import PAPER_INPUTS, Inputs
from leadline.models import NETWORKS, WEIGHTS, build, focal_loss, read_model, write_model

MEAN, VARIANCE = np.array([0.3, 0.1, 7, 7.5, 1300, 6e6]), np.array([0.04, 0.01, 4, 4, 1e5, 1e12])


@pytest.fixture
def some_windows() -> np.ndarray:
    return np.random.default_rng(0).normal(MEAN, np.sqrt(VARIANCE), (40, 5, 6)).astype(np.float32)


@pytest.mark.parametrize(("name", "weights"), [("lstm", 19_475), ("mlp", 1_091)])
def test_the_networks_have_the_papers_size_and_give_probabilities(name, weights, some_windows):
    network = NETWORKS[name](PAPER_INPUTS, MEAN, VARIANCE)
    probability = network(some_windows).numpy()
    assert network.count_params() == weights
    assert probability.shape == (40, 3)
    assert probability.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_a_network_normalises_its_windows_itself(some_windows):
    keras.utils.set_random_seed(1)
    with_units = NETWORKS["mlp"](PAPER_INPUTS, MEAN, VARIANCE)
    without = NETWORKS["mlp"](PAPER_INPUTS, np.zeros(6), np.ones(6))
    without.set_weights(with_units.get_weights())
    normalised = ((some_windows - MEAN) / np.sqrt(VARIANCE)).astype(np.float32)
    assert with_units(some_windows).numpy() == pytest.approx(without(normalised).numpy(), abs=1e-5)


def test_the_focal_loss_is_that_of_its_formula():
    counts = np.array([10_000, 400, 100])
    probability = np.float32([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    alpha = np.array([1, 5, 10]) / 16
    of_truth = np.array([0.7, 0.3, 0.8])
    expected = np.mean(-alpha * (1 - of_truth) ** 2 * np.log(of_truth))
    assert float(focal_loss(counts)(np.eye(3, dtype=np.float32), probability)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("rule", "alpha"), [("equal", [1, 1, 1]), ("inverse", [1, 25, 100]), ("inverse_root", [1, 5, 10])]
)
def test_the_classes_are_weighted_by_the_named_rule(rule, alpha):
    """A wrong window of each class costs as its weight; the focus is the same."""
    loss = focal_loss(np.array([10_000, 400, 100]), gamma=0.0, weights=rule)
    costs = np.array(
        [float(loss(np.eye(3, dtype=np.float32)[[c]], np.full((1, 3), 1 / 3, np.float32))) for c in range(3)]
    )
    assert costs / costs[0] == pytest.approx(np.array(alpha) / alpha[0], rel=1e-4)


def test_a_network_takes_the_inputs_it_is_built_for():
    inputs = Inputs(("relative_height", "log_photon_rate"), 5)
    for name in NETWORKS:
        network = build(name, inputs, np.zeros(2), np.ones(2))
        assert network(np.zeros((4, 11, 2), np.float32)).shape == (4, 3)
        assert network.get_layer("classes").dtype == "float32"


@pytest.mark.parametrize("rule", WEIGHTS)
def test_a_class_without_a_training_row_leaves_the_loss_finite(rule):
    assert np.isfinite(float(focal_loss(np.array([100, 10, 0]), weights=rule)(np.eye(3), np.full((3, 3), 1 / 3))))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_written_model_is_read_back_whole(name, tmp_path, some_windows):
    network = NETWORKS[name](PAPER_INPUTS, MEAN, VARIANCE)
    write_model(tmp_path / "m.keras", tmp_path / "m.json", network, {"network": name, "segment_length": 2.0})
    again, description = read_model(tmp_path / "m.keras", tmp_path / "m.json", 2.0)
    assert description["network"] == name
    assert (again(some_windows).numpy() == network(some_windows).numpy()).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_equal_weights_make_equal_bytes(name, tmp_path):
    for file in ("one", "two"):
        keras.utils.set_random_seed(3)
        write_model(
            tmp_path / f"{file}.keras", tmp_path / f"{file}.json", NETWORKS[name](PAPER_INPUTS, MEAN, VARIANCE), {}
        )
    assert (tmp_path / "one.keras").read_bytes() == (tmp_path / "two.keras").read_bytes()


def test_a_model_with_the_description_of_another_is_refused(tmp_path):
    for file in ("one", "two"):
        write_model(
            tmp_path / f"{file}.keras", tmp_path / f"{file}.json", NETWORKS["mlp"](PAPER_INPUTS, MEAN, VARIANCE), {}
        )
    with pytest.raises(ModelError, match=r"one\.keras: is not the model that .*two\.json describes"):
        read_model(tmp_path / "one.keras", tmp_path / "two.json", 2.0)


def test_a_model_of_segments_of_another_length_is_refused_in_one_line(tmp_path):
    description = {"segment_length": 10.0}
    write_model(tmp_path / "m.keras", tmp_path / "m.json", NETWORKS["mlp"](PAPER_INPUTS, MEAN, VARIANCE), description)
    with pytest.raises(ModelError, match=r"m\.keras: learned from segments of 10 m, these are of 2 m; ") as refused:
        read_model(tmp_path / "m.keras", tmp_path / "m.json", 2.0)
    assert "\n" not in str(refused.value)
