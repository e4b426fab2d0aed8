"""The freeboard of cells: sums of what each track tells of a cell, and what follows from the sums of many tracks.

Sums add, so a batch can be summed on its own, and a month by the sums of its batches. A median does not follow from
sums; it is taken from the distribution of freeboards in steps of 1 mm, which adds as well, and is right to half a step.
"""

import numpy as np
import pandas as pd

from leadline.footprint import FOOTPRINT
from leadline.maps.grids import Grid, cells_at
from leadline.names import SurfaceClass, class_name

STEP = 0.001
"""Steps of the distribution of freeboards, m."""
KEY = ["granule", "beam", "cell"]
ICE = (SurfaceClass.THICK_ICE, SurfaceClass.THIN_ICE)


def placed(segments: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Return segments with the cell that each lies in."""
    return segments.assign(cell=cells_at(grid, segments["latitude"].to_numpy(), segments["longitude"].to_numpy()))


def sums_by_cell(segments: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of segments with their ``cell``, a row each track and cell.

    Columns beside granule, beam and cell: the numbers of segments of each class (``n_thick_ice`` ...); ``n_freeboard``
    of ice with a freeboard, and sums over those of ``freeboard_raw`` (``freeboard``), its squares, the variances of
    height, and the two errors of the sea surface; ``n_with_water`` of ice and open water with a freeboard, and over
    those the sum of ``freeboard``, negatives and open water as 0.
    """
    known = segments["freeboard_raw"].notna()
    water = segments["surface_class"] == SurfaceClass.OPEN_WATER
    ice = segments["surface_class"].isin(ICE) & known
    with_water = ice | (water & known)

    def over(which: pd.Series, name: str, power: int = 1) -> pd.Series:
        return (segments[name].astype(float) ** power).where(which, 0.0)

    summed = {f"n_{class_name(each)}": segments["surface_class"] == each for each in SurfaceClass} | {
        "n_freeboard": ice,
        "freeboard": over(ice, "freeboard_raw"),
        "freeboard_squared": over(ice, "freeboard_raw", 2),
        "height_variance": over(ice, "height_error", 2),
        "sea_surface_error": over(ice, "sea_surface_error"),
        "correlated_error": over(ice, "correlated_error"),
        "n_with_water": with_water,
        "freeboard_with_water": over(with_water, "freeboard"),
    }
    return added(segments[KEY].assign(**summed))


def added(sums: pd.DataFrame) -> pd.DataFrame:
    """Return sums of parts of the same tracks and cells added up, a row each track and cell."""
    return sums.groupby(KEY, observed=True, as_index=False).sum()


def distribution_by_cell(segments: pd.DataFrame) -> pd.DataFrame:
    """Return how many segments of ice of each granule, in each ``cell``, have which ``freeboard_raw``.

    Columns: granule, cell, step (of 1 mm) and n.
    """
    ice = segments[segments["surface_class"].isin(ICE) & segments["freeboard_raw"].notna()]
    step = np.rint(ice["freeboard_raw"].astype(float) / STEP).astype(np.int32)
    return ice.groupby(["granule", "cell", step.rename("step")], observed=True).size().reset_index(name="n")


def statistics(sums: pd.DataFrame, distribution: pd.DataFrame, segment_length: float) -> pd.DataFrame:
    """Return what sums and distributions (cell, step and n, any row more than once) tell of the cells, a row each.

    ``freeboard``, its median and standard deviation are of ``freeboard_raw`` over ice, thick and thin: without the
    negatives that noise makes of thin ice, a mean would be too high. ``freeboard_with_water`` is over ice and open
    water, negatives and open water as 0, as ATL10 has them. Segments are of one length, so means and fractions are by
    length. What no segment tells is NaN.

    The error of the mean of N segments has two parts. That of the heights (``freeboard_random_error``) takes the
    segments of one footprint for one: sqrt(k sum(height_error^2)) / N, with k = max(1, footprint / segment length).
    That of the sea surface (``freeboard_sea_surface_error``) is shared by many segments: sections overlap, are filled
    from each other, and reach over half a cell. So what the leads leave (e, sea_surface_error) is taken as one and the
    same all along a track in a cell, and independent from track to track; how far the sea surface strays from where it
    was seen (c, correlated_error) as the same for all beams of a granule, and independent from granule to granule:
    sqrt(sum over tracks(sum(e)^2) + sum over granules(sum(c)^2)) / N. Where five sections of a track in a cell were
    independent, e would be half as large. ``freeboard_error`` is both together. How well tracks stand for all of a
    cell and a period is in none of them.
    """
    tracks = sums.groupby(["cell", "granule", "beam"], observed=True).sum()
    cells = tracks.groupby("cell").sum()
    n = cells["n_freeboard"].where(cells["n_freeboard"] > 0)
    mean = cells["freeboard"] / n
    variance = (cells["freeboard_squared"] - n * mean**2).clip(lower=0) / (n - 1)
    random = np.sqrt(max(1, FOOTPRINT / segment_length) * cells["height_variance"]) / n
    leads = (tracks["sea_surface_error"] ** 2).groupby("cell").sum()
    of_granules = tracks["correlated_error"].groupby(["cell", "granule"], observed=True).sum()
    sea_surface = np.sqrt(leads + (of_granules**2).groupby("cell").sum()) / n
    kinds = {each: cells[f"n_{class_name(each)}"] for each in SurfaceClass}
    n_segments = sum(kinds.values())
    classed = (n_segments - kinds[SurfaceClass.UNKNOWN]).replace(0, np.nan)
    n_ice = sum(kinds[each] for each in ICE)
    return pd.DataFrame(
        {
            "freeboard": mean,
            "freeboard_median": medians(distribution).reindex(cells.index),
            "freeboard_std": np.sqrt(variance.where(n > 1)),
            "freeboard_error": np.hypot(random, sea_surface),
            "freeboard_random_error": random,
            "freeboard_sea_surface_error": sea_surface,
            "freeboard_with_water": cells["freeboard_with_water"] / cells["n_with_water"].replace(0, np.nan),
            "lead_fraction": kinds[SurfaceClass.OPEN_WATER] / classed,
            "thick_ice_fraction": kinds[SurfaceClass.THICK_ICE] / classed,
            "thin_ice_fraction": kinds[SurfaceClass.THIN_ICE] / classed,
            "n_segments": n_segments,
            "n_freeboard": cells["n_freeboard"],
            "n_without_freeboard": n_ice - cells["n_freeboard"],
            "n_unknown": kinds[SurfaceClass.UNKNOWN],
            "n_tracks": (tracks["n_freeboard"] > 0).groupby("cell").sum(),
        }
    )


def medians(distribution: pd.DataFrame) -> pd.Series:
    """Return the median freeboard (m) of each cell of a distribution: cell, step and n, any row more than once."""
    steps = distribution.groupby(["cell", "step"], as_index=False)["n"].sum()
    up_to = steps.groupby("cell")["n"].cumsum()
    n = steps.groupby("cell")["n"].transform("sum")
    middle = [steps[up_to >= rank].groupby("cell")["step"].first() for rank in ((n + 1) // 2, n // 2 + 1)]
    return STEP * (middle[0] + middle[1]) / 2
