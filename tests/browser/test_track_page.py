"""The page of a track as a person uses it: unpacked, zoomed, moved by keys and pointer, read and hidden."""

import cv2
import numpy as np
import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from browsers import chromium
from leadline.figures.style import CLASS_COLOURS
from leadline.names import SurfaceClass
from leadline.pages.levels import FACTOR, MOST_BINS
from leadline.pages.track_content import content_of
from leadline.pages.track_page import MOST_PHOTONS_DRAWN, track_page
from leadline.tables import LABELS, empty_table
from track_pages import simulated_content, write_simulated_product
from tracks import ICE, WATER, classes, track_of

LENGTH = 40.0
"""Of the simulated track, km."""
LONELY = 31_234
"""The only segment of open water of the other track."""


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return simulated_content(tmp_path_factory.mktemp("product"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """One browser for all tests of this file: each opens its page anew."""
    with chromium(tmp_path_factory.mktemp("downloads")) as browser:
        yield browser


@pytest.fixture(scope="module")
def page(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "track.html"
    path.write_text(track_page(content.product, content, [], []))
    return path


@pytest.fixture
def opened(browser, page):
    """The browser with the page of the simulated track, wholly unpacked."""
    return open_page(browser, page)


def open_page(browser, path, fragment=""):
    browser.get(path.as_uri() + fragment)
    script = "return document.getElementById('plots').dataset.ready"
    WebDriverWait(browser, 60).until(lambda it: it.execute_script(script))
    return browser


def view(browser):
    return browser.execute_script("const {start, end} = leadline.bokeh().view; return [start, end]")


def move_to(browser, start, end):
    browser.execute_async_script("leadline.moveTo(arguments[0], arguments[1]).then(arguments[2])", start, end)


def drawn(browser, table):
    """Return the columns of a table as they are drawn."""
    script = """const columns = Object.entries(leadline.bokeh().tables[arguments[0]].data);
        return Object.fromEntries(columns.map(([name, values]) => [name, Array.from(values)]))"""
    return browser.execute_script(script, table)


def press(browser, *keys):
    browser.find_element(By.ID, "plots").send_keys(*keys)
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(arguments[0])))")


def text(browser, name):
    return browser.find_element(By.ID, name).text


def value(browser, name):
    return browser.find_element(By.CSS_SELECTOR, f"[data-value={name}]").text


def pixels_of(browser, colour):
    """Return how many pixels of the window have a colour, #RRGGBB."""
    picture = cv2.imdecode(np.frombuffer(browser.get_screenshot_as_png(), np.uint8), cv2.IMREAD_COLOR)
    blue, green, red = (int(colour[k : k + 2], 16) for k in (5, 3, 1))
    return int((picture == (blue, green, red)).all(axis=2).sum())


def test_the_browser_unpacks_every_number_as_it_was_packed(opened, content):
    for k, columns in enumerate(content.levels):
        for name, column in columns.items():
            script = "const it = leadline.levels[arguments[0]][arguments[1]]; return Array.from(it.codes)"
            assert opened.execute_script(script, k, name) == column.codes.tolist(), (k, name)
    script = "const it = leadline.levels[0].height; return Array.from(it.codes, (_, i) => it.at(i) || null)"
    heights = np.array(opened.execute_script(script), float)
    assert heights == pytest.approx(content.levels[0]["height"].values(), nan_ok=True)


def test_photons_lie_where_they_were_measured(opened, content):
    move_to(opened, 12.0, 12.1)
    shown, photons = drawn(opened, "photons"), content.photons
    inside = (photons.x >= content.start + 12_000) & (photons.x < content.start + 12_100)
    assert len(shown["x"]) == pytest.approx(inside.sum(), abs=2)
    assert 1000 * np.array(shown["x"][:200]) == pytest.approx(photons.x[inside][:200] - content.start, abs=0.11)
    assert shown["height"][:200] == pytest.approx(photons.height[inside][:200].astype(float), abs=0.011)


def test_at_every_zoom_little_is_drawn_and_it_is_true(opened, content):
    height = content.product.segments["height_mean"].to_numpy()
    for length, level in ((LENGTH, 2), (20.0, 2), (7.0, 1), (2.0, 0), (0.1, 0), (0.04, 0)):
        move_to(opened, 0.0, length)
        segments, n_joined = drawn(opened, "segments"), FACTOR**level
        assert opened.execute_script("return leadline.drawn().level") == level
        assert len(segments["x"]) == np.ceil(500 * length / n_joined) <= MOST_BINS
        assert len(drawn(opened, "photons")["x"]) <= MOST_PHOTONS_DRAWN
        own = height[: len(segments["x"]) * n_joined]
        assert np.mean(segments["height"]) == pytest.approx(own.mean(), abs=0.001)
        if level:
            ends = min(segments["height_low"]), max(segments["height_high"])
            assert ends == pytest.approx((own.min(), own.max()), abs=0.001)
    assert len(segments["x"]) == 20, "the closest view is 20 segments"


def test_keys_zoom_pan_and_show_the_whole(opened):
    press(opened, "+")
    assert view(opened) == pytest.approx([10, 30])
    press(opened, Keys.ARROW_RIGHT)
    assert view(opened) == pytest.approx([15, 35])
    press(opened, Keys.SHIFT, Keys.ARROW_LEFT, Keys.NULL)
    assert view(opened) == pytest.approx([0, 20]), "the track ends there"
    press(opened, "-", "-", "-")
    assert view(opened) == pytest.approx([0, LENGTH])
    press(opened, "+", "+", "0")
    assert view(opened) == pytest.approx([0, LENGTH])


def test_leads_come_into_the_middle_one_after_the_other_and_are_told(opened, content):
    leads = content.product.leads
    middles = ((leads["x_start"] + leads["x_end"]) / 2 - content.start).to_numpy() / 1000
    inner = np.flatnonzero((middles > 1) & (middles < LENGTH - 1))
    for number in range(inner[0] + 2):
        press(opened, "l")
        assert text(opened, "said").startswith(f"Lead {number + 1} of {len(leads)}, ")
    assert np.mean(view(opened)) == pytest.approx(middles[number], abs=0.001)
    assert value(opened, "network").startswith("open water")
    press(opened, Keys.SHIFT, "L", Keys.NULL)
    assert text(opened, "said").startswith(f"Lead {number} of ")
    move_to(opened, 20.0, 20.5)
    press(opened, "l")
    assert np.mean(view(opened)) == pytest.approx(min(middles[middles > 20.25]), abs=0.001)


def test_buttons_do_what_keys_do_and_can_be_reached_by_tab(opened):
    opened.find_element(By.CSS_SELECTOR, "[data-deed=closer]").send_keys(Keys.ENTER)
    assert view(opened) == pytest.approx([10, 30])
    reached = set()
    for _ in range(40):
        ActionChains(opened).send_keys(Keys.TAB).perform()
        reached.add(
            opened.execute_script(
                "const it = document.activeElement; return it.dataset.deed ?? it.dataset.series ?? it.id"
            )
        )
    assert {"next-lead", "photons", "freeboard", "strays", "plots"} <= reached


def test_the_pointer_reads_the_values_of_the_segment_below_it(opened, content):
    move_to(opened, 12.0, 12.04)
    plots = opened.find_element(By.ID, "plots")
    ActionChains(opened).move_to_element_with_offset(plots, 20, 0).perform()
    told = value(opened, "place")
    km = float(told.split(" km")[0])
    assert 12.0 <= km <= 12.04
    slot = int(1000 * km / 2)
    row = content.product.segments.iloc[slot]
    assert value(opened, "height") == f"{row['height_mean']:.3f} ± {row['height_error']:.3f} m".replace("-", "−")
    assert value(opened, "freeboard").endswith(" m") and "°" in told and "UTC" in told
    assert "(nasa; leads)" in value(opened, "surface")


def test_the_wheel_zooms_and_a_drag_moves(opened):
    plots = opened.find_element(By.ID, "plots")
    opened.execute_script("arguments[0].scrollIntoView()", plots)
    ActionChains(opened).scroll_from_origin(ScrollOrigin.from_element(plots), 0, -300).perform()
    WebDriverWait(opened, 10).until(lambda it: np.ptp(view(it)) < LENGTH - 1)
    before = view(opened)
    ActionChains(opened).drag_and_drop_by_offset(plots, 100, 0).perform()
    WebDriverWait(opened, 10).until(lambda it: view(it)[0] < before[0])
    width = np.ptp(view(opened))
    ActionChains(opened).send_keys("-").perform()
    assert np.ptp(view(opened)) == pytest.approx(2 * width), "keys work at once after the pointer"


def test_what_is_not_wanted_is_hidden(opened):
    colour = CLASS_COLOURS[SurfaceClass.THICK_ICE]
    move_to(opened, 5.0, 6.0)
    before = pixels_of(opened, colour)
    opened.find_element(By.CSS_SELECTOR, "[data-series=segments]").send_keys(Keys.SPACE)
    assert opened.execute_script("return leadline.bokeh().renderers.segments.map(({ visible }) => visible)") == [False]
    move_to(opened, 5.0, 6.001)
    assert pixels_of(opened, colour) < before


def test_a_lead_of_one_segment_is_seen_from_afar_and_gaps_are_told(browser, tmp_path):
    segments = track_of(classes((LONELY, ICE), (1, WATER), (60_000 - LONELY - 1, ICE)), 0.3).drop(index=range(100, 150))
    content = content_of(write_simulated_product(tmp_path / "a.nc", segments), empty_table(LABELS), None, None, None)
    (tmp_path / "a.html").write_text(track_page(content.product, content, [], []))
    open_page(browser, tmp_path / "a.html")
    lanes, colour = drawn(browser, "lanes"), CLASS_COLOURS[SurfaceClass.OPEN_WATER]
    (seen,) = [k for k, own in enumerate(lanes["colour"]) if own == colour]
    assert lanes["left"][seen] <= 0.002 * LONELY <= lanes["right"][seen]
    assert pixels_of(browser, colour) >= 2
    press(browser, "l")
    assert text(browser, "said").startswith("This track has no leads.")
    move_to(browser, 0.2, 0.3)
    assert (value(browser, "network"), value(browser, "height")) == ("no segment here", "none")
    assert np.isnan(np.array(drawn(browser, "segments")["height"], float)).all()


def test_a_view_stands_in_the_address_and_is_gone_to(browser, page):
    open_page(browser, page, "#km=12.000,13.500")
    assert view(browser) == pytest.approx([12, 13.5])
    press(browser, "+")
    WebDriverWait(browser, 5).until(lambda it: it.current_url.endswith("#km=12.375,13.125"))


@pytest.mark.parametrize("width", [640, 1280])
def test_nothing_is_cut_off_in_a_narrow_window_which_is_a_wide_one_at_twice_the_size(browser, page, width, request):
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1280 / width, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    request.addfinalizer(lambda: browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {}))
    open_page(browser, page)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    script = """return [...document.querySelectorAll("button, label, dt, dd, p, li, h1, .bk-Figure")].filter((it) => {
        const { left, right } = it.getBoundingClientRect();
        return left < 0 || right > window.innerWidth;
    }).length"""
    assert browser.execute_script(script) == 0


def test_a_track_without_segments_opens_without_plots(browser, tmp_path):
    product = write_simulated_product(tmp_path / "a.nc", track_of(classes((1, ICE))).iloc[:0])
    (tmp_path / "a.html").write_text(track_page(product, None, [], []))
    browser.get((tmp_path / "a.html").as_uri())
    assert "This track has no segments" in browser.find_element(By.TAG_NAME, "header").text
    assert not browser.find_elements(By.ID, "plots")
