"""What the page of a track holds and says, without a browser."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.freeboard import NO_LEAD
from leadline.labels import WHYS
from leadline.names import SurfaceClass
from leadline.pages.track_content import CLASSES, MEASURED, NO_SEGMENT, content_of, read_product
from leadline.pages.track_page import track_page
from leadline.tables import LABELS, empty_table
from track_pages import labels_of, simulated_content, write_simulated_product
from tracks import ICE, WATER, classes, simulated_track, track_of


class Page(HTMLParser):
    """What stands in a page: its text outside of scripts, and its tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.text, self._silent = [], "", False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._silent = tag in ("script", "style")

    def handle_endtag(self, tag):
        self._silent = False

    def handle_data(self, data):
        self.text += "" if self._silent else data


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return simulated_content(tmp_path_factory.mktemp("product"))


@pytest.fixture(scope="module")
def html(content):
    return track_page(content.product, content, [], [])


def test_the_page_needs_nothing_but_itself(html):
    page = Page(html)
    assert ("html", {"lang": "en"}) in page.tags
    assert not [tag for tag, _ in page.tags if tag == "link"]
    addresses = [attributes[key] for _, attributes in page.tags for key in ("src", "href") if key in attributes]
    assert addresses == []
    assert len(html) < 8e6


def test_the_page_says_what_it_is_and_calls_the_simulated_so(html):
    text = Page(html).text
    for word in ("Simulated.", "20191104195311_05940510", "gt1r", "release 006", "total freeboard", "lstm", "nasa"):
        assert word in text
    assert "100,000 of the confidence and quality that segments are made of; all on this page" in text


def test_the_finest_level_holds_every_segment_to_a_millimetre(content):
    segments, finest = content.product.segments, content.levels[0]
    slots = np.rint((segments["x_atc"] - segments["x_atc"].iloc[0]) / 2).astype(int)
    for name in ("height", "freeboard", "surface_nasa"):
        assert finest[name].values()[slots] == pytest.approx(
            segments[MEASURED[name]].to_numpy(), abs=0.0006, nan_ok=True
        )
    assert (np.array(CLASSES)[finest["network"].codes[slots]] == segments["surface_class"]).all()
    labels = labels_of(segments)
    assert (np.array(CLASSES)[finest["scene"].codes[slots]] == labels["surface_class"]).all()
    assert [WHYS[why] for why in finest["why"].codes[slots][:12]] == labels["why"][:12].tolist()


def test_slots_without_segment_and_segments_without_label_are_told_apart(tmp_path):
    segments = track_of(classes((50, ICE), (20, WATER), (50, ICE)))
    product = write_simulated_product(tmp_path / "a.nc", segments.drop(index=range(10, 15)))
    content = content_of(product, labels_of(segments).iloc[60:], None, None, None)
    finest = content.levels[0]
    assert (finest["network"].codes == NO_SEGMENT).nonzero()[0].tolist() == list(range(10, 15))
    assert np.isnan(finest["height"].values()[10:15]).all()
    assert finest["scene"].codes[:10].tolist() == [CLASSES.index(SurfaceClass.UNKNOWN)] * 10
    assert finest["why"].codes[:10].tolist() == [NO_SEGMENT] * 10
    assert content.sources == ("network", "scene")


def test_leads_are_those_of_the_product(content):
    leads, product = content.leads(), content.product
    assert leads["begin"].values() + content.start == pytest.approx(product.leads["x_start"].to_numpy(), abs=0.01)
    assert leads["height"].values() == pytest.approx(product.leads["lead_height"].to_numpy(), abs=0.001)


def test_places_of_a_track_across_the_antimeridian_do_not_jump(tmp_path):
    segments = simulated_track(3000)[0]
    segments["longitude"] = (179.9 + np.arange(3000) * 1e-4 + 180) % 360 - 180
    product = write_simulated_product(tmp_path / "a.nc", segments)
    longitude = np.array(content_of(product, labels_of(segments), None, None, None).places()["longitude"])
    assert np.diff(longitude) == pytest.approx(np.diff([0, 500, 1000, 1500, 2000, 2500, 2999]) * 1e-4, abs=1e-6)


def test_a_track_without_segments_says_why_and_shows_no_plots(tmp_path):
    segments = track_of(classes((1, ICE))).iloc[:0]
    product = write_simulated_product(tmp_path / "a.nc", segments, State.NO_PHOTONS_KEPT, "no signal photons")
    html = track_page(product, None, [], [])
    assert "This track has no segments" in html and "no signal photons" in html
    assert "<script" not in html


def test_a_track_without_lead_or_scene_says_so(tmp_path):
    segments = track_of(classes((500, ICE)), 0.3)
    product = write_simulated_product(tmp_path / "a.nc", segments, State.NO_OPEN_WATER, NO_LEAD)
    content = content_of(product, empty_table(LABELS), None, None, None)
    text = Page(track_page(product, content, [], ["The photons cannot be shown: they are lost."])).text
    assert "no lead: there is no local sea surface" in text
    assert "No scene shows this track" in text
    assert "The photons cannot be shown: they are lost." in text
    assert "signal photons" not in text


def test_what_is_no_product_is_told_in_one_line(tmp_path):
    with pytest.raises(InputDataError, match="no such file"):
        read_product(tmp_path / "absent.nc")
    pd.DataFrame().to_csv(tmp_path / "a.nc")
    with pytest.raises(InputDataError, match="expected a product of leadline") as raised:
        read_product(tmp_path / "a.nc")
    assert "\n" not in str(raised.value)
