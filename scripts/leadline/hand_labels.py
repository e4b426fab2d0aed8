"""Labels set by hand, where a person knows better than the scene: their table, and how they are applied."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from leadline.errors import ConfigError
from leadline.names import BEAMS, GRANULE_PATTERN, SurfaceClass, class_name
from leadline.tsv import matches, read_tsv

logger = logging.getLogger("leadline.hand_labels")

CLASS_WORDS = {class_name(kind): kind for kind in SurfaceClass}
_COLUMNS = {
    "granule": (matches(GRANULE_PATTERN), "must be yyyymmddhhmmss_ttttccss of the ATL03 file name"),
    "beam": (BEAMS.__contains__, f"must be one of {', '.join(BEAMS)}"),
    "x_start": (matches(r"\d+(\.\d*)?"), "must be x_atc in metres, where the correction begins"),
    "x_end": (matches(r"\d+(\.\d*)?"), "must be x_atc in metres, where the correction ends"),
    "class": (CLASS_WORDS.__contains__, f"must be one of {', '.join(CLASS_WORDS)}"),
    "who": (str.strip, "must say who corrects"),
    "why": (str.strip, "must say why"),
}

NO_CORRECTIONS = pd.DataFrame(columns=[*list(_COLUMNS)[:4], "surface_class", "who", "why", "place"])
"""What ``read_corrections`` returns of a table without rows."""


def read_corrections(path: Path) -> pd.DataFrame:
    """Read a table of corrections: tab-separated, with # comments, in the columns granule to why.

    Returns granule, beam, x_start and x_end (m; a segment belongs where x_start <= x_atc < x_end), surface_class, who,
    why, and place: the file and row for people. Raises ``ConfigError`` with all the faults, one line each.
    """
    faults: list[str] = []
    table = read_tsv(path, _COLUMNS, faults)
    if faults:
        raise ConfigError(faults)
    table = table.astype({"x_start": float, "x_end": float})
    table["class"] = table["class"].map(CLASS_WORDS)
    places = [f"{path}: row {row + 1}" for row in table.index]
    corrections = table.rename(columns={"class": "surface_class"}).assign(place=places)
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
