"""A simulated granule: six beams shot at one world, put together as ATL03."""

from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leadline.dead_time import calibration_table
from leadline.first_photon_bias import CHANNELS
from leadline.simulate import atlas
from leadline.simulate.atl03_file import SDP_EPOCH, write_atl03
from leadline.simulate.beam_content import simulate_beam
from leadline.simulate.flight import Flight, plan_flight
from leadline.simulate.world import GranuleSettings, build_world, generator, waves


def simulate_granule(path: Path, settings: GranuleSettings) -> None:
    """Simulate a granule and write it as ATL03; the same settings give the same data each time."""
    shoot_granule(path, plan_flight(settings, build_world(settings)))


def shoot_granule(path: Path, flight: Flight) -> None:
    """Shoot all beams of a flight over its world and write them as ATL03."""
    settings = flight.settings
    rate, share = atlas.photon_rate(flight.world.ice), atlas.background_share(flight.world.ice)
    slow = 1 + waves(generator(settings, "background"), flight.x, (70_000, 23_000), (0.12, 0.06))
    sky = atlas.Sky(flight.world, share, atlas.BACKGROUND_RATE * settings.background * slow)
    beams = atlas.make_beams(generator(settings, "dead time"))
    contents = {beam.name: simulate_beam(flight, sky, rate, beam) for beam in beams}
    calibrations = {beam.name: _calibrations(beam) for beam in beams}
    write_atl03(path, contents, _header(flight), calibrations)


def _header(flight: Flight) -> dict[str, NDArray]:
    """Return the datasets of ancillary_data and orbit_info."""
    settings = flight.settings
    track, cycle, region = (int(settings.name[slice(*ends)]) for ends in ((15, 19), (19, 21), (21, 23)))
    begin, end = flight.time(np.array([0, flight.n_shots]))
    utc = [(settings.start + timedelta(seconds=float(after))).isoformat() for after in (0, end - begin)]
    ancillary = {
        "atlas_sdp_gps_epoch": SDP_EPOCH,
        "data_start_utc": utc[0].encode(),
        "data_end_utc": utc[1].encode(),
        "start_delta_time": begin,
        "end_delta_time": end,
        "start_rgt": np.int32(track),
        "end_rgt": np.int32(track),
        "start_cycle": np.int32(cycle),
        "end_cycle": np.int32(cycle),
        "start_region": np.int32(region),
        "end_region": np.int32(region),
        "release": b"006",
        "version": b"01",
    }
    orbit = {
        "sc_orient": np.int8(1),
        "sc_orient_time": begin - 1e6,
        "rgt": np.int16(track),
        "cycle_number": np.int8(cycle),
        "orbit_number": np.uint16(0),
        "crossing_time": begin - flight.start / atlas.SHOT_SPACING * atlas.SHOT_INTERVAL,
        "lan": settings.longitude,
    }
    groups = {"ancillary_data": ancillary, "orbit_info": orbit}
    return {f"{group}/{name}": np.array([value]) for group, values in groups.items() for name, value in values.items()}


def _calibrations(beam: atlas.Beam) -> dict[str, NDArray]:
    """Return the calibrations of a beam: CAL-19, and the dead times of all 20 channels of its electronics, in s."""
    dead_time = np.full(sum(CHANNELS.values()), 3.0)
    used = slice(0, CHANNELS["strong"]) if beam.kind == "strong" else slice(CHANNELS["strong"], None)
    dead_time[used] = beam.dead_time
    table = {f"first_photon_bias/{{beam}}/{name}": values for name, values in _first_photon_bias(beam.kind).items()}
    return {"dead_time/{beam}/dead_time": dead_time * 1e-9, **table}


@cache
def _first_photon_bias(kind: str) -> dict[str, NDArray[np.float32]]:
    """Return CAL-19 of a kind of beam with the shapes of NASA's table."""
    dead_time = np.linspace(2.6, 3.6, 6)
    strength = np.tile(np.linspace(0.05, 2 * CHANNELS[kind], 160), (6, 1))
    width = np.tile(np.geomspace(0.3, 60.0, 498), (6, 1))
    correction = calibration_table(dead_time, strength, width, CHANNELS[kind])
    axes = {"dead_time": dead_time, "strength": strength, "width": width, "ffb_corr": correction}
    return {name: values.astype(np.float32) for name, values in axes.items()}
