"""The label review as a person does it: keys pressed in a real browser, on the page of the real script."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.support.wait import WebDriverWait

from leadline.hand_labels import read_corrections
from places import ROOT
from reviewed_tracks import BORDER, HEADER, LEAD, TRACK, UNSURE, at, track, write_campaign, write_page

DISAGREE = "review: scene and network disagree"
CONTROLS = "button, select, input"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The page and its campaign, made once."""
    folder = tmp_path_factory.mktemp("review")
    write_page(folder, *write_campaign(folder))
    return folder


@pytest.fixture
def page(made, tmp_path) -> Path:
    """A copy of the page and its table for a test of its own."""
    for name in ("review.html", "corrections.tsv"):
        shutil.copy(made / name, tmp_path / name)
    return tmp_path / "review.html"


def said(browser: Chrome, part: str = "status") -> str:
    return browser.find_element("id", part).text


def until(browser: Chrome, part: str, words: str) -> str:
    """Wait until a part of the page holds these words, and return all that it says."""
    WebDriverWait(browser, 10).until(lambda browser: words in said(browser, part), f"no {words!r} in {part}")
    return said(browser, part)


def press(browser: Chrome, *keys: str) -> None:
    for key in keys:
        ActionChains(browser).send_keys(key).perform()


def look(browser: Chrome, address: str, progress: str = "stretch 1 of 3, 0 set") -> None:
    browser.get(address)
    until(browser, "progress", progress)


def tell_who(browser: Chrome, who: str = "reviewer") -> None:
    WebDriverWait(browser, 10).until(lambda browser: browser.find_element("id", "who-name").is_displayed())
    browser.find_element("id", "who-name").send_keys(who, Keys.ENTER)


def row(stretch: tuple[float, float], word: str, why: str, who: str = "reviewer") -> str:
    start, end = (f"{x:.0f}" for x in at(*stretch))
    return "\t".join([*TRACK.split(), start, end, word, who, why]) + "\n"


ALL_ROWS = (
    row(LEAD, "open_water", DISAGREE)
    + row(BORDER, "thin_ice", "review: border of classes")
    + row(UNSURE, "unknown", "review: network unsure")
)


def label_all(browser: Chrome) -> None:
    """Set the three stretches by keys, the second one wrong at first."""
    press(browser, "3")
    tell_who(browser)
    assert until(browser, "status", "open water set") == "open water set. Stretch 2 of 3: network unsure."
    press(browser, "1")
    until(browser, "progress", "stretch 3 of 3, 2 set")
    press(browser, "z")
    assert until(browser, "status", "Undone") == "Undone: not set. Stretch 2 of 3: network unsure."
    assert said(browser, "progress") == "stretch 2 of 3, 1 set"
    press(browser, "s", "2")
    assert (
        until(browser, "status", "thin ice set") == "thin ice set. This is the last. Stretch 3 of 3: border of classes."
    )
    press(browser, Keys.ARROW_LEFT, "u")
    until(browser, "progress", "stretch 3 of 3, 3 set")


def test_three_stretches_are_set_by_keys_remembered_and_downloaded(browser, page, tmp_path):
    look(browser, page.as_uri())
    assert "Simulated campaign. The 3 stretches that matter most of 3 in doubt." in said(browser, "campaign")
    assert said(browser, "title").startswith(TRACK)
    assert "scene thin ice (confidence 1.00), network open water (90 %)" in said(browser, "doubt")
    label_all(browser)
    look(browser, page.as_uri(), "stretch 3 of 3, 3 set")
    (tmp_path / "corrections.tsv").unlink()
    press(browser, "d")
    until(browser, "status", "corrections.tsv is the table with 3 new rows")
    table = WebDriverWait(browser, 10).until(lambda _: downloaded(tmp_path))
    assert sorted(table.splitlines()) == sorted((HEADER + ALL_ROWS).splitlines())
    read = read_corrections(tmp_path / "corrections.tsv").sort_values("x_start")
    assert read["surface_class"].tolist() == [2, 1, 255]


def downloaded(folder: Path) -> str | None:
    path = folder / "corrections.tsv"
    return path.read_text() if path.exists() else None


def test_a_class_can_be_set_again_and_taken_back(browser, page):
    look(browser, page.as_uri())
    press(browser, "3")
    tell_who(browser)
    until(browser, "progress", "stretch 2 of 3, 1 set")
    press(browser, Keys.HOME, "2", Keys.HOME)
    until(browser, "progress", "stretch 1 of 3, 1 set")
    assert pressed(browser) == ["thin_ice"]
    press(browser, "z")
    until(browser, "status", "Undone: open water again")
    assert pressed(browser) == ["open_water"]
    press(browser, "x")
    until(browser, "progress", "stretch 1 of 3, 0 set")
    assert pressed(browser) == []
    press(browser, "z", "z", "z")
    until(browser, "status", "There is nothing to undo.")


def pressed(browser: Chrome) -> list[str]:
    """Return the classes whose buttons are pressed."""
    buttons = browser.find_elements("css selector", "#classes button")
    return [button.get_attribute("data-word") for button in buttons if button.get_attribute("aria-pressed") == "true"]


def test_the_ends_of_a_stretch_and_the_words_of_why_are_the_persons(browser, page, tmp_path):
    look(browser, page.as_uri())
    press(browser, "w", "w", "q", "E", "r")
    assert until(browser, "status", "End moved") == "End moved: 100 m from start to end."
    press(browser, "c")
    browser.find_element("id", "why").clear()
    browser.find_element("id", "why").send_keys('a lead below "haze" #2', Keys.ENTER)
    press(browser, "3")
    tell_who(browser)
    until(browser, "progress", "stretch 2 of 3, 1 set")
    (tmp_path / "corrections.tsv").unlink()
    press(browser, "d")
    table = WebDriverWait(browser, 10).until(lambda _: downloaded(tmp_path))
    assert table == HEADER + row((LEAD[0] + 2, LEAD[1] - 18), "open_water", "a lead below haze 2")


def test_one_place_cannot_be_given_two_classes(browser, page):
    look(browser, page.as_uri())
    press(browser, Keys.END, "2")
    tell_who(browser)
    until(browser, "progress", "stretch 3 of 3, 1 set")
    press(browser, Keys.ARROW_LEFT, *["Q"] * 25, "1")
    told = until(browser, "error", "Not set")
    start, end = at(*BORDER)
    assert f"{start:.0f} to {end:.0f} m is thin ice by hand already (reviewer)" in told
    assert said(browser, "progress") == "stretch 2 of 3, 1 set"


def test_kinds_of_doubt_and_tracks_are_chosen_without_a_mouse(browser, page):
    look(browser, page.as_uri())
    press(browser, "f", "b")
    until(browser, "progress", "stretch 1 of 1, 0 set")
    assert "border of classes" in said(browser, "doubt")
    press(browser, Keys.ESCAPE, "?")
    assert browser.find_element("id", "keys").is_displayed()
    press(browser, Keys.ESCAPE, "s")
    until(browser, "status", "This is the last.")


def test_the_page_can_be_used_by_tab_and_enter_and_shows_where_one_is(browser, page):
    look(browser, page.as_uri())
    all_controls = [each for each in browser.find_elements("css selector", CONTROLS) if each.is_displayed()]
    enabled = {each.get_attribute("id") or each.text for each in all_controls if each.is_enabled()}
    reached = set()
    for _ in range(len(enabled) + 2):
        press(browser, Keys.TAB)
        focused = browser.switch_to.active_element
        if focused.tag_name in CONTROLS:
            reached.add(focused.get_attribute("id") or focused.text)
            assert focused.value_of_css_property("outline-style") == "solid"
            assert (focused.accessible_name or "").strip()
    assert reached == enabled
    browser.find_element("id", "skip").send_keys(Keys.ENTER)
    until(browser, "progress", "stretch 2 of 3, 0 set")


def test_what_is_drawn_is_told_in_words_and_the_parts_of_the_page_have_names(browser, page):
    look(browser, page.as_uri())
    assert browser.title == "1 of 3 – label review – leadline"
    scene, close_up = (
        svg.get_attribute("aria-label") for svg in browser.find_elements("css selector", "figure svg[role]")
    )
    assert "flight goes from left to right" in scene
    assert "60 segments, by the network 60 open water; mean height 0.0" in close_up and "1.0 photons a shot" in close_up
    assert browser.find_element("id", "status").get_attribute("aria-live") == "polite"
    assert all(browser.find_elements("css selector", landmark) for landmark in ("header", "nav[aria-label]", "main"))
    keys = [
        text.text
        for text in browser.find_elements("css selector", "#close-up svg text")
        if text.text in ("1", "2", "3")
    ]
    assert {"1", "2", "3"} == set(keys), "classes are told by their keys, not by colour alone"


@pytest.mark.parametrize(("width", "height"), [(640, 450), (1280, 900), (320, 600)])
def test_nothing_is_cut_nor_scrolls_sideways_at_twice_the_size_and_on_narrow_screens(browser, page, width, height):
    metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    look(browser, page.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    cut = browser.execute_script(
        "return [...document.querySelectorAll('body *')].filter(each => each.checkVisibility() &&"
        " !each.closest('svg') && (each.getBoundingClientRect().right > innerWidth + 1 ||"
        " each.getBoundingClientRect().left < -1)).map(each => each.outerHTML.slice(0, 80))"
    )
    assert cut == []
    letters = browser.execute_script(
        "return [...document.querySelectorAll('figure svg text')].map(each => [each.getBoundingClientRect(),"
        " each.ownerSVGElement.getBoundingClientRect()]).map(([text, svg]) => [text.height, text.left - svg.left,"
        " svg.right - text.right])"
    )
    assert letters and all(height >= 12 and min(left, right) >= -1 for height, left, right in letters)


def test_on_paper_there_are_the_figures_and_no_buttons(browser, page):
    look(browser, page.as_uri())
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not any(each.is_displayed() for each in browser.find_elements("css selector", CONTROLS))
    assert browser.find_element("css selector", "#close-up svg").is_displayed()


def test_where_nothing_is_in_doubt_the_page_says_so(browser, tmp_path):
    page = write_page(tmp_path, *write_campaign(tmp_path, track()))
    look(browser, page.as_uri(), "stretch 0 of 0")
    assert said(browser, "title") == "No stretch is in doubt"
    press(browser, "1", "s", "z", "x", "w", "+", "n", Keys.HOME)
    until(browser, "status", "")
    assert said(browser, "error") == ""


@pytest.fixture
def serve(page):
    """Give a function that starts the real server and returns its process and address."""
    running = []

    def start() -> tuple[subprocess.Popen, str]:
        command = [sys.executable, ROOT / "scripts" / "serve_review.py"]
        command += ["--page", page, "--corrections", page.with_name("corrections.tsv")]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        running.append(process)
        return process, re.search(r"http://\S+", process.stderr.readline())[0]

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_served_every_class_is_in_the_table_at_once_and_a_later_review_goes_on_from_there(browser, page, serve):
    table = page.with_name("corrections.tsv")
    process, address = serve()
    look(browser, address)
    press(browser, "3")
    tell_who(browser)
    until(browser, "progress", "stretch 2 of 3, 1 set")
    assert table.read_text() == HEADER + row(LEAD, "open_water", DISAGREE)
    press(browser, "1")
    until(browser, "progress", "stretch 3 of 3, 2 set")
    assert table.read_text().endswith(row(UNSURE, "thick_ice", "review: network unsure"))
    press(browser, "z")
    until(browser, "progress", "stretch 2 of 3, 1 set")
    assert table.read_text() == HEADER + row(LEAD, "open_water", DISAGREE)
    process.terminate()
    process.wait()

    browser.execute_script("localStorage.clear()")
    process, address = serve()
    look(browser, address, "stretch 2 of 3, 1 set")
    press(browser, Keys.HOME)
    until(browser, "status", "Stretch 1 of 3")
    assert pressed(browser) == ["open_water"]
    press(browser, "x")
    until(browser, "progress", "stretch 1 of 3, 0 set")
    assert table.read_text() == HEADER
    press(browser, "d")
    until(browser, "status", "Done: 0 stretches are set in")
    assert process.wait(timeout=10) == 0


def test_a_row_of_someone_else_stays_and_stands_in_the_way_of_another_class(browser, page, serve):
    table = page.with_name("corrections.tsv")
    others = HEADER + row((0, 3000), "thick_ice", "all of it", "someone") + "# the last word"
    table.write_text(others)
    _, address = serve()
    look(browser, address)
    press(browser, "3")
    tell_who(browser)
    told = until(browser, "error", "Not set")
    start, end = at(0, 3000)
    assert f"{start:.0f} to {end:.0f} m is thick ice by hand already (someone)" in told
    assert table.read_text() == others


def test_when_the_server_has_gone_the_page_says_so_and_sets_nothing(browser, page, serve):
    process, address = serve()
    look(browser, address)
    process.kill()
    process.wait()
    press(browser, "3")
    tell_who(browser)
    assert "is `snakemake review` still running" in until(browser, "error", "Nothing answers")
    assert said(browser, "progress") == "stretch 1 of 3, 0 set"
    assert page.with_name("corrections.tsv").read_text() == HEADER
    assert "ERR_CONNECTION_REFUSED" in browser.get_log("browser")[-1]["message"], "and nothing else went wrong"


def test_ctrl_c_ends_the_server_without_fuss(serve, page):
    process, _ = serve()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    said = process.stderr.read()
    assert f"the review has ended; what was set is in {page.with_name('corrections.tsv')}" in said
    assert "Traceback" not in said
