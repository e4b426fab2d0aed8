"""The ATL03 release-006 file: names, types, units and attributes as NASA writes them, and one function that writes it.

What the simulation does not model holds the typical value of a real granule.
"""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from leadline.files import written_whole
from leadline.names import BEAMS

FILL = {"f4": np.float32(3.4028235e38), "f8": np.float64(1.7976931348623157e308)}
SDP_EPOCH = 1198800018.0
"""GPS seconds at 2018-01-01T00:00:00Z, where delta_time begins."""
CHUNK = 10_000
SIMULATED = "simulated by leadline"


@dataclass(frozen=True)
class Field:
    """One dataset of a beam."""

    dtype: str
    units: str
    long_name: str
    content: str = "modelResult"
    typical: float | tuple[float, ...] | None = None
    """Value of a real granule, for what is not simulated."""
    flags: str = ""
    """Meanings of the flag's values, which count up from ``first_flag``."""
    first_flag: int = 0
    fill: int | None = None
    """Fill value of an integer; floats of the segment-rate groups take ``FILL``."""


_TIME = "seconds since 2018-01-01"
_MEASURED, _REFERENCE, _QUALITY = "physicalMeasurement", "referenceInformation", "qualityInformation"

LAYOUT = {
    "heights": {
        "delta_time": Field("f8", _TIME, "Elapsed GPS seconds", _REFERENCE),
        "dist_ph_across": Field("f4", "meters", "Distance off RGT."),
        "dist_ph_along": Field("f4", "meters", "Distance from equator crossing."),
        "h_ph": Field("f4", "meters", "Photon WGS84 Height", _MEASURED),
        "lat_ph": Field("f8", "degrees_north", "Latitude"),
        "lon_ph": Field("f8", "degrees_east", "Longitude"),
        "pce_mframe_cnt": Field("u4", "counts", "PCE Major frame counter", _REFERENCE),
        "ph_id_channel": Field("u1", "1", "Receive channel id", _REFERENCE),
        "ph_id_count": Field("u1", "counts", "photon event counter", _REFERENCE),
        "ph_id_pulse": Field("u1", "counts", "laser pulse counter", _REFERENCE),
        "quality_ph": Field(
            "i1",
            "1",
            "Photon Quality",
            _QUALITY,
            flags="nominal possible_afterpulse possible_impulse_response_effect possible_tep",
        ),
        "signal_conf_ph": Field(
            "i1",
            "1",
            "Photon Signal Confidence",
            _QUALITY,
            flags="possible_tep not_considered noise buffer low medium high",
            first_flag=-2,
        ),
        "weight_ph": Field("u1", "1", "Photon weight"),
    },
    "geolocation": {
        "altitude_sc": Field("f8", "meters", "Altitude", _MEASURED, 505_000.0),
        "bounce_time_offset": Field("f4", "seconds", "ground bounce time offset", typical=0.0016848),
        "delta_time": Field("f8", _TIME, "Delta Time", _MEASURED),
        "full_sat_fract": Field("f4", "1", "Full Saturation Fraction", _QUALITY),
        "knn": Field("i4", "counts", "K Nearest Neighbors", _REFERENCE, 8),
        "near_sat_fract": Field("f4", "1", "Near Saturation Fraction", _QUALITY),
        "neutat_delay_derivative": Field(
            "f4", "meters/meters", "(Neutral Atmosphere delay)/dh", typical=-0.00031401808
        ),
        "neutat_delay_total": Field("f4", "meters", "Total Neutral Atmospheric Delay", typical=2.4260073),
        "neutat_ht": Field("f4", "meters", "Neutral atmosphere ref height"),
        "ph_index_beg": Field("i8", "counts", "Photon Index Begin", _REFERENCE, fill=0),
        "pitch": Field("f4", "degrees", "Pitch", typical=-0.23731811),
        "podppd_flag": Field(
            "i1",
            "1",
            "POD_PPD Flag",
            _REFERENCE,
            flags="nominal pod_degrade ppd_degrade podppd_degrade "
            "cal_nominal cal_pod_degrade cal_ppd_degrade cal_podppd_degrade",
        ),
        "range_bias_corr": Field("f4", "meters", "range bias correction", typical=4.0731564),
        "ref_azimuth": Field("f4", "radians", "Azimuth"),
        "ref_elev": Field("f4", "radians", "elevation", typical=1.5649817),
        "reference_photon_index": Field("i4", "counts", "Reference Photon Index", _REFERENCE, fill=0),
        "reference_photon_lat": Field("f8", "degrees_north", "Segment Latitude"),
        "reference_photon_lon": Field("f8", "degrees_east", "Segment Longitude"),
        "roll": Field("f4", "degrees", "roll", typical=-0.11085966),
        "segment_dist_x": Field("f8", "meters", "Segment Distance from EQC"),
        "segment_id": Field("i4", "1", "along-track segment ID number.", _REFERENCE),
        "segment_length": Field("f8", "meters", "along-track segment length"),
        "segment_ph_cnt": Field("i4", "counts", "Number of photons", _REFERENCE, fill=0),
        "sigma_across": Field("f4", "meters", "across-track geolocation uncertainty", _QUALITY, 5.0),
        "sigma_along": Field("f4", "meters", "along-track geolocation uncertainity", _QUALITY, 5.0),
        "sigma_h": Field("f4", "meters", "height uncertainty", _QUALITY, 0.143832),
        "sigma_lat": Field("f4", "degrees", "latitude uncertainty", _QUALITY, 6.3e-05),
        "sigma_lon": Field("f4", "degrees", "longitude uncertainty", _QUALITY, 4.956833e-05),
        "solar_azimuth": Field("f4", "degrees_east", "solar azimuth"),
        "solar_elevation": Field("f4", "degrees", "solar elevation"),
        "surf_type": Field("i1", "1", "Surface Type", _REFERENCE, (0, 1, 1, 0, 0), flags="not_type is_type"),
        "tx_pulse_energy": Field("f4", "Joules", "Transmit Pulse Energy", _MEASURED, 2.7299862e-05),
        "tx_pulse_skew_est": Field("f4", "seconds", "Transmit Pulse Skew Estimate", typical=-1.0042793e-10),
        "tx_pulse_width_lower": Field("f4", "seconds", "Transmit Pulse Energy Lower Width", typical=1.4964595e-09),
        "tx_pulse_width_upper": Field("f4", "seconds", "Transmit Pulse Energy Upper Width", typical=3.518334e-10),
        "velocity_sc": Field("f4", "meters/second", "spacecraft velocity", typical=(-5277.5229, 4743.7661, 1.0317731)),
        "yaw": Field("f4", "degrees", "Yaw", typical=0.24266055),
    },
    "geophys_corr": {
        "dac": Field("f4", "meters", "Dynamic Atmosphere Correction"),
        "delta_time": Field("f8", _TIME, "Elapsed GPS seconds", _REFERENCE),
        "dem_flag": Field(
            "i1", "1", "dem source flag", _REFERENCE, 3, flags="none arctic global mss antarctic", fill=127
        ),
        "dem_h": Field("f4", "meters", "DEM Height", _REFERENCE),
        "geoid": Field("f4", "meters", "Geoid", _REFERENCE),
        "geoid_free2mean": Field("f4", "meters", "Geoid Free-to-Mean conversion"),
        "tide_earth": Field("f4", "meters", "Earth Tide", typical=-0.11991737),
        "tide_earth_free2mean": Field("f4", "meters", "Earth Tide Free-to-Mean conversion", _REFERENCE, -0.120180085),
        "tide_equilibrium": Field("f4", "meters", "Long Period Equilibrium Tide", _REFERENCE),
        "tide_load": Field("f4", "meters", "Load Tide", _REFERENCE, -0.0015160311),
        "tide_oc_pole": Field("f4", "meters", "Ocean Pole Tide", _REFERENCE, -1.6598548e-05),
        "tide_ocean": Field("f4", "meters", "Ocean Tide", _REFERENCE),
        "tide_pole": Field("f4", "meters", "Solid Earth Pole Tide", _REFERENCE, 0.0004187393),
    },
    "bckgrd_atlas": {
        "bckgrd_counts": Field("i4", "counts", "ATLAS 50-shot background count"),
        "bckgrd_counts_reduced": Field("i4", "counts", "ATLAS 50-shot background count - reduced"),
        "bckgrd_hist_top": Field("f4", "meters", "Top of the altimetric range window"),
        "bckgrd_int_height": Field("f4", "meters", "Altimetric range window width"),
        "bckgrd_int_height_reduced": Field("f4", "meters", "Altimetric range window height - reduced"),
        "bckgrd_rate": Field("f4", "counts / second", "Background count rate based on the ATLAS 50-shot sum"),
        "delta_time": Field("f8", _TIME, "Time at the start of ATLAS 50-shot sum", _REFERENCE),
        "pce_mframe_cnt": Field("i8", "counts", "PCE Major frame counter", _REFERENCE),
        "tlm_height_band1": Field("f4", "meters", "Height of the telemetry band 1", _REFERENCE),
        "tlm_height_band2": Field("f4", "meters", "Height of the telemetry band 2", _REFERENCE, 0.0),
        "tlm_top_band1": Field("f4", "meters", "Ellipsoidal height of the top of the telemetry band 1.", _REFERENCE),
        "tlm_top_band2": Field(
            "f4", "meters", "Ellipsoidal height of the top of the telemetry band 2.", _REFERENCE, 0.0
        ),
    },
}
"""Datasets of a beam by group, as in ATL03 r006."""

_COORDINATES = {
    "heights": "delta_time lat_ph lon_ph",
    "geolocation": "delta_time reference_photon_lat reference_photon_lon",
    "geophys_corr": "delta_time",
    "bckgrd_atlas": "delta_time",
}


@dataclass(frozen=True)
class BeamContent:
    """What a simulated beam gives to the file."""

    attributes: dict[str, str]
    """``atlas_beam_type`` and the like."""
    datasets: dict[str, dict[str, NDArray]]
    """Simulated datasets by group and name; the rest of ``LAYOUT`` takes its typical value."""


def write_atl03(
    path: Path, beams: dict[str, BeamContent], header: dict[str, NDArray], calibrations: dict[str, dict[str, NDArray]]
) -> None:
    """Write a granule.

    ``header`` holds the datasets of ancillary_data and orbit_info by their path; ``calibrations`` those below
    ancillary_data/calibrations of each beam by their path, with ``{beam}`` where the beam's name stands.
    """
    with written_whole(path) as aside, h5py.File(aside, "w") as file:
        file.attrs.update(_text(title="ATL03 photons " + SIMULATED, history=SIMULATED, short_name="ATL03"))
        file.attrs.update(_text(Conventions="CF-1.6", featureType="trajectory", identifier_product_type="ATL03"))
        for name, values in header.items():
            file.create_dataset(name, data=values)
        for beam in BEAMS:
            for name, values in calibrations[beam].items():
                file.create_dataset(
                    f"ancillary_data/calibrations/{name.format(beam=beam)}", data=values, **_packing(values)
                )
            group = file.create_group(beam)
            group.attrs.update(_text(groundtrack_id=beam, **beams[beam].attributes))
            for name in LAYOUT:
                _write_group(group.create_group(name), name, beams[beam].datasets[name])


def _write_group(group: h5py.Group, kind: str, datasets: dict[str, NDArray]) -> None:
    n = datasets["delta_time"].size
    for name, field in LAYOUT[kind].items():
        values = np.asarray(datasets[name] if name in datasets else _repeated(field.typical, n)).astype(field.dtype)
        shape = None, *values.shape[1:]
        dataset = group.create_dataset(
            name, data=values, maxshape=shape, **_packing(values, (CHUNK, *values.shape[1:]))
        )
        dataset.attrs.update(_text(units=field.units, long_name=field.long_name, contentType=field.content))
        if name != "delta_time":
            dataset.attrs.update(_text(coordinates=_COORDINATES[kind]))
        if field.fill is not None:
            dataset.attrs["_FillValue"] = np.dtype(field.dtype).type(field.fill)
        elif kind in ("geolocation", "geophys_corr") and (field.dtype == "f4" or name == "altitude_sc"):
            dataset.attrs["_FillValue"] = FILL[field.dtype]
        if field.flags:
            meanings = len(field.flags.split())
            dataset.attrs["flag_values"] = np.arange(meanings, dtype=field.dtype) + np.int8(field.first_flag)
            dataset.attrs.update(_text(flag_meanings=field.flags))


def _packing(values: NDArray, chunks: tuple[int, ...] | bool = True) -> dict:
    """Return how the real file packs: gzip 6, with the bytes of integers shuffled."""
    return {"chunks": chunks, "compression": "gzip", "compression_opts": 6, "shuffle": values.dtype.kind in "iu"}


def _repeated(typical: float | tuple[float, ...], n: int) -> NDArray:
    return np.broadcast_to(typical, (n, *np.shape(typical)))


def _text(**attributes: str) -> dict[str, np.bytes_]:
    return {name: np.bytes_(value.encode()) for name, value in attributes.items()}
