import json
import sys
from dataclasses import asdict

import numpy as np
import pytest

import evaluate_model
from leadline.calibration import Calibration
from leadline.domain import fit
from leadline.features import PAPER_INPUTS, feature_array, normalisation
from leadline.metrics import reliability_table
from leadline.models import mlp, write_model
from leadline.tables import TRAINING_SET, TRUTH, write_table
from simulated_table import SEGMENT_LENGTH, simulated_table


def test_segments_without_a_label_are_measured_against_the_truth_by_why_they_have_none(tmp_path, monkeypatch):
    table = simulated_table(2000)
    truth = table.assign(freeboard=np.float32(0), sea_surface=np.float32(0))[TRUTH.names]
    write_table(tmp_path / "truth.parquet", truth, TRUTH)
    mixed = table.index < 300
    labels = table.assign(
        surface_class=np.where(mixed, 255, table.surface_class).astype(np.uint8), why=np.where(mixed, "mixed", "scene")
    )
    write_table(tmp_path / "test.parquet", labels, TRAINING_SET)
    network = mlp(PAPER_INPUTS, *normalisation(feature_array(table, PAPER_INPUTS)))
    description = {
        "segment_length": SEGMENT_LENGTH,
        "inputs": asdict(PAPER_INPUTS),
        "calibration": asdict(Calibration(2.0)),
        "domain": fit(table, np.arange(len(table))).as_dict(),
        "validation": {"accuracy_percent": 12.5},
    }
    write_model(tmp_path / "m.keras", tmp_path / "m.json", network, description)

    words = ("--model", tmp_path / "m.keras", "--description", tmp_path / "m.json", "--output", tmp_path / "out.json")
    sets = ("--test-set", tmp_path / "test.parquet", "--truth", tmp_path / "truth.parquet", "--segment-length", 2)
    monkeypatch.setattr(sys, "argv", ["evaluate_model", *map(str, (*sets, *words))])
    evaluate_model.main()
    metrics = json.loads((tmp_path / "out.json").read_text())
    assert metrics["test_n_segments"] == metrics["simulated_truth_scene_n_segments"] == len(table) - 300
    assert metrics["simulated_truth_mixed_n_segments"] == 300
    assert metrics["simulated_truth_n_segments"] == len(table)
    for prefix, n in (("simulated_truth", len(table)), ("test", len(table) - 300)):
        before, after = (reliability_table(metrics, f"{prefix}{part}") for part in ("_uncalibrated", ""))
        assert before.n.sum() == after.n.sum() == n
        assert (after.confidence * after.n).sum() < (before.confidence * before.n).sum(), "a temperature of 2 doubts"
    assert metrics["validation_accuracy_percent"] == 12.5
    assert metrics["test_out_of_domain_percent"] < 1
    right = sum(
        metrics[f"simulated_truth_{why}_accuracy_percent"] * n
        for why, n in (("mixed", 300), ("scene", len(table) - 300))
    )
    assert right / len(table) == pytest.approx(metrics["simulated_truth_accuracy_percent"])
