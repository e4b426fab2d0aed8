"""What a segment's surroundings are like: quantiles along a track."""

import numpy as np
import pandas as pd

STEP = 100.0
"""Metres between the places whose quantile is computed; in between it is a straight line."""


def along_tracks(table: pd.DataFrame, values: np.ndarray | pd.Series, reach: float, quantile: float) -> np.ndarray:
    """Return the quantile of values (n,) over ``reach`` metres of the same track, half on either side, float64 (n,).

    ``table`` holds granule, beam and x_atc (m) and is sorted by them.
    """
    values = np.asarray(values, dtype=np.float64)
    x_atc = table["x_atc"].to_numpy()
    result = np.empty(len(table))
    for rows in table.groupby(["granule", "beam"], sort=False).indices.values():
        result[rows] = _along(x_atc[rows], values[rows], reach, quantile)
    return result


def _along(x: np.ndarray, values: np.ndarray, reach: float, quantile: float) -> np.ndarray:
    """Return the same along one track: at places every 100 m whose surroundings hold a segment, and between them."""
    places = np.arange(x[0], x[-1] + STEP, STEP)
    first, last = np.searchsorted(x, places - reach / 2), np.searchsorted(x, places + reach / 2)
    held = np.flatnonzero(last > first)
    at_places = [np.quantile(values[first[place] : last[place]], quantile) for place in held]
    return np.interp(x, places[held], at_places)
