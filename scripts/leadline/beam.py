"""One beam of a granule without its photons: what the reader gives, what stands in for what was absent, and choices."""

from dataclasses import dataclass
from enum import IntFlag

import pandas as pd

from leadline.first_photon_bias import Calibration


class Fallback(IntFlag):
    """What stands in for a dataset that a subsetter dropped; the column ``fallback`` of a segment."""

    NONE = 0
    TIDE_OCEAN = 1
    TIDE_EQUILIBRIUM = 2
    DAC = 4
    GEOID_FREE2MEAN = 8
    DEM_H = 16
    PODPPD_FLAG = 32
    SOLAR_ELEVATION = 64
    BACKGROUND = 128
    RELEASE = 256
    ORIENTATION = 512
    DEAD_TIME = 1024
    SHOT_SPACING = 2048
    REFERENCE_PHOTON = 4096

    @property
    def meanings(self) -> tuple[str, ...]:
        """What stands in for what, in words."""
        return tuple(_MEANINGS[one] for one in self)


_MEANINGS = {
    Fallback.TIDE_OCEAN: "tide_ocean is absent: no ocean tide is taken off",
    Fallback.TIDE_EQUILIBRIUM: "tide_equilibrium is absent: no long-period tide is taken off",
    Fallback.DAC: "dac is absent: no dynamic atmosphere correction is taken off",
    Fallback.GEOID_FREE2MEAN: "geoid_free2mean is absent: it is computed from the latitude",
    Fallback.DEM_H: "dem_h or dem_flag is absent: the geoid stands in for the mean sea surface",
    Fallback.PODPPD_FLAG: "podppd_flag is absent: all reference segments are taken as nominal",
    Fallback.SOLAR_ELEVATION: "solar_elevation is absent: it is unknown",
    Fallback.BACKGROUND: "bckgrd_atlas is absent: the background is unknown and not taken off the photon rate",
    Fallback.RELEASE: "the release is not told: quality_ph is read as before release 007",
    Fallback.ORIENTATION: "atlas_beam_type or sc_orient is absent: strong and weak are told by the other alone",
    Fallback.DEAD_TIME: "the dead times are absent: the nominal one is taken",
    Fallback.REFERENCE_PHOTON: "reference_photon_lat or _lon is absent: the geoid stands in for what needs it",
    Fallback.SHOT_SPACING: "delta_time of geolocation is absent: shots are taken as 0.715 m apart",
}


@dataclass(frozen=True)
class Beam:
    """What one beam of a granule holds besides its photons, as far as sea ice needs it."""

    kind: str
    """``strong`` or ``weak``."""
    release: str
    """ATL03 release, as in ``006``; empty where the granule does not tell."""
    n_photons: int
    reference_segments: pd.DataFrame
    """A row a 20 m geolocation segment: segment_dist_x, delta_time, reference_photon_lat and _lon, ph_index_beg,
    segment_ph_cnt, podppd_flag, solar_elevation, and the corrections of geophys_corr; NaN where filled. Columns that
    the granule lacks are not there."""
    background: pd.DataFrame
    """A row for 50 shots: delta_time, bckgrd_counts, bckgrd_rate."""
    calibration: Calibration
    """CAL-19 of the beam, or its dead-time stand-in."""
    dead_time: float
    """Mean dead time of the channels in use, ns."""
    fallback: Fallback = Fallback.NONE
    """What the reader found absent."""


@dataclass(frozen=True)
class Selection:
    """Which photons serve; the defaults are the paper's, and ATL07's where the paper says nothing."""

    minimum_confidence: int = 3
    """Lowest sea-ice confidence of signal_conf_ph: 3 medium, 4 high."""
    quality_before_007: tuple[int, ...] = (0,)
    """quality_ph that is kept up to release 006: 0 nominal (1 to 3 afterpulse, impulse response, transmitter echo)."""
    quality_from_007: tuple[int, ...] = (0, 10, 20)
    """quality_ph that is kept from release 007 on: 0 nominal, and the returns of leads, 10 partially and 20 fully
    saturated."""
    podppd_flags: tuple[int, ...] = (0,)
    """Pointing and orbit states that are good enough: 0 nominal, 4 nominal in a calibration scan."""
    mss: str = "dem"
    """Source of the mean sea surface: ``dem`` (dem_h where dem_flag is 3, else the geoid), ``geoid``, or the path of a
    grid of the user's (else the geoid)."""

    def quality(self, release: str) -> tuple[int, ...]:
        """Return the values of quality_ph that are kept of a release, which may be unknown (empty)."""
        return self.quality_from_007 if release >= "007" else self.quality_before_007
