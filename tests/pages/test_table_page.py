import pandas as pd

from leadline.pages.table_page import table_page

TABLE = pd.DataFrame(
    {
        "table_of": ["III", "IV"],
        "paper": ["96.56", ""],
        "value": ["99.5; 95.9", "178,615"],
        "verdict": ["pass", "not comparable"],
        "why": ["<script>alert(1)</script> & more", "5 μm"],
    }
)


def test_a_table_is_a_page_with_heads_numbers_to_the_right_and_verdicts_in_words():
    page = table_page("Beside the paper", "results/report/paper.tsv", TABLE)
    assert page.startswith("<!DOCTYPE html>") and '<html lang="en">' in page
    assert "<title>Beside the paper</title>" in page
    assert '<th scope="col" class="words">table of</th>' in page
    assert '<td class="number">96.56</td>' in page and '<td class="number"></td>' in page
    assert '<td class="number">178,615</td>' in page
    assert '<td class="words pass"><span aria-hidden="true">✓</span> pass</td>' in page
    assert '<td class="words">not comparable</td>' in page
    assert "results/report/paper.tsv" in page


def test_nothing_in_a_cell_is_taken_for_markup():
    page = table_page("a <b>table</b>", "t.tsv", TABLE)
    assert "<script>" not in page and "&lt;script&gt;" in page and "<b>" not in page


def test_a_page_needs_no_network_and_an_empty_table_says_so():
    page = table_page("Nothing", "t.tsv", TABLE[:0])
    assert "There is nothing to be told." in page
    assert "http" not in page and "<script" not in page
