"""The ATL10 release-006 file: the datasets of a beam that the comparison needs, as NASA names and packs them."""

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from leadline.files import written_whole
from leadline.simulate.atl03_file import FILL, SDP_EPOCH, SIMULATED

_TIME = "seconds since 2018-01-01"

LAYOUT = {
    "freeboard_segment": {
        "delta_time": ("f8", _TIME),
        "latitude": ("f8", "degrees_north"),
        "longitude": ("f8", "degrees_east"),
        "seg_dist_x": ("f8", "meters"),
        "beam_fb_height": ("f4", "meters"),
        "beam_fb_unc": ("f4", "meters"),
    },
    "freeboard_segment/heights": {
        "height_segment_height": ("f4", "meters"),
        "height_segment_length_seg": ("f4", "meters"),
        "height_segment_sigma": ("f4", "meters"),
        "height_segment_w_gaussian": ("f4", "meters"),
        "height_segment_type": ("i1", "1"),
        "height_segment_ssh_flag": ("i1", "1"),
        "photon_rate": ("f4", "1"),
    },
    "leads": {
        "delta_time": ("f8", _TIME),
        "latitude": ("f8", "degrees_north"),
        "longitude": ("f8", "degrees_east"),
        "lead_dist_x": ("f8", "m"),
        "lead_height": ("f4", "meters"),
        "lead_length": ("f4", "meters"),
        "lead_sigma": ("f4", "meters"),
        "ssh_n": ("i4", "1"),
    },
    "reference_surface_section": {
        "delta_time": ("f8", _TIME),
        "latitude": ("f8", "degrees_north"),
        "longitude": ("f8", "degrees_east"),
        "beam_refsurf_dist_x": ("f8", "m"),
        "beam_refsurf_height": ("f4", "meters"),
        "beam_refsurf_sigma": ("f4", "meters"),
        "beam_refsurf_interp_flag": ("i2", "1"),
        "beam_lead_n": ("i4", "1"),
    },
}
"""Type and unit of each dataset by group of a beam, as in ATL10 r006."""


def write_atl10(path: Path, name: str, beams: Mapping[str, tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]) -> None:
    """Write a simulated ATL10 of the pass of the granule ``name``; of each beam its segments, leads and sections."""
    with written_whole(path) as aside, h5py.File(aside, "w") as file:
        told = {"title": f"ATL10 {SIMULATED}", "history": SIMULATED, "source": SIMULATED, "short_name": "ATL10"}
        told |= {"identifier_product_type": "ATL10", "Conventions": "CF-1.6", "featureType": "trajectory"}
        file.attrs.update({key: np.bytes_(value.encode()) for key, value in told.items()})
        file["orbit_info/rgt"] = np.array([int(name[15:19])], np.int16)
        file["orbit_info/cycle_number"] = np.array([int(name[19:21])], np.int8)
        file["ancillary_data/release"] = np.array([b"006"])
        file["ancillary_data/atlas_sdp_gps_epoch"] = np.array([SDP_EPOCH])
        for beam, (segments, leads, sections) in beams.items():
            tables = dict.fromkeys(LAYOUT, segments) | {"leads": leads, "reference_surface_section": sections}
            for group, table in tables.items():
                _write_group(file.require_group(f"{beam}/{group}"), LAYOUT[group], table)


def _write_group(group: h5py.Group, layout: dict[str, tuple[str, str]], table: pd.DataFrame) -> None:
    for name, (dtype, unit) in layout.items():
        values = table[name].to_numpy()
        if dtype in FILL:
            values = np.where(np.isnan(values), FILL[dtype], values)
        dataset = group.create_dataset(name, data=values.astype(dtype))
        dataset.attrs["units"] = np.bytes_(unit.encode())
        if dtype in FILL:
            dataset.attrs["_FillValue"] = FILL[dtype]
