import json

import pandas as pd

from drifts import drift
from leadline.accounts import Account, State
from leadline.overlay import overlay
from leadline.report.summary import (
    LAID,
    counts_table,
    drift_table,
    product_numbers,
    states_table,
    summary,
    without_product,
)

ACCOUNTS = [
    Account(
        "segments",
        "20191104200000_90010510",
        parts=(
            Account("segments", "gt1r", counts={"photons": 10, "photons_kept": 7}),
            Account("segments", "gt2r", State.EMPTY_BEAM, "gt2r is empty; nothing can be made of it"),
        ),
    ),
    Account("segments", "20191113193000_90020510", parts=(Account("segments", "gt1r", counts={"photons": 5}),)),
    Account(
        "segments", "20191126183000_90030510", reason="dac is absent: no dynamic atmosphere correction is taken off"
    ),
    Account("labels", "S2_T02CNB_20191104T202200", State.ALL_CLOUD, "all cloud; choose another scene"),
]
METRICS = {"lstm": {"test_accuracy_percent": 97.0}, "mlp": {"test_accuracy_percent": 95.0}}

COMPARED = [
    (
        "ATL10",
        pd.DataFrame({"quantity": ["n_segments_nasa", "height_difference_mean_m"], "gt1r": 0.0, "all": all_beams}),
    )
    for all_beams in ([4.0, 0.01], [6.0, 0.03])
]


def test_the_summary_is_flat_sums_counts_and_is_json():
    against_truth = {"classes": {"accuracy_percent": 96.5}}
    figures = summary("simulated", METRICS, against_truth, {"open_water_residual_mean_m": 0.01}, COMPARED, ACCOUNTS)
    assert figures["lstm_test_accuracy_percent"] == 97.0
    assert figures["simulated_truth_classes_accuracy_percent"] == 96.5
    assert figures["open_water_residual_mean_m"] == 0.01
    assert figures["simulated_atl10_n_segments_nasa"] == 10
    assert figures["total_segments_photons"] == 15
    assert figures["n_all_cloud"] == figures["n_empty_beam"] == 1
    assert "n_ok" not in figures
    assert json.loads(json.dumps(figures)) == figures


def test_all_that_did_not_end_well_or_took_a_stand_in_is_listed_with_its_reason():
    states = states_table(ACCOUNTS, ["granules.tsv: row 3: file: c.h5: there is no such file; it is left out"])
    assert states["state"].tolist() == ["missing_file", "empty_beam", "ok", "all_cloud"]
    assert states["subject"].tolist() == [
        "granules.tsv",
        "20191104200000_90010510 gt2r",
        "20191126183000_90030510",
        "S2_T02CNB_20191104T202200",
    ]
    assert all(states["reason"])


def test_counts_are_a_row_each():
    counts = counts_table(ACCOUNTS)
    assert len(counts) == 3
    assert counts.loc[counts["what"] == "photons", "count"].tolist() == [10, 5]


def test_the_estimate_of_the_drift_stands_beside_the_shift_by_hand():
    given = drift().after | {"information": 300.0}
    laid = [
        overlay("granule", "scene", 10.0, by_hand, drift(given=agreement), hand_error=25.0, ice_speed=0.3)
        for by_hand, agreement in (((100.0, -100.0), given), (None, None))
    ]
    table = drift_table(laid)
    assert list(table.columns[: len(LAID)]) == LAID
    assert table["laid"].tolist() == ["by hand", "estimated"]
    assert table["shift_x_m"].tolist() == [100, 120]
    assert table["estimated_x_m"].tolist() == [120, 120]
    assert table["information_estimated"].tolist() == [400, 400]
    assert table["information_by_hand"].tolist()[0] == 300 and pd.isna(table["information_by_hand"][1])


def test_without_a_scene_the_table_of_shifts_has_its_columns_and_no_rows():
    table = drift_table([])
    assert table.empty and list(table.columns) == LAID


def test_counts_of_comparisons_are_summed_and_all_else_is_the_mean_over_granules():
    nothing = ("ATL07", pd.DataFrame({"quantity": []}))
    assert product_numbers("local", [*COMPARED, nothing]) == {
        "atl10_n_granules": 2,
        "atl10_n_segments_nasa": 10,
        "atl10_height_difference_mean_m": 0.02,
    }


def test_a_granule_without_a_product_is_listed_and_no_error_of_the_campaign():
    (row,) = states_table([without_product("20191104200000_90010510")], []).itertuples()
    assert (row.stage, row.state) == ("comparison", "no_nasa_product")
    assert "table of products" in row.reason
