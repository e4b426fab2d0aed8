"""The figures of Iqrah et al. (IPDPSW 2025), as far as SCIENCE.md has them: one place for each.

Tables I and III are of the paper's own data; its accuracies are by a random split of overlapping windows.
"""

import pandas as pd

CITATION = (
    "Iqrah, J. M., Koo, Y., Wang, W., Xie, H., Prasad, S. K.: Scalable Higher Resolution Polar Sea Ice Classification"
    " and Freeboard Calculation from ICESat-2 ATL03 Data, IPDPSW 2025, arXiv:2502.02700"
)

TABLE_I = {"pairs": 8, "shifted_by_hand_percent": 100.0, "longest_lag_min": 47.42, "largest_shift_m": 550.0}
"""Pairs of track and scene: how many, how many of them a person laid on each other, how far apart, how far shifted."""

EXECUTORS = ["executors", "cores", "load_s", "reduce_s", "speedup_load", "speedup_reduce"]
"""Columns of Tables II and V; ``cores`` are those of one executor."""
TABLE_II = pd.DataFrame(
    [(1, 1, 108, 390, 1, 1), (1, 2, None, None, 1.86, 2.24), (4, 4, 12, 24, 9, 16.25)], columns=EXECUTORS
)
"""Auto-labelling by Spark."""

TABLE_III = {
    "accuracy_percent": {"lstm": 96.56, "mlp": 91.80},
    "precision_micro_percent": {"lstm": 97.00, "mlp": 91.80},
    "recall_micro_percent": {"lstm": 96.09, "mlp": 91.80},
    "f1_micro_percent": {"lstm": 96.54, "mlp": 91.79},
    "recall_thick_ice_percent": {"lstm": 98.39},
    "recall_thin_ice_percent": {"lstm": 73.80},
    "recall_open_water_percent": {"lstm": 60.25},
}
"""How well the networks classify, and for the recall of each class Figure 4."""

TABLE_IV = pd.DataFrame(
    {
        "ranks": [1, 2, 4, 6, 8],
        "batch_size": 32,
        "time_s": [280.72, None, None, None, 38.72],
        "data_per_s": [585.88, 1160.81, 2229.56, 3330.03, 4248.56],
    }
)
"""Training of the LSTM by Horovod, 20 epochs, on one to eight A100; ``batch_size`` is of one rank."""

TABLE_V = pd.DataFrame(
    [(1, 1, 111, 392, 1, 1), (1, 2, None, None, 1.85, 2.21), (4, 4, 13, 25, 8.54, 15.68)], columns=EXECUTORS
)
"""Freeboard by Spark."""
