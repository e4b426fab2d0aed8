"""Labels set by hand, where a person knows better than the scene: their table, and how they are applied."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from leadline.errors import ConfigError
from leadline.names import BEAMS, GRANULE_PATTERN, SurfaceClass, class_name

logger = logging.getLogger("leadline.hand_labels")

CLASS_WORDS = {class_name(kind): kind for kind in SurfaceClass}
_RULES = {
    "granule": (GRANULE_PATTERN, "must be yyyymmddhhmmss_ttttccss of the ATL03 file name"),
    "beam": ("|".join(BEAMS), f"must be one of {', '.join(BEAMS)}"),
    "x_start": (r"\d+(\.\d*)?", "must be x_atc in metres, where the correction begins"),
    "x_end": (r"\d+(\.\d*)?", "must be x_atc in metres, where the correction ends"),
    "class": ("|".join(CLASS_WORDS), f"must be one of {', '.join(CLASS_WORDS)}"),
    "who": (r".*\S.*", "must say who corrects"),
    "why": (r".*\S.*", "must say why"),
}
"""The pattern of each column's text, and what to tell a person where it does not match."""


NO_CORRECTIONS = pd.DataFrame(columns=[*list(_RULES)[:4], "surface_class", "who", "why", "place"])
"""What ``read_corrections`` returns of a table without rows."""


def read_corrections(path: Path) -> pd.DataFrame:
    """Read a table of corrections: tab-separated, with # comments, in the columns granule to why.

    Returns granule, beam, x_start and x_end (m; a segment belongs where x_start <= x_atc < x_end), surface_class, who,
    why, and place: the file and row for people. Raises ``ConfigError`` with all the faults, one line each.
    """
    try:
        table = pd.read_csv(path, sep="\t", comment="#", dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise ConfigError([f"{path}: there is no such table"]) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: expected tab-separated columns {', '.join(_RULES)}: {error}"]) from None
    if list(table.columns) != list(_RULES):
        found = ", ".join(table.columns)
        raise ConfigError([f"{path}: columns {found}: expected {', '.join(_RULES)}, tab-separated"])
    table["place"] = [f"{path}: row {row + 1}" for row in table.index]
    faults = [
        f"{place}: {name}: {value!r}: {allowed}"
        for name, (pattern, allowed) in _RULES.items()
        for place, value in table.loc[~table[name].str.fullmatch(pattern).astype(bool), ["place", name]].itertuples(
            index=False
        )
    ]
    if faults:
        raise ConfigError(faults)
    table = table.astype({"x_start": float, "x_end": float})
    table["class"] = table["class"].map(CLASS_WORDS)
    corrections = table.rename(columns={"class": "surface_class"})
    faults = [*_empty(corrections), *_contradictions(corrections)]
    if faults:
        raise ConfigError(faults)
    return corrections


def match(corrections: pd.DataFrame, segments: Sequence[Path]) -> pd.DataFrame:
    """Return the corrections of the granules that Parquet tables of segments hold; log how many segments each one sets.

    Raises ``ConfigError`` with a line for each correction of these granules that matches no segment.
    """
    table = ds.dataset(list(map(str, segments)))
    held = {name: table.count_rows(filter=ds.field("granule") == name) for name in corrections["granule"].unique()}
    own = corrections[corrections["granule"].map(held) > 0]
    counts = [table.count_rows(filter=_where(row)) for row in own.itertuples()]
    faults = [
        f"{row.place}: no segment of {row.granule} {row.beam} lies from {row.x_start} to {row.x_end} m; mend the row"
        for row, count in zip(own.itertuples(), counts, strict=True)
        if not count
    ]
    if faults:
        raise ConfigError(faults)
    for row, count in zip(own.itertuples(), counts, strict=True):
        word = class_name(row.surface_class)
        logger.info("%s: %s segments are %s by hand (%s: %s)", row.place, f"{count:,}", word, row.who, row.why)
    return own


def correct(labels: pa.Table, corrections: pd.DataFrame) -> pa.Table:
    """Return the labels of one track with its corrections applied: their class, why manual, confidence 1.

    Scene, lag and shift stay those of the scene beneath.
    """
    if corrections.empty:
        return labels
    table = labels.to_pandas()
    for row in corrections.itertuples():
        corrected = (table["x_atc"] >= row.x_start) & (table["x_atc"] < row.x_end)
        table.loc[corrected, ["surface_class", "why", "confidence"]] = row.surface_class, "manual", 1
    return pa.Table.from_pandas(table, schema=labels.schema, preserve_index=False)


def _where(row: tuple) -> ds.Expression:
    track = (ds.field("granule") == row.granule) & (ds.field("beam") == row.beam)
    return track & (ds.field("x_atc") >= row.x_start) & (ds.field("x_atc") < row.x_end)


def _empty(corrections: pd.DataFrame) -> list[str]:
    backward = corrections[corrections["x_end"] <= corrections["x_start"]]
    return [f"{row.place}: x_end: {row.x_end}: must be beyond x_start {row.x_start}" for row in backward.itertuples()]


def _contradictions(corrections: pd.DataFrame) -> list[str]:
    """Return a line for each pair of corrections that give one place two classes."""
    pairs = corrections.merge(corrections, on=["granule", "beam"], suffixes=("", "_other"))
    apart = (pairs["x_end"] <= pairs["x_start_other"]) | (pairs["x_end_other"] <= pairs["x_start"])
    later = pairs["place"].map(list(corrections["place"]).index) > pairs["place_other"].map(
        list(corrections["place"]).index
    )
    clashing = pairs[~apart & later & (pairs["surface_class"] != pairs["surface_class_other"])]
    return [
        f"{row.place}: overlaps {row.place_other}, which says {class_name(row.surface_class_other)}"
        f" where it says {class_name(row.surface_class)}; keep one"
        for row in clashing.itertuples()
    ]
