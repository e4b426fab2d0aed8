"""Segments with a freeboard at given places, for the tests of grids."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from leadline.names import SurfaceClass
from leadline.tables import FREEBOARD, as_arrow, write_table

FIRST, SECOND, LATER = "20191104195311_05940510", "20191129182014_09290510", "20191202184432_05780510"
"""Two granules of November 2019 and one of December."""
GRANULE, BEAM = FIRST, "gt1r"
ERRORS = {"height_error": 0.02, "sea_surface_error": 0.03, "correlated_error": 0.04}
"""m, of each segment."""


def segments_at(
    latitude: ArrayLike,
    longitude: ArrayLike,
    freeboard_raw: ArrayLike = 0.3,
    surface_class: ArrayLike = SurfaceClass.THICK_ICE,
    granule: str = GRANULE,
    beam: str = BEAM,
    **errors: ArrayLike,
) -> pd.DataFrame:
    """Return segments with the columns and types of ``tables.FREEBOARD``, NaN and 0 where nothing is given."""
    columns = {
        "latitude": latitude,
        "longitude": longitude,
        "freeboard_raw": freeboard_raw,
        "surface_class": surface_class,
        **ERRORS,
        **errors,
    }
    latitude, *_ = arrays = np.broadcast_arrays(*np.atleast_1d(*columns.values()))
    given = pd.DataFrame(dict(zip(columns, arrays, strict=True)))
    n = len(latitude)
    water = given["surface_class"] == SurfaceClass.OPEN_WATER
    given["freeboard"] = given["freeboard_raw"].clip(lower=0).mask(water & given["freeboard_raw"].notna(), 0)
    given = given.assign(granule=granule, beam=beam, x_atc=10_000_000 + 2.0 * np.arange(n), time=58_000_000.0)
    empty = pd.DataFrame(0.0, index=range(n), columns=FREEBOARD.names)
    return as_arrow(empty.assign(**given).astype({"out_of_domain": bool}), FREEBOARD).to_pandas()


def track_south(granule: str, beam: str, latitude: float, n: int = 2000) -> pd.DataFrame:
    """Return a track of 40 km to the south from a latitude on, with all classes."""
    random = np.random.default_rng(int(granule[6:8]))
    return segments_at(
        latitude - np.linspace(0, 0.36, n),
        -170.0,
        freeboard_raw=random.gamma(2, 0.15, n),
        surface_class=random.choice(list(SurfaceClass), n, p=[0.7, 0.15, 0.1, 0.05]),
        granule=granule,
        beam=beam,
    )


def write_batches(folder: Path) -> list[Path]:
    """Write two batches of three granules, the first of two parts, the last granule of the month after."""
    one, two = folder / "one.parquet", folder / "two.parquet"
    write_table(one / "part-00000.parquet", track_south(FIRST, "gt1r", -74.0), FREEBOARD)
    write_table(one / "part-00001.parquet", track_south(FIRST, "gt2r", -74.0), FREEBOARD)
    of_two = [track_south(SECOND, "gt1r", -74.1), track_south(LATER, "gt1r", -74.0)]
    write_table(two / "part-00000.parquet", pd.concat(of_two, ignore_index=True), FREEBOARD)
    return [one, two]
