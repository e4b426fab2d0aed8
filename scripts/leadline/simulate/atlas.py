"""The simulated altimeter: shots of one beam at the ice, photon by photon, down to what the detector records.

Every photon looks at its own place inside the footprint, so heights blur across the borders of classes. The detector's
channels are blind for a dead time after each photon, so the first-photon bias comes about by itself.
Heights are above the sea surface until the granule is put together.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d

from leadline.first_photon_bias import CHANNELS, HALF_SPEED_OF_LIGHT
from leadline.names import SurfaceClass
from leadline.simulate.floes import Ice
from leadline.simulate.world import ACROSS, World

SHOT_INTERVAL = 1e-4
"""s."""
SHOT_SPACING = 0.7133
"""m on the ground."""
SHOTS_A_FRAME = 200
SHOTS_A_BACKGROUND = 50
FOOTPRINT = 11.0 / 4
"""Standard deviation of a photon's place about the beam's centre, m: the 11 m footprint is four of them wide."""
FIELD_OF_VIEW = 45.0 / 4
"""The same of background photons: the telescope sees 45 m."""
PULSE_WIDTH = 0.64
"""Standard deviation of the transmitted pulse, ns."""
BRIGHTEST = 30.0
"""Signal photons a shot of a strong beam over the brightest lead."""
WEAK_SHARE = 0.25
"""Energy of a weak beam over that of its strong neighbour."""
BACKGROUND_RATE = 4.0e6
"""Solar background over snow, Hz."""
WINDOW = (-20.0, 44.0)
"""Heights that are telemetered, m from the surface (ATL03 r006 by day: 64 m, most of it above)."""
ONBOARD_WINDOW = 675.0
"""Height of the window in which the instrument sums its background counts, m (1350 counts at 6 MHz)."""
AFTERPULSES = {-0.45: 0.2, -0.92: 0.2, -1.5: 0.1, -2.3: 0.2, -4.2: 0.15, -7.0: 0.15}
"""Metres below the surface and share of the afterpulses there (Lu et al. 2021; ATL03 r006 flags -2.05 to -5.1 m)."""
PITCH_SLOPE = 0.0028
"""Along-track metres for a metre of height: the beams do not point quite to nadir (ATL03 r006, strong beams)."""
ROLL_SLOPE = {"gt1": -0.0075, "gt2": -0.0005, "gt3": 0.0067}
"""Across-track metres for a metre of height (ATL03 r006)."""


@dataclass(frozen=True)
class Beam:
    """A beam of a spacecraft that flies forward."""

    name: str
    spot: int
    energy: float
    """Signal of the beam over that of spot 1."""
    dead_time: NDArray[np.float64]
    """Dead time of each channel, ns."""

    @property
    def kind(self) -> str:
        """``strong`` or ``weak``."""
        return "strong" if self.spot % 2 else "weak"

    @property
    def across(self) -> float:
        """Metres from the middle pair."""
        return ACROSS[self.name]

    @property
    def pce(self) -> int:
        """Number of the photon-counting electronics: one a pair."""
        return (self.spot + 1) // 2


SPOTS = {"gt1l": 6, "gt1r": 5, "gt2l": 4, "gt2r": 3, "gt3l": 2, "gt3r": 1}
"""Spots of the beams when the spacecraft flies forward: the odd ones, on the right, are strong."""


def make_beams(random: np.random.Generator) -> list[Beam]:
    """Return the six beams, left to right; dead times lie about 2.98 ns (strong) and 3.05 ns (weak)."""
    energy = {3: 1.0, 2: 0.8, 1: 1.0}
    beams = []
    for name, spot in SPOTS.items():
        kind = "strong" if spot % 2 else "weak"
        mean = {"strong": 2.98, "weak": 3.05}[kind]
        gain = energy[(spot + 1) // 2] * (1 if kind == "strong" else WEAK_SHARE)
        beams.append(Beam(name, spot, gain, mean + 0.05 * random.standard_normal(CHANNELS[kind])))
    return beams


def photon_rate(ice: Ice) -> NDArray[np.float32]:
    """Return the signal photons a shot that a strong beam would get from each cell, the brighter the more.

    Snow 6 to 10, thin ice 2 to 4, rough water 0.5 to 2, water like a mirror 10 to 30.
    """
    water = ice.surface_class == SurfaceClass.OPEN_WATER
    thin = ice.surface_class == SurfaceClass.THIN_ICE
    glint = (ice.albedo - 0.03) / 0.05
    rate = np.select(
        [ice.calm, water, thin],
        [10 + 20 * glint, 0.5 + 1.5 * glint, 2 + 2 * (ice.albedo - 0.15) / 0.45],
        6 + 4 * (ice.albedo - 0.85) / 0.1,
    )
    return rate.astype(np.float32)


def background_share(ice: Ice) -> NDArray[np.float32]:
    """Return the background of each cell over that of bright snow: a third is scattered by the air."""
    return (0.35 + 0.65 * ice.albedo / 0.9).astype(np.float32)


@dataclass(frozen=True)
class Sky:
    """The solar background along the track, and the world that sends it back."""

    world: World
    share: NDArray[np.float32]
    """``background_share`` of each cell."""
    rate: NDArray[np.float64]
    """Background over bright snow at each shot, Hz."""


def shoot(
    random: np.random.Generator, sky: Sky, rate: NDArray, places: NDArray, beam: Beam, signal: float
) -> tuple[pd.DataFrame, NDArray]:
    """Shoot one beam along its track; return what it records and the background rate at each shot (Hz).

    ``rate`` is ``photon_rate`` of the world; ``places`` are along and across coordinates of each shot, shape (n, 2);
    ``signal`` multiplies the signal. The table has a row a photon, in the order of the file: shot, channel, count,
    rising (edge of the detector's pulse), height, is_signal, is_afterpulse.
    """
    returned = _signal(random, sky.world, rate, places, beam.energy * signal)
    arrived = pd.concat([returned, _afterpulses(random, returned), _background(random, sky, places)], ignore_index=True)
    arrived["channel"] = random.integers(0, beam.dead_time.size, len(arrived))
    time = -arrived["height"].to_numpy() / HALF_SPEED_OF_LIGHT
    kept = awake(arrived["shot"].to_numpy(), arrived["channel"].to_numpy(), time, beam.dead_time)
    hazy = places + FIELD_OF_VIEW * random.standard_normal(places.shape)
    background = sky.rate * sky.share.ravel()[sky.world.cells(*hazy.T)]
    return _in_file_order(random, arrived[kept].assign(time=time[kept]), beam.dead_time.size), background


def awake(shot: NDArray, channel: NDArray, time: NDArray, dead_time: NDArray) -> NDArray[np.bool_]:
    """Return which photons a detector records whose channels are blind for their ``dead_time`` (ns) after each record.

    ``shot``, ``channel`` and ``time`` (ns, within the shot) have shape (n,); ``dead_time`` one value a channel.
    """
    group = shot.astype(np.int64) * dead_time.size + channel
    order = np.lexsort((time, group))
    group, time = group[order], time[order]
    first = np.flatnonzero(np.diff(group, prepend=-1))
    size = np.diff(np.append(first, group.size))
    recorded = np.zeros(group.size, bool)
    wakes = np.full(first.size, -np.inf)
    blind = dead_time[group[first] % dead_time.size]
    for turn in range(size.max(initial=0)):
        having = np.flatnonzero(size > turn)
        photon = first[having] + turn
        seen = time[photon] >= wakes[having]
        recorded[photon[seen]] = True
        wakes[having[seen]] = time[photon[seen]] + blind[having[seen]]
    result = np.empty(group.size, bool)
    result[order] = recorded
    return result


def surface_height(height: NDArray, is_signal: NDArray) -> NDArray[np.float64]:
    """Return the height of the surface near each photon, m: a running median of 101 signal photons."""
    where = np.flatnonzero(is_signal)
    if not where.size:
        return np.zeros(height.size)
    median = median_filter(height[where].astype(np.float32), 101, mode="nearest")
    return np.interp(np.arange(height.size), where, median)


def confidence(above_surface: NDArray) -> NDArray[np.int8]:
    """Return signal_conf_ph by metres from the surface: 4 within 1, 3 within 2, 2 within 3.5, 1 within 10."""
    return (4 - np.searchsorted([1, 2, 3.5, 10], np.abs(above_surface))).astype(np.int8)


def quality(
    random: np.random.Generator, above_surface: NDArray, is_afterpulse: NDArray, shot: NDArray, n_channels: int
) -> NDArray[np.int8]:
    """Return quality_ph: 0 nominal, 1 possible afterpulse, 2 possible impulse response.

    Four in five afterpulses are told, and so is anything 2.05 to 5.1 m (1) or 5.1 to 19 m (2) below a surface whose
    returns come near to saturation (distances as in ATL03 r006).
    """
    near = np.bincount(shot, np.abs(above_surface) < 1)
    bright = uniform_filter1d(near, 29)[shot] > 0.4 * n_channels
    told = is_afterpulse & (random.random(shot.size) < 0.8)
    after = told | (bright & (above_surface < -2.05) & (above_surface > -5.1))
    response = bright & (above_surface <= -5.1) & (above_surface > -19)
    return np.select([after, response], [1, 2], 0).astype(np.int8)


def weight(shot: NDArray, height: NDArray) -> NDArray[np.uint8]:
    """Return weight_ph: 0 to 255 by the number of photons among 15 shots and 3 m of height around."""
    level = np.floor((height - height.min(initial=0)) / 3).astype(np.int64)
    box = shot // 15 * (level.max(initial=0) + 1) + level
    n = np.bincount(box)[box]
    return np.round(255 * n / (n + 8)).astype(np.uint8)


def _photons(shot: NDArray, height: NDArray, is_signal: bool, is_afterpulse: bool) -> pd.DataFrame:
    return pd.DataFrame({"shot": shot, "height": height, "is_signal": is_signal, "is_afterpulse": is_afterpulse})


def _signal(random: np.random.Generator, world: World, rate: NDArray, places: NDArray, gain: float) -> pd.DataFrame:
    """Draw as many photons as the brightest lead would send, and keep those that the place of each sends back."""
    shot = np.repeat(np.arange(len(places)), random.poisson(BRIGHTEST * gain, len(places)))
    spread = FOOTPRINT * random.standard_normal((shot.size, 2))
    cell = world.cells(*(places[shot] + spread).T)
    back = random.random(shot.size) * BRIGHTEST < rate.ravel()[cell]
    shot, cell = shot[back], cell[back]
    rough = world.ice.roughness.ravel()[cell] * random.standard_normal(shot.size)
    pulse = PULSE_WIDTH * HALF_SPEED_OF_LIGHT * random.standard_normal(shot.size)
    return _photons(shot, world.ice.freeboard.ravel()[cell] + rough + pulse, True, False)


def _afterpulses(random: np.random.Generator, signal: pd.DataFrame) -> pd.DataFrame:
    """Draw the ghosts below a return, the more of them the stronger it is."""
    strength = signal.groupby("shot")["shot"].transform("size").to_numpy()
    ghosts = signal[random.random(len(signal)) < np.minimum(0.0025 * strength, 0.08)]
    below = random.choice(list(AFTERPULSES), len(ghosts), p=list(AFTERPULSES.values()))
    height = ghosts["height"].to_numpy() + below + 0.1 * below * random.standard_normal(len(ghosts))
    return _photons(ghosts["shot"].to_numpy(), height, False, True)


def _background(random: np.random.Generator, sky: Sky, places: NDArray) -> pd.DataFrame:
    """Draw solar photons evenly over the telemetered heights, and keep those that the place of each sends back."""
    expected = sky.rate * (WINDOW[1] - WINDOW[0]) / HALF_SPEED_OF_LIGHT * 1e-9
    shot = np.repeat(np.arange(len(places)), random.poisson(expected))
    cell = sky.world.cells(*(places[shot] + FIELD_OF_VIEW * random.standard_normal((shot.size, 2))).T)
    shot = shot[random.random(shot.size) < sky.share.ravel()[cell]]
    return _photons(shot, random.uniform(*WINDOW, shot.size), False, False)


def _in_file_order(random: np.random.Generator, photons: pd.DataFrame, n_channels: int) -> pd.DataFrame:
    """Order photons by shot, and within it channel after channel from a random one on, as the detector is read out."""
    photons = photons.sort_values(["shot", "channel", "time"], kind="stable")
    photons["count"] = photons.groupby(["shot", "channel"]).cumcount() + 1
    shot = photons["shot"].to_numpy()
    start = random.integers(0, n_channels, shot.max(initial=-1) + 1)
    turn = (photons["channel"].to_numpy() - start[shot]) % n_channels
    photons["rising"] = random.random(len(photons)) < 0.5
    return photons.iloc[np.lexsort((turn, shot))].reset_index(drop=True)
