"""Tab-separated tables that people write: each fault of a cell is told by file, row and column."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd


def read_tsv(
    path: Path | str, columns: Mapping[str, tuple[Callable[[str], bool], str]], faults: list[str]
) -> pd.DataFrame:
    """Read a table of text with # comments; add a line to ``faults`` for each cell that its column does not allow.

    ``columns`` holds, by name and in order, what tells whether a text is allowed, and the words for a person. The
    table is empty where the file is missing or has other columns.
    """
    try:
        table = pd.read_csv(path, sep="\t", comment="#", dtype=str, keep_default_na=False)
    except FileNotFoundError:
        faults.append(f"{path}: there is no such table")
        return pd.DataFrame(columns=list(columns))
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        faults.append(f"{path}: expected tab-separated columns {', '.join(columns)}: {error}")
        return pd.DataFrame(columns=list(columns))
    # Rows with more cells than the header would become an index.
    if list(table.columns) != list(columns) or not isinstance(table.index, pd.RangeIndex):
        faults.append(f"{path}: columns {', '.join(table.columns)}: expected {', '.join(columns)}, tab-separated")
        return pd.DataFrame(columns=list(columns))
    for name, (is_allowed, allowed) in columns.items():
        bad = table[~table[name].map(is_allowed).astype(bool)]
        faults += [f"{path}: row {row + 1}: {name}: {value!r}: {allowed}" for row, value in bad[name].items()]
    return table


def matches(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a text as a whole has a pattern."""
    return lambda text: re.fullmatch(pattern, text) is not None
