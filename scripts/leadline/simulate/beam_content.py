"""One simulated beam as ATL03 has it: photons by reference segment, corrections and background."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer

from leadline.first_photon_bias import CHANNELS, HALF_SPEED_OF_LIGHT
from leadline.simulate import atlas
from leadline.simulate.atl03_file import SIMULATED, BeamContent
from leadline.simulate.flight import Flight
from leadline.simulate.world import PROJECTION, REFERENCE_SPACING, generator, sea_level, sun_position, total_level

POINTING_ERROR = 0.25
"""How far off heights are where the pointing is degraded, m."""
DROP_OUTS = 0.0015
"""Share of the reference segments that lost their photons."""


def simulate_beam(flight: Flight, sky: atlas.Sky, rate: NDArray, beam: atlas.Beam) -> BeamContent:
    """Shoot one beam of a flight and return its datasets; ``rate`` is ``atlas.photon_rate`` of the world."""
    random = generator(flight.settings, beam.name)
    track = flight.world.track
    places = np.column_stack(track.in_world(*track.on_map(flight.x, beam.across).T))
    photons, background = atlas.shoot(random, sky, rate, places, beam, flight.settings.signal)
    lost = random.random(flight.n_references) < DROP_OUTS
    photons = photons[~lost[flight.reference[photons["shot"]]]].reset_index(drop=True)
    above = (photons["height"] - atlas.surface_height(photons["height"].to_numpy(), photons["is_signal"])).to_numpy()
    segment = flight.reference[photons["shot"]]
    confidence = atlas.confidence(above)
    heights = _heights(random, flight, beam, photons, above, confidence, segment)
    datasets = {
        "heights": heights,
        **_reference_segments(flight, beam, photons["shot"].to_numpy(), above, segment, heights),
        "bckgrd_atlas": _background(random, flight, photons, background, confidence),
    }
    attributes = {
        "atlas_beam_type": beam.kind,
        "atlas_spot_number": str(beam.spot),
        "atlas_pce": f"pce{beam.pce}",
        "atmosphere_profile": f"profile_{4 - beam.pce}",
        "sc_orientation": "Forward",
        "Description": SIMULATED,
    }
    return BeamContent(attributes, datasets)


def _heights(
    random: np.random.Generator,
    flight: Flight,
    beam: atlas.Beam,
    photons: pd.DataFrame,
    above: NDArray,
    confidence: NDArray,
    segment: NDArray,
) -> dict[str, NDArray]:
    """Return the datasets of the group heights."""
    shot, height = photons["shot"].to_numpy(), photons["height"].to_numpy()
    x = flight.x[shot] + atlas.PITCH_SLOPE * height
    across = beam.across + atlas.ROLL_SLOPE[beam.name[:3]] * height
    to_earth = Transformer.from_crs(PROJECTION, "EPSG:4326", always_xy=True)
    longitude, latitude = to_earth.transform(*flight.world.track.on_map(x, across).T)
    level = total_level(sea_level(flight.settings, flight.x))[shot]
    all_confidences = np.full((shot.size, 5), -1, np.int8)
    all_confidences[:, 1:3] = confidence[:, None]
    # A photon-counting electronics has 20 channels, 16 of them strong; its rising edges count from 61 on.
    first_channel = 20 * (beam.pce - 1) + (1 if beam.kind == "strong" else 1 + CHANNELS["strong"])
    return {
        "delta_time": flight.time(shot),
        "dist_ph_across": across,
        "dist_ph_along": x - segment * REFERENCE_SPACING,
        "h_ph": height + level + POINTING_ERROR * flight.bad_pointing[segment],
        "lat_ph": latitude,
        "lon_ph": longitude,
        "pce_mframe_cnt": flight.frame(shot),
        "ph_id_channel": first_channel + photons["channel"] + 60 * photons["rising"],
        "ph_id_count": photons["count"],
        "ph_id_pulse": shot % atlas.SHOTS_A_FRAME + 1,
        "quality_ph": atlas.quality(random, above, photons["is_afterpulse"].to_numpy(), shot, beam.dead_time.size),
        "signal_conf_ph": all_confidences,
        "weight_ph": atlas.weight(shot, height),
    }


def _reference_segments(
    flight: Flight, beam: atlas.Beam, shot: NDArray, above: NDArray, segment: NDArray, heights: dict[str, NDArray]
) -> dict[str, dict[str, NDArray]]:
    """Return the datasets of the groups geolocation and geophys_corr; a segment that lost its photons stays."""
    n = flight.n_references
    count = np.bincount(segment, minlength=n)
    begin = np.where(count > 0, 1 + np.cumsum(count) - count, 0)
    middle = (np.arange(n) + 0.5) * REFERENCE_SPACING
    time = flight.time(middle / atlas.SHOT_SPACING)
    to_earth = Transformer.from_crs(PROJECTION, "EPSG:4326", always_xy=True)
    longitude, latitude = to_earth.transform(*flight.world.track.on_map(middle, beam.across).T)
    reference = np.clip(begin - 1 + count // 2, 0, None)[count > 0]
    longitude[count > 0], latitude[count > 0] = heights["lon_ph"][reference], heights["lat_ph"][reference]
    sun = sun_position(flight.settings.start, flight.settings.latitude, flight.settings.longitude)
    saturation = _saturation(flight, beam, shot, above)
    level = sea_level(flight.settings, middle)
    geolocation = {
        "delta_time": time,
        "segment_dist_x": flight.start + middle - REFERENCE_SPACING / 2,
        "segment_id": np.round(flight.start / REFERENCE_SPACING) + 1 + np.arange(n),
        "segment_length": np.full(n, REFERENCE_SPACING),
        "ph_index_beg": begin,
        "segment_ph_cnt": count,
        "reference_photon_index": np.where(count > 0, count // 2 + 1, 0),
        "reference_photon_lat": latitude,
        "reference_photon_lon": longitude,
        "podppd_flag": np.where(flight.bad_pointing, 2, 0),
        "full_sat_fract": saturation[0],
        "near_sat_fract": saturation[1],
        "neutat_ht": total_level(level),
        "ref_azimuth": np.full(n, np.radians(flight.settings.heading)),
        "solar_elevation": np.full(n, sun[0]),
        "solar_azimuth": np.full(n, sun[1]),
    }
    corrections = {
        "delta_time": time,
        "dem_h": (level["mss"] + level["geoid_free2mean"]).to_numpy(),
        **{
            name: level[name].to_numpy()
            for name in ("geoid", "geoid_free2mean", "tide_ocean", "tide_equilibrium", "dac")
        },
    }
    return {"geolocation": geolocation, "geophys_corr": corrections}


def _saturation(flight: Flight, beam: atlas.Beam, shot: NDArray, above: NDArray) -> tuple[NDArray, NDArray]:
    """Return the shares of each segment's shots whose returns fill all channels, and three quarters of them."""
    filled = np.bincount(shot, np.abs(above) < 0.5, flight.n_shots) / beam.dead_time.size
    shots = np.bincount(flight.reference)
    return tuple(np.bincount(flight.reference, filled >= level) / shots for level in (1.0, 0.75))


def _background(
    random: np.random.Generator, flight: Flight, photons: pd.DataFrame, rate: NDArray, confidence: NDArray
) -> dict[str, NDArray]:
    """Return the datasets of the group bckgrd_atlas, a row for 50 shots.

    The instrument sums all photons of a window that is much higher than what it sends down; the reduced numbers
    leave the signal out, and the rate follows from them exactly as in the real files.
    """
    row = photons["shot"].to_numpy() // atlas.SHOTS_A_BACKGROUND
    first_shot = np.arange(0, flight.n_shots, atlas.SHOTS_A_BACKGROUND)
    n = first_shot.size
    window = atlas.WINDOW[1] - atlas.WINDOW[0]
    unseen = (atlas.ONBOARD_WINDOW - window) / HALF_SPEED_OF_LIGHT * 1e-9
    counts = np.bincount(row, minlength=n) + random.poisson(rate.reshape(n, -1).sum(axis=1) * unseen)
    signal = confidence >= 3
    of_signal = photons["height"][signal].groupby(row[signal])
    span = (of_signal.max() - of_signal.min()).reindex(range(n), fill_value=0).to_numpy()
    counts_reduced = counts - np.bincount(row[signal], minlength=n)
    height_reduced = (atlas.ONBOARD_WINDOW - span).astype(np.float32)
    seconds = atlas.SHOTS_A_BACKGROUND * height_reduced.astype(np.float64) / HALF_SPEED_OF_LIGHT * 1e-9
    level = total_level(sea_level(flight.settings, flight.x[first_shot]))
    return {
        "delta_time": flight.time(first_shot),
        "pce_mframe_cnt": flight.frame(first_shot),
        "bckgrd_counts": counts,
        "bckgrd_counts_reduced": counts_reduced,
        "bckgrd_int_height": np.full(n, atlas.ONBOARD_WINDOW),
        "bckgrd_int_height_reduced": height_reduced,
        "bckgrd_rate": counts_reduced / seconds,
        "bckgrd_hist_top": level + atlas.ONBOARD_WINDOW / 2,
        "tlm_height_band1": np.full(n, window),
        "tlm_top_band1": level + atlas.WINDOW[1],
    }
