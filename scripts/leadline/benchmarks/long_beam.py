"""A granule whose beams are as long as one likes: a simulated stretch of track laid end to end."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from leadline.errors import LeadlineError
from leadline.files import written_whole

_SERIES = {
    "delta_time": "bckgrd_atlas/delta_time",
    "segment_dist_x": "geolocation/segment_dist_x",
    "lat_ph": "geolocation/reference_photon_lat",
    "lon_ph": "geolocation/reference_photon_lon",
    "reference_photon_lat": "geolocation/reference_photon_lat",
    "reference_photon_lon": "geolocation/reference_photon_lon",
}
"""What goes on along the track, and the evenly spaced series that tells by how much in a stretch."""


def write_long_beam(stretch: Path, path: Path, beam: str, names: Sequence[str], n_photons: int) -> None:
    """Write a granule with one long beam, which holds ``n_photons``, or just more, as ``write_long_granule`` does."""
    with h5py.File(stretch) as source:
        n_stretches = -(-n_photons // len(source[beam]["heights/h_ph"]))
    write_long_granule(stretch, path, [beam], names, n_stretches)


def write_long_granule(stretch: Path, path: Path, beams: Sequence[str], names: Sequence[str], n_stretches: int) -> None:
    """Lay beams of the ATL03 file ``stretch`` so many times end to end in a new one.

    ``names`` are the datasets that each beam gets, with the types, chunks and compression that the stretch has. Times,
    distances, places and photon indices go on from one stretch to the next. All else repeats, noise and all: HDF5
    compresses each chunk (10,000 photons, 1 km) by itself, so that what comes again 9 km on packs as new data does.
    Memory holds one stretch of a beam.

    Raises ``LeadlineError`` where the track would go on beyond the pole.
    """
    with h5py.File(stretch) as source, written_whole(path) as aside, h5py.File(aside, "w") as target:
        target.attrs.update(source.attrs)
        for group in ("ancillary_data", "orbit_info"):
            source.copy(group, target)
        for beam in beams:
            target.create_group(beam).attrs.update(source[beam].attrs)
            _lay(source[beam], target[beam], names, n_stretches)


def _lay(source: h5py.Group, target: h5py.Group, names: Sequence[str], n_stretches: int) -> None:
    arrays = {name: source[name][...] for name in names}
    datasets = {name: _empty_like(source[name], target.file) for name in names}
    steps = {name: _step(arrays[_SERIES[last]]) for name in names if (last := name.split("/")[1]) in _SERIES}
    n_in_stretch = len(arrays["heights/h_ph"])
    _refuse_beyond_the_pole(arrays["heights/lat_ph"][-1] + n_stretches * steps["heights/lat_ph"])
    for number in range(n_stretches):
        for name, values in arrays.items():
            if name == "geolocation/ph_index_beg":
                values = np.where(values > 0, values + number * n_in_stretch, 0)
            elif name in steps:
                values = values + number * steps[name]
            _append(datasets[name], values)


def _step(series: NDArray) -> float:
    """Return how far an evenly spaced series gets until the value after its last."""
    return (series[-1] - series[0]) * series.size / (series.size - 1)


def _refuse_beyond_the_pole(latitude: float) -> None:
    if abs(latitude) > 90:
        raise LeadlineError("so long a track would go on beyond the pole; choose fewer photons")


def _empty_like(dataset: h5py.Dataset, target: h5py.File) -> h5py.Dataset:
    made = target.create_dataset_like(dataset.name, dataset, shape=(0, *dataset.shape[1:]))
    made.attrs.update(dataset.attrs)
    return made


def _append(dataset: h5py.Dataset, values: NDArray) -> None:
    n = len(dataset)
    dataset.resize(n + len(values), axis=0)
    dataset[n:] = values
