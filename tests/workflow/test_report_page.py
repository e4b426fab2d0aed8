"""The report of the finished campaign in a real browser, as somebody sees it who opens it for the first time."""

import pandas as pd
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from browsers import chromium

CATEGORIES = [
    "1 Campaign",
    "2 Tracks",
    "3 Labels",
    "4 Classes",
    "5 Freeboard",
    "6 ATL07 and ATL10",
    "7 Maps",
    "8 Losses",
    "9 Run",
]
TABLES = ("key_figures", "paper", "drift", "groups", "losses", "counts", "states", "resources", "versions", "citations")
UNTOUCHED = "20191126183000_90030510"


@pytest.fixture(scope="module")
def report(finished, small) -> str:
    """The address of the report of the finished campaign."""
    finished.snakemake(*small, "--report", "results/report.html")
    return (finished.folder / "results" / "report.html").as_uri()


@pytest.fixture
def opened(report, tmp_path):
    """A browser that has just opened the report."""
    with chromium(tmp_path) as browser:
        browser.get(report)
        WebDriverWait(browser, 60).until(lambda page: page.find_elements(By.CSS_SELECTOR, ".prose h1"))
        yield browser


def test_the_first_page_says_what_was_made_how_good_it_is_and_where_to_go_next(opened, finished):
    heading = opened.find_element(By.CSS_SELECTOR, ".prose h1")
    assert 0 <= heading.rect["y"] < 200, "the page begins with its title, and not somewhere below it"
    text = opened.find_element(By.CSS_SELECTOR, ".prose").text
    assert "This campaign is simulated" in text
    figures = pd.read_csv(finished.folder / "results" / "report" / "key_figures.tsv", sep="\t", dtype=str)
    rows = [row.text for row in opened.find_elements(By.CSS_SELECTOR, ".prose tbody tr")]
    assert len(rows) == len(figures) >= 10
    for row, figure in zip(rows, figures.itertuples(), strict=True):
        assert figure.figure in row.replace("\n", " ") and figure.value in row.replace("\n", " ")
    links = [link.text for link in opened.find_elements(By.CSS_SELECTOR, ".prose li a")]
    assert links == CATEGORIES
    assert "System Message" not in text


def test_every_link_of_the_first_page_leads_somewhere(opened):
    opened.find_element(By.LINK_TEXT, "map").click()
    (image,) = WebDriverWait(opened, 20).until(
        lambda page: page.find_elements(By.CSS_SELECTOR, "img[src^='data:image/png']")
    )
    assert image.size["width"] > 400
    opened.execute_script("app.setView({navbarMode: 'menu', content: 'rulegraph'})")
    link = WebDriverWait(opened, 20).until(lambda page: page.find_element(By.PARTIAL_LINK_TEXT, "Tables I to V"))
    link.click()
    frame = WebDriverWait(opened, 20).until(lambda page: page.find_element(By.TAG_NAME, "iframe"))
    opened.switch_to.frame(frame)
    assert "96.56" in WebDriverWait(opened, 20).until(lambda page: page.find_element(By.TAG_NAME, "table")).text
    opened.switch_to.default_content()
    opened.execute_script("app.setView({navbarMode: 'menu', content: 'rulegraph'})")
    WebDriverWait(opened, 20).until(lambda page: page.find_element(By.LINK_TEXT, "2 Tracks")).click()
    listed = WebDriverWait(opened, 20).until(lambda page: page.find_elements(By.CSS_SELECTOR, "nav table tr"))
    assert any(UNTOUCHED in row.text and "gt2r" in row.text for row in listed)


def test_the_tables_are_pages_for_a_narrow_window_too(finished, tmp_path):
    folder = finished.folder / "results" / "report" / "tables"
    with chromium(tmp_path) as browser:
        browser.set_window_size(640, 900)
        for name in TABLES:
            browser.get((folder / f"{name}.html").as_uri())
            assert browser.title
            assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
            width, window = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
            assert width <= window, f"{name}: the table moves within its region, the page does not"


def test_the_jobs_that_made_the_campaign_are_all_in_the_table_of_what_they_took(finished):
    resources = pd.read_csv(finished.folder / "results" / "report" / "resources.tsv", sep="\t", index_col="rule")
    expected = {"simulate_granule": 3, "train_model": 2, "draw_track": 4, "draw_on_scene": 4, "summarise_campaign": 1}
    assert resources.loc[list(expected), "jobs"].to_dict() == expected
    assert resources.loc["train_model", "memory_max_mb"] > 200
    assert resources.loc["train_model", "time_sum_s"] > 5


def test_the_paper_stands_beside_what_was_simulated_and_is_never_beaten_by_it(finished):
    table = pd.read_csv(finished.folder / "results" / "report" / "paper.tsv", sep="\t")
    scores = table[table["table"] == "III"]
    assert scores["ours"].notna().all()
    assert set(scores["verdict"]) == {"not comparable"}
    assert set(table.loc[table["table"].isin(["II", "IV", "V"]), "verdict"]) == {"not measured here"}
