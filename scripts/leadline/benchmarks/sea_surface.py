"""How far each sea surface lies from the known one of simulated tracks, by photons and by errors of the classes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.freeboard import extent_of, freeboard_of_stretch
from leadline.leads import find_leads
from leadline.names import KEY, SurfaceClass
from leadline.references import FROM_LEADS
from leadline.sea_surface import SeaSurfaceSettings, estimate_sections
from leadline.simulate.world import GranuleSettings
from leadline.tables import SEA_SURFACE_METHODS

SIMULATED_SEA = {"correlated_spread": 0.024, "correlated_length": 50_000.0}
"""Spread of the simulated sea (m), and the length (m) at which it changes over 2 to 3 km as much as told."""
BORDER = 3.0
"""Standard deviation of the place of a border between classes as a classifier sees it, m."""
THIN_AS_WATER = 0.05
"""Share of stretches of thin ice that are taken for open water."""
MISTAKEN = 0.02
"""Share of thick-ice segments that are taken for open water."""
MISTAKEN_LENGTHS = (20.0, 60.0)
"""Shortest and longest run of thick ice that is taken for open water, m."""

Errors = Callable[[pd.DataFrame, np.random.Generator], NDArray]
"""Returns the classes of a track of segments with their true ``surface_class``, errors and all."""


def draw_granules(seed: int, worlds: int, signals: Sequence[float], length: float) -> list[GranuleSettings]:
    """Draw worlds to fly over for some length (m), ``worlds`` for each multiple of the nominal signal, none alike."""
    random = np.random.default_rng(seed)
    return [
        GranuleSettings(
            name=f"201911{number * worlds + world + 1:02d}200000_90010510",
            seed=seed,
            latitude=random.uniform(-77, -72),
            longitude=random.uniform(-175, -160),
            heading=random.uniform(185, 200),
            length=length,
            signal=signal,
        )
        for number, signal in enumerate(signals)
        for world in range(worlds)
    ]


def right(track: pd.DataFrame, _: np.random.Generator) -> NDArray:
    """Return the true classes."""
    return track["surface_class"].to_numpy()


def as_classified(track: pd.DataFrame, random: np.random.Generator) -> NDArray:
    """Return classes with the errors of a classifier: borders out of place, and some thin ice taken for water."""
    classes = track["surface_class"].to_numpy()
    first = np.flatnonzero(np.r_[True, np.diff(classes) != 0])
    of_run = classes[first]
    thin = of_run == SurfaceClass.THIN_ICE
    of_run = np.where(thin & (random.random(first.size) < THIN_AS_WATER), SurfaceClass.OPEN_WATER, of_run)
    x = track["x_atc"].to_numpy()
    border = np.maximum.accumulate(x[first] + random.normal(0, BORDER, first.size))
    return of_run[np.maximum(np.searchsorted(border, x, side="right") - 1, 0)].astype(np.uint8)


def with_strays(track: pd.DataFrame, random: np.random.Generator) -> NDArray:
    """Return classes as classified, and single segments of thick ice taken for water."""
    classes = as_classified(track, random)
    stray = (classes == SurfaceClass.THICK_ICE) & (random.random(len(classes)) < MISTAKEN)
    return np.where(stray, np.uint8(SurfaceClass.OPEN_WATER), classes)


def with_runs(track: pd.DataFrame, random: np.random.Generator) -> NDArray:
    """Return classes as classified, and runs of thick ice taken for water."""
    classes = as_classified(track, random)
    x = track["x_atc"].to_numpy()
    n_runs = round(MISTAKEN * (x[-1] - x[0]) / np.mean(MISTAKEN_LENGTHS))
    begin = np.sort(random.uniform(x[0], x[-1], n_runs))
    run = np.searchsorted(begin, x) - 1
    inside = (run >= 0) & (x < (begin + random.uniform(*MISTAKEN_LENGTHS, n_runs))[run])
    mistaken = inside & (classes == SurfaceClass.THICK_ICE)
    return np.where(mistaken, np.uint8(SurfaceClass.OPEN_WATER), classes)


ERRORS: dict[str, Errors] = {"none": right, "classifier": as_classified, "stray": with_strays, "runs": with_runs}
"""Errors of classes by name."""


def sections_and_truth(
    segments: pd.DataFrame, truth: pd.DataFrame, errors: str, seed: int, settings: SeaSurfaceSettings
) -> pd.DataFrame:
    """Return the sections from leads of a simulated granule by all methods, and how far off they are.

    ``segments`` are its segments (``tables.SEGMENTS``), ``truth`` what lies below (``tables.TRUTH``). A row a section
    and method: method, error (sea surface at the section's centre less the true one, m), stated (m, what the estimate
    gives for one standard error), freeboard_error (m, of the section's mean over thick ice).
    """
    true = truth.rename(columns={"freeboard": "true_freeboard", "sea_surface": "true_sea_surface"})
    both = segments.merge(true, on=list(KEY))
    random = np.random.default_rng(seed)
    tracks = [track.reset_index(drop=True) for _, track in both.groupby("beam")]
    seen = [track.assign(surface_class=ERRORS[errors](track, random)) for track in tracks]
    leads = pd.concat([find_leads(track, settings) for track in seen])
    extents = pd.concat([extent_of(track) for track in seen])
    rows = []
    for method in SEA_SURFACE_METHODS:
        chosen = replace(settings, method=method)
        sections = estimate_sections(leads, extents, chosen)
        for track, own in zip(seen, tracks, strict=True):
            of_track = sections[sections["beam"] == own["beam"][0]]
            rows.append(_against_truth(track, own, of_track, chosen))
    return pd.concat(rows, ignore_index=True)


def _against_truth(
    seen: pd.DataFrame, own: pd.DataFrame, sections: pd.DataFrame, settings: SeaSurfaceSettings
) -> pd.DataFrame:
    x = own["x_atc"]
    thick = (own["surface_class"] == SurfaceClass.THICK_ICE).to_numpy()
    raw = _freeboard_raw(seen, sections, settings)
    nearest = (x / settings.section_step).round() * settings.section_step
    off = (raw - own["true_freeboard"])[thick].groupby(nearest[thick]).mean()
    inside = sections["x_atc"].between(x.iloc[0], x.iloc[-1]) & (sections["sea_surface_flag"] == FROM_LEADS)
    sections = sections[inside]
    error = sections["sea_surface_" + settings.method] - np.interp(sections["x_atc"], x, own["true_sea_surface"])
    stated = np.hypot(sections["sea_surface_error"], sections["correlated_error"])
    columns = {"method": settings.method, "error": error, "stated": stated}
    return pd.DataFrame(columns).assign(freeboard_error=sections["x_atc"].map(off))


def _freeboard_raw(seen: pd.DataFrame, sections: pd.DataFrame, settings: SeaSurfaceSettings) -> pd.Series:
    unneeded = dict.fromkeys(
        ("probability_thick_ice", "probability_thin_ice", "probability_open_water", "out_of_domain"), 0
    )
    return freeboard_of_stretch(seen.assign(**unneeded), sections, settings)["freeboard_raw"]


def summary(rows: pd.DataFrame) -> dict[str, Any]:
    """Return what sections come to: bias and RMSE (m) of sea surface and mean freeboard, and the coverage.

    The coverage is the share of the true errors that lies within one stated standard error; 0.68 is right.
    """
    error, freeboard = rows["error"], rows["freeboard_error"].dropna()
    return {
        "n_sections": len(rows),
        "bias": error.mean(),
        "rmse": np.sqrt((error**2).mean()),
        "stated": rows["stated"].mean(),
        "coverage": (error.abs() < rows["stated"]).mean(),
        "freeboard_bias": freeboard.mean(),
        "freeboard_rmse": np.sqrt((freeboard**2).mean()),
    }
