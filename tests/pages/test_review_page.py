import base64
import json
import re

import cv2
import numpy as np
import pytest

from leadline.doubtful import KINDS
from leadline.pages.review_page import NOTHING
from leadline.pages.review_sources import BESIDE
from reviewed_tracks import (
    BEAM,
    BORDER,
    BRIGHT,
    DARK,
    GRANULE,
    HEADER,
    ICE,
    LEAD,
    SCENE,
    START,
    UNSURE,
    at,
    write_campaign,
    write_page,
)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("review")
    words = write_campaign(folder)
    (folder / "corrections.tsv").write_text(f"# </script><b>\n{HEADER}")
    return write_page(folder, *words).read_text()


def content(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="content">(.*?)</script>', page, re.S)[1])


def numbers(stretch: dict, name: str, of: str = "segments") -> np.ndarray:
    return np.frombuffer(base64.b64decode(stretch[of][name]), "<i2")


def test_the_page_needs_nothing_else_and_tells_whose_it_is(page):
    assert re.findall(r"""(?:src|href)=["'](?!data:)[^"']""", page) == []
    assert "@import" not in page and "url(http" not in page
    assert '<html lang="en">' in page and "<title>Label review" in page
    told = content(page)
    assert (told["source"], told["digest"], told["n_found"]) == ("simulated", "a campaign", 3)
    assert told["table"].endswith("corrections.tsv")
    assert [(kind["key"], kind["word"]) for kind in told["classes"]] == [
        ("1", "thick_ice"),
        ("2", "thin_ice"),
        ("3", "open_water"),
        ("u", "unknown"),
    ]


def test_the_text_of_the_table_travels_whole_and_cannot_end_the_script(page):
    assert content(page)["corrections"] == f"# </script><b>\n{HEADER}"


def test_the_stretches_come_as_they_matter_with_what_scene_and_network_say(page):
    lead, unsure, border = content(page)["stretches"]
    for stretch, place in ((lead, LEAD), (unsure, UNSURE), (border, BORDER)):
        assert [stretch["x_start"], stretch["x_end"]] == at(*place)
        assert (stretch["granule"], stretch["beam"], stretch["start"]) == (GRANULE, BEAM, START + place[0] - BESIDE)
        assert stretch["kind"] in KINDS
    assert (lead["label"], lead["surface_class"], lead["scene"]) == (1, 2, SCENE)
    assert lead["laid"] == {"lag": 22.0, "source": "by hand", "uncertainty": 10.0}


def test_the_segments_around_a_stretch_are_those_of_the_tables(page):
    lead = content(page)["stretches"][0]
    x = numbers(lead, "x") / 10 + lead["start"]
    np.testing.assert_allclose(x, np.arange(START + 501, START + 1620, 2))
    in_lead = (x > LEAD[0] + START) & (x < LEAD[1] + START)
    assert set(numbers(lead, "label")[in_lead]) == {1} and set(numbers(lead, "surface_class")[in_lead]) == {2}
    assert abs(numbers(lead, "median")[in_lead].mean()) < 2, "cm"
    np.testing.assert_allclose(numbers(lead, "highest") - numbers(lead, "median"), 30, atol=1)
    assert set(numbers(lead, "photon_rate")) == {100, 600}
    assert NOTHING not in numbers(lead, "sea_surface")


def test_the_photons_close_to_a_stretch_are_those_of_the_granule(page):
    lead, _, border = content(page)["stretches"]
    x, height = (numbers(lead, name, "photons") for name in ("x", "height"))
    x = x / 10 + lead["start"] - START
    assert LEAD[0] - 180 <= x.min() < LEAD[0] - 179 and LEAD[1] + 179 < x.max() <= LEAD[1] + 180
    assert x.size == pytest.approx(5 * 480, rel=0.05)
    inside = (x > LEAD[0] + 0.1) & (x < LEAD[1] - 0.1)
    outside = (x < LEAD[0] - 0.1) | (x > LEAD[1] + 0.1)
    assert abs(height[inside]).max() <= 1 and abs(height[outside] - 100 * ICE).max() <= 1, "cm"
    x = numbers(border, "x", "photons") / 10 + border["start"] - START
    assert BORDER[0] - 100 <= x.min() and x.max() <= BORDER[1] + 100 and np.ptp(x) > 228


def test_the_scene_beside_the_track_is_straight_and_clear_where_it_has_no_data(page):
    lead, unsure, _ = content(page)["stretches"]
    picture = lead["picture"]
    png = base64.b64decode(picture["address"].removeprefix("data:image/png;base64,"))
    grey, *_, opaque = np.moveaxis(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED), -1, 0)
    assert grey.shape == (100, 112) and picture["length"] == 1120 and picture["start"] == START + 500
    assert (opaque == 255).all()
    middle = grey[50]
    dark = picture["start"] + 10 * np.flatnonzero(middle == DARK) - START
    assert abs(dark.min() - LEAD[0]) <= 15 and abs(dark.max() + 10 - LEAD[1]) <= 15
    assert set(middle) == {DARK, BRIGHT}
    assert unsure["picture"] is None, "it lies where the scene has no data"


def test_the_limit_keeps_what_matters_most_and_says_how_many_there_are(tmp_path):
    told = content(write_page(tmp_path, *write_campaign(tmp_path), "--limit", "1").read_text())
    assert [stretch["kind"] for stretch in told["stretches"]] == ["disagreement"]
    assert told["n_found"] == 3
