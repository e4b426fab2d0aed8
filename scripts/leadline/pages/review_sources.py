"""What a review looks at, read from the results: doubtful stretches with their photons, segments, labels and scenes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds

from leadline.beam import Selection
from leadline.doubtful import NO_STRETCHES, doubtful_stretches, most_doubtful
from leadline.overlay import Overlay
from leadline.pages.review_page import stretch_for_page
from leadline.pages.scene_strip import HALF_WIDTH, scene_strip
from leadline.pages.track_photons import TrackPhotons, signal_photons
from leadline.tables import FREEBOARD, LABELS, SEGMENTS, read_track

BESIDE = HALF_WIDTH
"""How much is shown of the track before and after a stretch, m: as much as of the scene on both sides."""
CLOSE = 100.0
"""How much of the track before and after a stretch is shown photon by photon, m, or 1.5 times its length."""
ALL_PHOTONS = 10**9
LOOKED_AT = ["height_median", "height_min", "height_max", "photon_rate"]
"""What is shown of the photons of a segment."""


@dataclass(frozen=True)
class Batch:
    """The results of a batch of granules."""

    labels: Path
    """Parquet folder of ``tables.LABELS``."""
    freeboard: Path
    """Parquet folder of ``tables.FREEBOARD``."""

    def tracks(self) -> list[tuple[str, str]]:
        """Return granule and beam of each track that has segments."""
        keys = ds.dataset(self.labels, format="parquet").to_batches(columns=["granule", "beam"])
        tracks = (rows.to_pandas().drop_duplicates().itertuples(index=False, name=None) for rows in keys)
        return sorted({track for some in tracks for track in some})

    def read(self, granule: str, beam: str) -> pd.DataFrame:
        """Return the freeboard table of a track with its labels: label, why, confidence and scene."""
        labels = read_track(self.labels, LABELS, granule, beam).rename(columns={"surface_class": "label"})
        freeboard = read_track(self.freeboard, FREEBOARD, granule, beam)
        return freeboard.merge(labels[["x_atc", "label", "why", "confidence", "scene"]], on="x_atc")


@dataclass(frozen=True)
class Results:
    """The results of a campaign that a review is made of."""

    batches: Sequence[Batch]
    segments: Mapping[str, Path]
    """Tables of segments by granule."""
    photons: Mapping[str, Path]
    """ATL03 files by granule."""
    laid: Sequence[tuple[Overlay, Path]]
    """How scenes are laid on tracks, each with the raster of its classes."""
    projection: str
    """That of the overlays' shifts."""
    segment_length: float
    """m."""
    selection: Selection
    """Which photons the segments are made of."""

    def most_doubtful(self, limit: int) -> tuple[pd.DataFrame, int]:
        """Return the ``limit`` stretches of all tracks that matter most, and how many there are.

        Memory holds one track, and ``limit`` stretches of each.
        """
        n_found, kept = 0, []
        for batch in self.batches:
            for track in batch.tracks():
                stretches = doubtful_stretches(batch.read(*track), self.segment_length)
                n_found += len(stretches)
                if len(stretches):
                    kept.append(most_doubtful(stretches, limit))
        return most_doubtful(pd.concat(kept), limit) if kept else NO_STRETCHES, n_found

    def for_page(self, stretches: pd.DataFrame) -> list[dict]:
        """Return what the page is told of stretches, in their order; they are read track by track.

        Raises ``InputDataError`` where a granule or a raster is missing or unreadable.
        """
        batch_of = {track: batch for batch in self.batches for track in batch.tracks()}
        told = {}
        for (granule, beam), own in stretches.groupby(["granule", "beam"]):
            looked_at = read_track(self.segments[granule], SEGMENTS, granule, beam)[["x_atc", *LOOKED_AT]]
            track = batch_of[granule, beam].read(granule, beam).merge(looked_at, on="x_atc")
            photons = signal_photons(self.photons[granule], beam, self.segment_length, self.selection, ALL_PHOTONS)
            told |= {number: self._one(stretch, track, photons) for number, stretch in own.iterrows()}
        return [told[number] for number in stretches.index]

    def _one(self, stretch: pd.Series, track: pd.DataFrame, photons: TrackPhotons) -> dict:
        first, last = stretch["x_start"], stretch["x_end"]
        view = track[track["x_atc"].between(first - BESIDE, last + BESIDE)]
        around = max(CLOSE, 1.5 * (last - first))
        close = (photons.x >= first - around) & (photons.x <= last + around)
        shown = pd.DataFrame({"x_atc": photons.x[close], "height": photons.height[close]})
        laid = [(overlay, path) for overlay, path in self.laid if overlay.granule == stretch["granule"]]
        of_label = next((overlay for overlay, _ in laid if overlay.scene == stretch["scene"]), None)
        strip = scene_strip(view, laid, self.projection)
        return stretch_for_page(stretch, view, shown, first - BESIDE, of_label, strip)
