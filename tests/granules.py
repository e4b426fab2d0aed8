"""Small ATL03 files with a surface that is known in closed form, for tests of what reads them."""

from pathlib import Path

import h5py
import numpy as np

from leadline.atl03 import open_granule, read_beam, read_photons
from leadline.beam import Beam, Selection
from leadline.photons import Photons, select
from leadline.track import Piece, Track, pieces_of, track_of

REFERENCE_LENGTH = 20.0
SPEED = 7100.0
X_START = 9_000_000.0
FILL = np.float32(3.4028235e38)


def flat_photons(n_references: int = 10, per_reference: int = 200, height: float = 20.0, seed: int = 0) -> dict:
    """Return the datasets of one beam over a flat surface: noiseless photons at ``height``, in order."""
    rng = np.random.default_rng(seed)
    along = np.sort(rng.uniform(0, REFERENCE_LENGTH, (n_references, per_reference)), axis=1)
    start = X_START + REFERENCE_LENGTH * np.arange(n_references)
    x = (start[:, None] + along).ravel()
    shot = np.floor((x - X_START) / SPEED / 1e-4)
    n = x.size
    return {
        "heights/h_ph": np.full(n, height, np.float32),
        "heights/lat_ph": -74 - (x - X_START) / 111_000,
        "heights/lon_ph": np.full(n, -170.0),
        "heights/delta_time": 1000.0 + shot * 1e-4,
        "heights/dist_ph_along": along.ravel().astype(np.float32),
        "heights/quality_ph": np.zeros(n, np.int8),
        "heights/signal_conf_ph": np.tile(np.array([-1, -1, 4, -1, -1], np.int8), (n, 1)),
        "geolocation/segment_dist_x": start,
        "geolocation/delta_time": 1000.0 + (start - X_START) / SPEED,
        "geolocation/reference_photon_lat": -74 - (start - X_START) / 111_000,
        "geolocation/reference_photon_lon": np.full(n_references, -170.0),
        "geolocation/ph_index_beg": 1 + per_reference * np.arange(n_references, dtype=np.int64),
        "geolocation/segment_ph_cnt": np.full(n_references, per_reference, np.int32),
        "geolocation/podppd_flag": np.zeros(n_references, np.int8),
        "geolocation/solar_elevation": np.full(n_references, 15, np.float32),
        "geophys_corr/tide_ocean": np.full(n_references, 0.30, np.float32),
        "geophys_corr/tide_equilibrium": np.full(n_references, -0.02, np.float32),
        "geophys_corr/dac": np.full(n_references, 0.05, np.float32),
        "geophys_corr/dem_h": np.full(n_references, 19.0, np.float32),
        "geophys_corr/dem_flag": np.full(n_references, 3, np.int8),
        "geophys_corr/geoid": np.full(n_references, 18.5, np.float32),
        "geophys_corr/geoid_free2mean": np.full(n_references, -0.24, np.float32),
        "bckgrd_atlas/delta_time": 1000.0 + 0.005 * np.arange(6),
        "bckgrd_atlas/bckgrd_counts": np.arange(100, 106, dtype=np.int32),
        "bckgrd_atlas/bckgrd_rate": np.linspace(1e6, 2e6, 6).astype(np.float32),
    }


def write_granule(
    path: Path, beams: dict[str, dict], sc_orient: int | None = 1, beam_types: bool = True, release: str | None = "006"
) -> Path:
    """Write beams in the ATL03 layout; the right beams are the strong ones."""
    with h5py.File(path, "w") as file:
        if release is not None:
            file["ancillary_data/release"] = np.array([release.encode()])
        if sc_orient is not None:
            file["orbit_info/sc_orient"] = np.array([sc_orient], np.int8)
        for beam, datasets in beams.items():
            group = file.create_group(beam)
            if beam_types:
                group.attrs["atlas_beam_type"] = np.bytes_(b"strong" if beam.endswith("r") else b"weak")
            for name, values in datasets.items():
                group[name] = values
    return path


def along_track(photons: Photons) -> Photons:
    """Return the usable photons alone, in along-track order."""
    return Photons(np.arange(photons.order.size), *(values[photons.order] for values in photons[1:]))


def whole_beam(
    path: Path, name: str, selection: Selection | None = None, window: float = 2.0
) -> tuple[Photons, dict, Piece, Track, Beam]:
    """Return the selected photons of a beam as one piece, and what was dropped."""
    selection = selection or Selection()
    with open_granule(path) as granule:
        beam = read_beam(granule, name)
        photons = read_photons(granule, name, slice(0, beam.n_photons))
    track = track_of(beam, selection)
    (piece,) = pieces_of(track, window, beam.n_photons)
    placed, dropped = select(photons, piece, track, selection, beam.release)
    return placed, dropped, piece, track, beam
