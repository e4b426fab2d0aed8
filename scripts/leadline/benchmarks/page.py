"""How a browser bears the page of a long track: a simulated one of many segments, and the steps of a person's zoom."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.wait import WebDriverWait

from leadline.accounts import State
from leadline.errors import LeadlineError
from leadline.freeboard import track_tables
from leadline.names import SurfaceClass
from leadline.netcdf import write_product
from leadline.pages.scene_strip import HALF_WIDTH, PIXEL, Strip
from leadline.pages.track_content import TrackContent, content_of, read_product
from leadline.pages.track_photons import MOST_PHOTONS, TrackPhotons
from leadline.sea_surface import SeaSurfaceSettings

GRANULE, BEAM, SCENE = "20191104200000_90010510", "gt2r", "S2_T02CNB_20191104T202200"
LENGTH = 2.0
"""Length of a segment, m."""
SCENE_LENGTH = 110_000.0
"""How much of a track one scene shows, m."""
PROVENANCE = {
    "granule": GRANULE,
    "beam": BEAM,
    "release": "006",
    "source": "simulated",
    "segment_length": f"{LENGTH:g} m",
    "sea_surface_method": "nasa",
    "network": "none",
    **dict.fromkeys(("model_digest", "config_digest", "code_digest"), "none"),
}
WINDOW = 1280, 900


def simulated_content(folder: Path, n_segments: int, seed: int = 2019) -> TrackContent:
    """Return what the page of a simulated track holds: thick ice with leads, photons, labels, truth and a scene.

    Classes are drawn, not learned: it is a load for the page, and tells nothing of how good anything is.
    """
    rng = np.random.default_rng(seed)
    segments, freeboard, sea_surface = _segments(rng, n_segments)
    tables = track_tables(segments, SeaSurfaceSettings())
    path = folder / "product.nc"
    write_product(path, tables.freeboard, tables.leads, tables.sections, "EPSG:3976", PROVENANCE, State.OK, "")
    key = segments[["x_atc", "surface_class"]]
    truth = key.assign(freeboard=freeboard, sea_surface=sea_surface)
    labels, photons, strip = key.assign(why="scene"), _photons(rng, segments), _strip(rng, segments)
    return content_of(read_product(path), labels, truth, photons, strip)


def _segments(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return segments with all columns that freeboard needs, and their true freeboard and sea surface, m."""
    runs = 1 + rng.geometric(1 / 150, n // 20)
    kinds = rng.choice(3, runs.size, p=[0.6, 0.25, 0.15])
    surface_class = np.repeat(kinds, runs)[:n].astype(np.uint8)
    x = 10_000_000 + LENGTH * (np.arange(n) + 0.5)
    sea_surface = 0.05 * np.sin(x / 40_000)
    thickness = np.array([0.35, 0.06, 0.0])[surface_class]
    freeboard = thickness * rng.gamma(9, 1 / 9, n)
    n_photons = np.maximum(rng.poisson(10, n), 2)
    error = 0.12 / np.sqrt(n_photons)
    probability = np.where(np.arange(3) == surface_class[:, np.newaxis], 0.9, 0.05)
    segments = pd.DataFrame(
        {
            "granule": GRANULE,
            "beam": BEAM,
            "x_atc": x,
            "time": 58_000_000 + (x - x[0]) / 7150,
            "latitude": -60 - (x - x[0]) / 111_195,
            "longitude": -170.0,
            "n_photons": n_photons,
            "height_mean": sea_surface + freeboard + rng.normal(0, error),
            "height_error": error,
            "surface_class": surface_class,
            "probability_thick_ice": probability[:, SurfaceClass.THICK_ICE],
            "probability_thin_ice": probability[:, SurfaceClass.THIN_ICE],
            "probability_open_water": probability[:, SurfaceClass.OPEN_WATER],
            "out_of_domain": False,
        }
    )
    return segments, freeboard, sea_surface


def _photons(rng: np.random.Generator, segments: pd.DataFrame) -> TrackPhotons:
    """Return as many photons as a page carries at most, of ten a segment."""
    n_signal = 10 * len(segments)
    every = -(-n_signal // MOST_PHOTONS)
    rows = np.arange(0, n_signal, every) // 10
    x = np.sort(segments["x_atc"].to_numpy()[rows] + rng.uniform(-1, 1, rows.size))
    height = segments["height_mean"].to_numpy()[rows] + rng.normal(0, 0.12, rows.size)
    confidence = rng.choice([3, 4], rows.size).astype(np.int8)
    return TrackPhotons(x, height.astype(np.float32), confidence, every, n_signal)


def _strip(rng: np.random.Generator, segments: pd.DataFrame) -> Strip:
    """Return a scene of ice as noisy as Sentinel-2 sees it, over the first part of the track."""
    columns = int(min(SCENE_LENGTH, LENGTH * len(segments)) / PIXEL)
    value = rng.normal(220, 4, (int(2 * HALF_WIDTH / PIXEL), columns)).clip(0, 255).astype(np.uint8)
    return Strip(value, np.ones(value.shape, bool), PIXEL * np.floor(segments["x_atc"].iloc[0] / PIXEL), (SCENE,))


@contextmanager
def headless_browser() -> Iterator[Chrome]:
    """Give a headless Chromium. Raises ``LeadlineError`` where it or its driver is not installed."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        raise LeadlineError("Chromium and its driver are not installed: apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={WINDOW[0]},{WINDOW[1]}"):
        options.add_argument(argument)
    browser = Chrome(options=options, service=ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


def open_page(browser: Chrome, path: Path) -> dict[str, float]:
    """Open a page, and return the milliseconds until its first picture and until all is unpacked."""
    browser.get(path.resolve().as_uri())
    ready = "return document.getElementById('plots').dataset.ready"
    WebDriverWait(browser, 120, poll_frequency=0.2).until(lambda it: it.execute_script(ready))
    script = "return performance.getEntriesByName(arguments[0])[0].startTime"
    return {name: browser.execute_script(script, f"leadline-{name}") for name in ("first", "ready")}


def zoom_steps(browser: Chrome, length: float, pause: float = 0.05) -> pd.DataFrame:
    """Zoom from the whole track (km) to single segments and back, and pan at each view.

    Returns a row a step: start and end of the view (km), bins drawn, and the milliseconds until it stood on the screen,
    the wait for two frames of 1/60 s with it.
    """
    views, width, middle = [], length, length / 3
    while width > 0.05:
        begin = min(max(middle - width / 2, 0), length - width)
        views += [(begin, begin + width), (begin + width / 4, begin + 1.25 * width)]
        width /= 2
    script = """const [start, end, done] = arguments, begin = performance.now();
        leadline.moveTo(start, end).then(() => done([performance.now() - begin, leadline.drawn().bins]));"""
    rows = []
    for start, end in [*views, *reversed(views)]:
        milliseconds, bins = browser.execute_async_script(script, start, end)
        rows.append((start, end, bins, milliseconds))
        time.sleep(pause)
    return pd.DataFrame(rows, columns=["start", "end", "bins", "milliseconds"])
