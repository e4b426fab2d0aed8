"""What the photons tell of stretches of a track that a scene sees too: height, roughness and photon rate."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from leadline.projections import to_projection

COLUMNS = ("beam", "x_atc", "latitude", "longitude", "height_median", "height_std", "photon_rate")
"""What is used of the table of segments."""
FEATURES = ("height", "roughness", "photon_rate", "departure")
"""What a cell tells: height above that of the ice around it (m), logarithms of roughness (m) and of photons a shot,
and how far the last departs from usual. Each in robust standard deviations from the median of its beam."""
OUTLIER = 3.0
"""Robust standard deviations at which a feature is cut off: one ridge must not count as many leads."""
LEAST_ROUGHNESS, LEAST_RATE = 0.02, 0.05
"""m, photons a shot: less is noise."""
SURROUNDINGS = 5000.0
"""Length of track whose median height a height is taken from, m: longer than leads, shorter than tides."""


@dataclass(frozen=True)
class Cells:
    """Stretches of the track, sorted by beam and along it."""

    x: np.ndarray
    """m in the projection, shape (n,)."""
    y: np.ndarray
    beam: np.ndarray
    """Name of the beam, shape (n,)."""
    along: np.ndarray
    """Distance along the track, m, shape (n,)."""
    features: np.ndarray
    """float32 (n, 4), in the order of ``FEATURES``."""

    @cached_property
    def of_beam(self) -> dict[str, slice]:
        """Where the cells of each beam stand."""
        beams, starts = np.unique(self.beam, return_index=True)
        ends = [*starts[1:], len(self.beam)]
        return {str(beam): slice(start, end) for beam, start, end in zip(beams, starts, ends, strict=True)}

    @property
    def heading(self) -> np.ndarray:
        """Unit vector along the track in the projection, shape (2,): the beams' mean."""
        steps = [sum(axis[own][-1] - axis[own][0] for own in self.of_beam.values()) for axis in (self.x, self.y)]
        return np.array(steps) / np.hypot(*steps)


def cells_of(segments: pd.DataFrame, projection: str, length: float) -> Cells:
    """Return the cells of a length (m) of all beams of a table of segments; empty ones are left out."""
    x, y = to_projection(segments["latitude"].to_numpy(), segments["longitude"].to_numpy(), projection)
    usable = np.isfinite(x) & np.isfinite(y) & np.isfinite(segments[["height_median", "height_std"]]).all(axis=1)
    table = segments.assign(x=x, y=y, variance=segments["height_std"] ** 2)[usable]
    groups = table.groupby(["beam", np.floor(table["x_atc"] / length).rename("cell")], observed=True, sort=True)
    means = groups[["x", "y", "x_atc", "height_median", "variance", "photon_rate"]].mean()
    between = groups["height_median"].var(ddof=0)
    roughness = np.sqrt(means["variance"] + between).clip(lower=LEAST_ROUGHNESS)
    beam = means.index.get_level_values("beam").to_numpy().astype(str)
    level = means.groupby(beam, group_keys=False)["height_median"].apply(
        lambda height: height.rolling(max(int(SURROUNDINGS / length), 1), center=True, min_periods=1).median()
    )
    rate = _standard(np.log(means["photon_rate"].clip(lower=LEAST_RATE)), beam)
    features = [
        _standard(means["height_median"] - level, beam),
        _standard(np.log(roughness), beam),
        rate,
        _standard(np.abs(rate), beam),
    ]
    return Cells(
        means["x"].to_numpy(),
        means["y"].to_numpy(),
        beam,
        means["x_atc"].to_numpy(),
        np.clip(np.column_stack(features), -OUTLIER, OUTLIER).astype(np.float32),
    )


def _standard(values: pd.Series, beam: np.ndarray) -> pd.Series:
    """Return values in robust standard deviations from the median of their beam."""
    groups = values.groupby(beam)
    away = values - groups.transform("median")
    spread = away.abs().groupby(beam).transform("median") * 1.4826
    return away / spread.clip(lower=1e-6)
