"""A granule cut where it stands: beams, datasets and stretch of track that a region needs, as a small ATL03 file."""

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from leadline.accounts import State
from leadline.archives.download import FULL
from leadline.archives.remote_file import RemoteFile
from leadline.atl03 import DATASETS, DEAD_TIME, FIRST_PHOTON_BIAS
from leadline.chunks import read_rows
from leadline.errors import InputDataError, LeadlineError
from leadline.files import written_whole

logger = logging.getLogger("leadline.archives.remote_granule")

Box = tuple[float, float, float, float]
"""West, south, east, north, degrees; with west > east the box lies across the antimeridian."""

MARGIN = 15
"""Reference segments (20 m) beyond the region on either side: what the segments within it depend on reaches as far."""
SPARE_SECONDS = 1.0
"""Background that is kept before and after the photons', s."""
_NOT_COPIED = ("DIMENSION_LIST", "REFERENCE_LIST")
"""Attributes that refer to datasets by their place in the file."""


def cut_granule(remote: RemoteFile, path: Path, beams: Sequence[str], box: Box) -> None:
    """Write those beams of a remote granule between the first and the last place where they are in the box.

    The file holds ``atl03.DATASETS`` of that stretch and ``MARGIN`` around it, orbit_info, what stands directly in
    ancillary_data, and the beams' dead times and CAL-19; it gives the segments that the whole granule gives there. A
    beam that the granule lacks, or that passes by the box, is not in it.

    Raises ``InputDataError`` where none of the beams is, and where the granule is no whole HDF5 file;
    ``LeadlineError`` where the server fails or the disk is full.
    """
    try:
        with h5py.File(remote) as source:
            _cut(source, remote, path, beams, box)
    except (OSError, RuntimeError, KeyError) as error:
        if any(os.strerror(code) in str(error) for code in FULL):
            message = f"{remote.name}: the disk is full; make room for its part and run it again"
            raise LeadlineError(message) from None
        fault = (str(error).splitlines() or [""])[0]
        message = f"{remote.name}: expected ATL03 data ({fault}); fetch the granule whole, or tell the archive"
        raise InputDataError(State.UNREADABLE, message) from None


def rows_in_box(latitude: NDArray, longitude: NDArray, box: Box) -> slice:
    """Return the rows from the first to the last place within a box; an empty slice where none is."""
    west, south, east, north = box
    width = (east - west) % 360 or 360.0
    within = (latitude >= south) & (latitude <= north) & ((longitude - west) % 360 <= width)
    rows = np.flatnonzero(within)
    return slice(int(rows[0]), int(rows[-1]) + 1) if rows.size else slice(0, 0)


def _cut(source: h5py.File, remote: RemoteFile, path: Path, beams: Sequence[str], box: Box) -> None:
    stretches = {beam: rows for beam in beams if (rows := _stretch(source, remote, beam, box))}
    if not stretches:
        message = f"{remote.name}: none of {', '.join(beams)} is in the region {box}"
        raise InputDataError(State.MISSING_BEAM, f"{message}; correct acquire.region or the table of granules")
    with written_whole(path) as aside, h5py.File(aside, "w") as target:
        target.attrs.update(source.attrs)
        target.attrs["subset"] = f"{', '.join(stretches)} of {remote.name} within {box}, by leadline"
        for name in _of_granule(source, stretches):
            source.copy(name, target.require_group(name.rpartition("/")[0]), without_attrs=True)
        for beam, rows in stretches.items():
            target.create_group(beam).attrs.update(source[beam].attrs)
            _copy_beam(source[beam], target[beam], rows)
            remote.forget()


def _stretch(source: h5py.File, remote: RemoteFile, beam: str, box: Box) -> slice | None:
    """Return the reference segments of a beam that are kept; None where there are none."""
    if beam not in source:
        logger.warning("%s: the granule has no beam %s", remote.name, beam)
        return None
    places = [source[f"{beam}/geolocation/reference_photon_{name}"] for name in ("lat", "lon")]
    rows = rows_in_box(*(read_rows(place, slice(None)) for place in places), box)
    if rows.stop == 0:
        logger.warning("%s: beam %s does not pass through the region", remote.name, beam)
        return None
    return slice(max(rows.start - MARGIN, 0), min(rows.stop + MARGIN, len(places[0])))


def _of_granule(source: h5py.File, beams: Sequence[str]) -> Iterator[str]:
    """Return the datasets outside the beams that are copied whole."""
    for group in ("orbit_info", "ancillary_data"):
        if group in source:
            yield from (f"{group}/{name}" for name, one in source[group].items() if isinstance(one, h5py.Dataset))
    names = [name.format(beam=beam) for beam in beams for name in (DEAD_TIME, *FIRST_PHOTON_BIAS)]
    yield from (name for name in names if name in source)


def _copy_beam(source: h5py.Group, target: h5py.Group, rows: slice) -> None:
    """Copy the reference segments ``rows``, their photons and the background of their time."""
    begin, count = (read_rows(source[f"geolocation/{name}"], rows) for name in ("ph_index_beg", "segment_ph_cnt"))
    filled = np.flatnonzero(count > 0)
    photons = slice(0, 0)
    if filled.size:
        photons = slice(int(begin[filled[0]]) - 1, int(begin[filled[-1]] + count[filled[-1]]) - 1)
    parts = {"heights": photons, "geolocation": rows, "geophys_corr": rows}
    if "bckgrd_atlas/delta_time" in source and "geolocation/delta_time" in source:
        times = read_rows(source["geolocation/delta_time"], rows)
        parts["bckgrd_atlas"] = _background(source["bckgrd_atlas/delta_time"], times)
    wanted = {name: parts[name.split("/")[0]] for name in DATASETS if name in source and name.split("/")[0] in parts}
    for name, part in wanted.items():
        values = read_rows(source[name], part)
        if name == "geolocation/ph_index_beg":
            values = np.where(values > 0, values - photons.start, 0)
        made = target.create_dataset_like(name, source[name], shape=values.shape, data=values)
        made.attrs.update({key: one for key, one in source[name].attrs.items() if key not in _NOT_COPIED})


def _background(delta_time: h5py.Dataset, times: NDArray) -> slice:
    """Return the rows of the background of these times."""
    begun = read_rows(delta_time, slice(None))
    rows = np.flatnonzero((begun >= times.min() - SPARE_SECONDS) & (begun <= times.max() + SPARE_SECONDS))
    return slice(int(rows[0]), int(rows[-1]) + 1) if rows.size else slice(0, 0)
