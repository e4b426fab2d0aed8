"""A table of the report as a page, to be read and printed."""

from pathlib import Path

import pandas as pd
from jinja2 import Environment

MARKS = {"pass": "✓", "fail": "✗"}
"""What stands before a verdict, so that more than its colour tells it."""


def table_page(title: str, file: str, table: pd.DataFrame) -> str:
    """Return a page that shows a table whose cells are words; columns of numbers alone stand to the right.

    ``file`` names where the table is from, and underscores in the columns' names become blanks.
    """
    columns = [{"word": name.replace("_", " "), "kind": _kind(table[name])} for name in table]
    kinds = {name: column["kind"] for name, column in zip(table, columns, strict=True)}
    rows = [
        [{"text": row[name], "kind": kind, "mark": _mark(name, row[name])} for name, kind in kinds.items()]
        for row in table.to_dict("records")
    ]
    template = Environment(autoescape=True, trim_blocks=True).from_string(_beside("table_page.html"))
    return template.render(
        title=title[:1].upper() + title[1:], file=file, columns=columns, rows=rows, style=_beside("table_page.css")
    )


def _kind(cells: pd.Series) -> str:
    """Return whether a column is of numbers or of words."""
    filled = cells[cells != ""]
    numbers = pd.to_numeric(filled.str.replace(",", "").str.split("; ").explode(), errors="coerce")
    return "number" if len(filled) and numbers.notna().all() else "words"


def _mark(column: str, text: str) -> str:
    return MARKS.get(text, "") if column == "verdict" else ""


def _beside(name: str) -> str:
    return (Path(__file__).parent / name).read_text()
