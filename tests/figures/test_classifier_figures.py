import json
import sys

import numpy as np
import pandas as pd
import pytest

import draw_classifier
from leadline.figures.classifier import draw_ablation, draw_confusion, draw_reliability, draw_training
from leadline.metrics import groups_table, network_scores, reliability_scores, scores

TRUTH = np.array([0, 0, 1, 2, 1])
SURE = np.array([[0.95, 0.05, 0], [0.91, 0.09, 0], [0.05, 0.6, 0.35], [0, 1, 0], [0.4, 0.3, 0.3]])


def prefixed(prefix: str, values: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in values.items()}


@pytest.fixture
def metrics() -> dict[str, dict[str, float]]:
    of_all = network_scores(TRUTH, SURE) | reliability_scores(TRUTH, SURE)
    lstm = {
        **prefixed("test", of_all),
        **prefixed("test_uncalibrated", reliability_scores(TRUTH, np.full((5, 3), 1 / 3))),
        **prefixed("simulated_truth", of_all),
        **prefixed("simulated_truth_uncalibrated", reliability_scores(TRUTH, np.full((5, 3), 1 / 3))),
        **prefixed("simulated_truth_mixed", network_scores(TRUTH[3:], SURE[3:])),
    }
    return {"lstm": lstm, "mlp": prefixed("test", of_all)}


def test_reliability_is_drawn_before_and_after_calibration_against_labels_and_truth(metrics):
    axes = draw_reliability(metrics).axes[:3]
    titles = [axis.get_title() for axis in axes]
    assert titles == ["lstm, against labels", "lstm, against simulated truth", "mlp, against labels"]
    before, after = axes[0].containers
    assert before.lines[0].get_xdata() == pytest.approx([100 / 3])
    assert before.lines[0].get_ydata() == pytest.approx([40])
    assert after.lines[0].get_xdata() == pytest.approx([40, 60, 100 * (0.95 + 0.91 + 1) / 3])
    assert after.lines[0].get_ydata() == pytest.approx([0, 100, 100 * 2 / 3])
    words = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert words[0] == "as trained, 6.67 %"
    assert words[1].startswith("calibrated, ")


def test_groups_have_a_row_for_each_why_and_one_for_all(metrics):
    table = groups_table(metrics)
    assert table["why"].tolist() == ["all", "mixed"]
    assert table["n_segments"].tolist() == [5, 2]
    assert table["accuracy_percent"].tolist() == pytest.approx([60, 0])
    assert groups_table({"mlp": metrics["mlp"]}).empty


def test_the_command_line_draws_what_real_campaigns_have_too(tmp_path, monkeypatch, metrics):
    nothing = prefixed("test", network_scores(TRUTH[:0], SURE[:0]))
    for name, values in (("lstm", metrics["lstm"]), ("mlp", nothing)):
        (tmp_path / f"{name}_metrics.json").write_text(json.dumps(values))
    for networks in (["lstm", "mlp"], ["mlp"]):
        files = [str(tmp_path / f"{name}_metrics.json") for name in networks]
        outputs = ("--reliability", str(tmp_path / "reliability.png"), "--groups", str(tmp_path / "groups.tsv"))
        monkeypatch.setattr(sys, "argv", ["draw_classifier", "--metrics", *files, *outputs])
        draw_classifier.main()
        assert len(pd.read_csv(tmp_path / "groups.tsv", sep="\t")) == (2 if "lstm" in networks else 0)
        assert (tmp_path / "reliability.png").stat().st_size > 1000


def test_variants_are_drawn_where_their_means_are_in_a_panel_for_each_gain():
    names = ("balanced_accuracy_percent", "recall_open_water_percent")
    table = pd.DataFrame({"variant": ["preset", "without"], "seeds": 3})
    for name in names:
        table = table.assign(**{name: [96.0, 94.0], f"{name}_std": [0.1, 0.2], f"gain_{name}": [0.0, 2.0]})
    figure = draw_ablation(table)
    assert len(figure.axes) == 2
    assert figure.axes[0].containers[0].lines[0].get_xdata().tolist() == [96, 94]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["preset", "without"]
    assert figure.axes[1].get_xlabel() == "recall open water (%)"


def test_a_confusion_matrix_is_in_percent_of_the_true_class():
    truth = np.array([0, 0, 0, 0, 1, 2])
    figure = draw_confusion({"lstm": scores(truth, np.array([0, 0, 0, 1, 1, 2]))})
    assert figure.axes[0].texts[0].get_text() == "75.0 %\n3"


def test_training_has_a_line_for_each_network_and_loss():
    history = [{"epoch": 1, "loss": 0.5, "validation_loss": 0.6}, {"epoch": 2, "loss": 0.4, "validation_loss": 0.5}]
    assert len(draw_training({"lstm": history, "mlp": history}).axes[0].lines) == 4
