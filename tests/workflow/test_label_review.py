"""The whole way of a review: labels set in a browser on the page of a finished campaign, and the DAG run again."""

import json
import re
import subprocess

import pandas as pd
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.wait import WebDriverWait

from browsers import chromium
from leadline.hand_labels import read_corrections
from leadline.names import SurfaceClass
from leadline.tables import LABELS, read_table

CORRECTIONS = "config/demo/corrections.tsv"
PAGE = "results/report/review.html"
BEFORE_LABELS = {"simulate_granule", "simulate_scene", "resample_segments", "segment_scene", "estimate_drift"}
AFTER_LABELS = {"label_tracks", "build_training_set", "train_model", "classify_segments", "compute_freeboard"}
KEY = ["granule", "beam", "x_atc"]


def labels(checkout) -> pd.DataFrame:
    tables = [read_table(path, LABELS) for path in (checkout.folder / "results" / "labels").glob("*.parquet")]
    return pd.concat(tables).sort_values(KEY, ignore_index=True)


def stretches(checkout) -> list[dict]:
    page = (checkout.folder / PAGE).read_text()
    return json.loads(re.search(r'id="content">(.*?)</script>', page)[1])["stretches"]


def review(checkout, small, downloads) -> None:
    """Serve the review as a person does, set three stretches by keys, the second wrong at first, and be done."""
    served = subprocess.Popen(
        checkout.command("review", *small),
        cwd=checkout.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    address = next(match[0] for line in served.stdout if (match := re.search(r"http://\S+token=\S+", line)))
    with chromium(downloads) as browser:
        browser.get(address)

        def press(key: str, progress: str) -> None:
            ActionChains(browser).send_keys(key).perform()
            WebDriverWait(browser, 20).until(lambda _: progress in browser.find_element("id", "progress").text)

        press(Keys.HOME, "stretch 1 of")
        ActionChains(browser).send_keys("3").perform()
        name = browser.find_element("id", "who-name")
        WebDriverWait(browser, 20).until(lambda _: name.is_displayed())
        name.send_keys("reviewer")
        press(Keys.ENTER, ", 1 set")
        press("1", ", 2 set")
        press("z", ", 1 set")
        press("2", ", 2 set")
        press("u", ", 3 set")
        ActionChains(browser).send_keys("d").perform()
        assert served.wait(timeout=60) == 0
        assert "3 stretches are set" in browser.find_element("id", "status").text


def test_labels_that_a_person_sets_in_the_review_change_these_segments_and_what_follows(again, small, tmp_path):
    table = again.folder / CORRECTIONS
    before, text, first = labels(again), table.read_text(), stretches(again)[:3]
    assert [name for name in again.jobs("review", *small) if name != "total"] == ["review"], "nothing is made before"
    review(again, small, tmp_path)

    assert table.read_text().startswith(text)
    rows = read_corrections(table)
    assert rows[["granule", "beam", "x_start", "x_end"]].to_dict("records") == [
        {name: stretch[name] for name in ("granule", "beam", "x_start", "x_end")} for stretch in first
    ]
    assert rows["surface_class"].tolist() == [SurfaceClass.OPEN_WATER, SurfaceClass.THIN_ICE, SurfaceClass.UNKNOWN]
    assert set(rows["who"]) == {"reviewer"}
    again.snakemake("review", *small, "--dry-run")

    jobs = set(again.jobs("labels", PAGE, *small))
    assert AFTER_LABELS <= jobs and not BEFORE_LABELS & jobs
    again.snakemake("labels", PAGE, *small)
    after = labels(again)
    changed = (before.fillna(0) != after.fillna(0)).any(axis=1)
    set_here = pd.Series(False, after.index)
    for row in rows.itertuples():
        own = (after["granule"] == row.granule) & (after["beam"] == row.beam)
        own &= (after["x_atc"] >= row.x_start) & (after["x_atc"] < row.x_end)
        assert own.sum() >= 5
        assert set(after["surface_class"][own]) == {row.surface_class} and set(after["why"][own]) == {"manual"}
        set_here |= own
    assert changed.equals(set_here)
    spoken_of = [(stretch["granule"], stretch["beam"], stretch["x_start"]) for stretch in first]
    assert not {(each["granule"], each["beam"], each["x_start"]) for each in stretches(again)} & set(spoken_of)
