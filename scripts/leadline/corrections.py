"""What ATL03 has not taken off its heights: mean sea surface, ocean and long-period tide, dynamic atmosphere."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.accounts import State
from leadline.errors import InputDataError

MSS_OF_GRANULE = {"dem": 0, "geoid": 1}
"""Sources of the mean sea surface that a granule has, and their mss_flag."""

OWN_MSS = 2
"""The mss_flag of a grid of the user's."""

MSS_IN_DEM = 3
"""dem_flag where dem_h is the mean sea surface."""

APPLIED = ("mss", "tide_ocean", "tide_equilibrium", "dac")
"""The corrections that are subtracted from h_ph: each once, for ATL03 has applied none of them."""


def corrections(
    reference_segments: pd.DataFrame, source: str = "dem", own_mss: NDArray | None = None
) -> tuple[pd.DataFrame, NDArray[np.uint8]]:
    """Return what ATL03 has not taken off ``h_ph``, in metres, a row a reference segment; NaN where unknown.

    Columns: ``mss``, tide-free like h_ph: the mean-tide MSS of the ``source`` less geoid_free2mean (ATL07), or the
    geoid, which ATL03 gives tide-free; ``geoid_free2mean``; ``tide_ocean``; ``tide_equilibrium`` (long period);
    ``dac``. Then the mss_flag of each row. Tides and DAC that the granule lacks are 0 (``Fallback``).
    """
    table = pd.DataFrame(index=reference_segments.index)
    for name in ("tide_ocean", "tide_equilibrium", "dac"):
        table[name] = reference_segments.get(name, 0.0)
    if "geoid_free2mean" in reference_segments:
        table["geoid_free2mean"] = reference_segments["geoid_free2mean"]
    else:
        table["geoid_free2mean"] = free_to_mean(reference_segments.get("reference_photon_lat", np.nan))
    mean_tide = pd.Series(np.nan if own_mss is None else own_mss, reference_segments.index)
    if source == "dem" and {"dem_h", "dem_flag"} <= set(reference_segments):
        mean_tide = reference_segments["dem_h"].where(reference_segments["dem_flag"] == MSS_IN_DEM)
    table["mss"] = mean_tide - table["geoid_free2mean"]
    of_source = table["mss"].notna()
    table["mss"] = table["mss"].fillna(reference_segments.get("geoid", np.nan))
    flag = MSS_OF_GRANULE.get(source, OWN_MSS)
    return table, np.where(of_source, flag, MSS_OF_GRANULE["geoid"]).astype(np.uint8)


def free_to_mean(latitude: NDArray | pd.Series | float) -> NDArray | pd.Series | float:
    """Return geoid_free2mean (m) at latitudes in degrees: the permanent tide with a Love number of 0.3."""
    return 1.3 * -0.198 * (1.5 * np.sin(np.radians(latitude)) ** 2 - 0.5)


def refuse_where_nothing_is_known(correction: pd.DataFrame) -> None:
    """Raise ``InputDataError`` where no reference segment has a mean sea surface, or none has tides (land)."""
    if correction["mss"].isna().all():
        message = "expected dem_h (where dem_flag is 3) or geoid, there is neither; set segments.mss to a grid of yours"
        raise InputDataError(State.MISSING_DATASET, message)
    if correction[list(APPLIED)].isna().any(axis=1).all():
        message = "expected tides and DAC of an ocean, all are fill values: this is land; choose a granule over sea ice"
        raise InputDataError(State.NO_SEA_ICE, message)
