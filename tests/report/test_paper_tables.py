import pandas as pd
import pytest

from drifts import drift
from leadline.benchmarks import autolabel
from leadline.overlay import overlay
from leadline.paper import TABLE_I, TABLE_II, TABLE_III, TABLE_IV, TABLE_V
from leadline.report.paper_tables import FAIL, NOT_COMPARABLE, NOT_MEASURED, PASS, Measured, beside_paper, verdict_of
from leadline.report.summary import drift_table

FIGURES = {
    "lstm_test_accuracy_percent": 97.0,
    "mlp_test_accuracy_percent": 91.0,
    "lstm_test_recall_thin_ice_percent": None,
}
SHIFTS = drift_table(
    [
        overlay("granule", "scene", lag, by_hand, drift(), hand_error=25.0, ice_speed=0.3)
        for lag, by_hand in ((10.0, (300.0, -400.0)), (-30.0, None))
    ]
)
EXECUTORS = pd.concat(
    [
        pd.DataFrame({"executors": 1, "cores": [1, 2], "load_s": [50.0, 25.0], "reduce_s": [20.0, 10.0]}).assign(
            source="this machine", speedup_load=[1.0, 2.0], speedup_reduce=[1.0, 2.0]
        ),
        TABLE_II.assign(source="paper"),
    ]
)
RANKS = pd.concat(
    [
        TABLE_IV.assign(run="paper, A100"),
        pd.DataFrame(
            {"run": "here", "ranks": [1, 2, 1], "batch_size": [32, 32, 1024], "data_per_s": [3e4, 900.0, 2e5]}
        ),
    ]
).assign(speedup=1.0)


def beside(source="local", drifts=SHIFTS, benchmarks=None, figures=FIGURES) -> pd.DataFrame:
    return beside_paper(source, figures, drifts, benchmarks or {})


def row(table, name, quantity) -> pd.Series:
    (found,) = table[(table["table"] == name) & (table["quantity"] == quantity)].to_dict("records")
    return found


def test_every_table_of_the_paper_is_there_with_its_own_figures_and_every_row_says_why():
    table = beside()
    assert table["table"].unique().tolist() == ["I", "II", "III", "IV", "V"]
    given = [value for networks in TABLE_III.values() for value in networks.values()]
    assert table.loc[table["table"] == "III", "paper"].tolist() == given
    assert set(TABLE_II["load_s"].dropna()) <= set(table.loc[table["table"] == "II", "paper"])
    assert set(TABLE_V["speedup_reduce"].dropna()) - {1} <= set(table.loc[table["table"] == "V", "paper"])
    assert set(TABLE_IV["data_per_s"]) <= set(table.loc[table["table"] == "IV", "paper"])
    assert table["why"].str.len().min() > 10


def test_real_scores_pass_or_fail_and_simulated_ones_are_another_exam():
    real, simulated = beside("local"), beside("simulated")
    assert row(real, "III", "lstm, accuracy")["verdict"] == PASS
    assert row(real, "III", "mlp, accuracy")["verdict"] == FAIL
    assert row(real, "III", "lstm, recall thin ice")["verdict"] == NOT_MEASURED
    of_simulated = simulated[(simulated["table"] == "III") & simulated["ours"].notna()]
    assert set(of_simulated["verdict"]) == {NOT_COMPARABLE}
    assert of_simulated["from"].str.startswith("simulated").all()


def test_table_i_tells_pairs_lags_and_shifts():
    table = beside()
    assert row(table, "I", "pairs of track and scene")["ours"] == 2
    assert row(table, "I", "longest time between track and scene")["ours"] == 30
    assert row(table, "I", "largest shift of a scene")["ours"] == 500
    by_hand = row(table, "I", "scenes whose shift a person measured")
    assert (by_hand["ours"], by_hand["paper"], by_hand["verdict"]) == (50, TABLE_I["shifted_by_hand_percent"], PASS)
    error = row(
        beside(figures={"simulated_truth_drift_largest_error_m": 0.5}), "I", "largest error of an estimated shift"
    )
    assert error["ours"] == 0.5 and pd.isna(error["paper"])


def test_without_a_scene_table_i_has_no_pairs():
    table = beside(drifts=drift_table([]))
    assert table.loc[table["table"] == "I", "ours"].tolist() == [0]


def test_times_of_other_machines_are_not_compared_and_speed_ups_are():
    table = beside(benchmarks={"autolabel": Measured(EXECUTORS, "a processor, 2 cores", "simulated")})
    time = row(table, "II", "load, 1 executor of 1 core, time")
    assert (time["paper"], time["ours"], time["verdict"]) == (108, 50, NOT_COMPARABLE)
    assert row(table, "II", "load, 1 executor of 2 cores, speed-up")["verdict"] == PASS
    slower = row(table, "II", "reduce, 1 executor of 2 cores, speed-up")
    assert (slower["paper"], slower["ours"], slower["verdict"]) == (2.24, 2, FAIL)
    assert slower["from"] == "simulated segments, a processor, 2 cores"
    missing = row(table, "II", "load, 4 executors of 4 cores, time")
    assert missing["verdict"] == NOT_MEASURED and "with 16 cores" in missing["why"]
    assert set(table.loc[table["table"] == "V", "verdict"]) == {NOT_MEASURED}


def test_ranks_are_compared_by_what_they_train_with_the_papers_batch():
    table = beside(benchmarks={"training": Measured(RANKS, "a processor", "simulated")})
    one = row(table, "IV", "1 rank, windows trained")
    assert (one["ours"], one["verdict"]) == (3e4, PASS)
    assert row(table, "IV", "2 ranks, windows trained")["verdict"] == FAIL
    assert row(table, "IV", "2 ranks, speed-up")["verdict"] == NOT_COMPARABLE
    assert row(table, "IV", "8 ranks, speed-up")["paper"] == pytest.approx(7.25, abs=0.005)
    assert row(table, "IV", "8 ranks, windows trained")["verdict"] == NOT_MEASURED


@pytest.mark.parametrize(("ours", "higher", "lower"), [(2.0, PASS, FAIL), (1.0, PASS, PASS), (0.5, FAIL, PASS)])
def test_as_good_as_the_paper_passes(ours, higher, lower):
    assert verdict_of(1.0, ours, higher_is_better=True) == higher
    assert verdict_of(1.0, ours, higher_is_better=False) == lower


def test_the_benchmarks_take_the_papers_figures_from_here():
    assert autolabel.PAPER is TABLE_II
