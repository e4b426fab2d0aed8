"""What each stage kept and what it dropped and why, added up over the campaign from the counts of its accounts."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from leadline.names import SURFACE_CLASSES, class_name

COLUMNS = ["stage", "what", "part", "kept", "count", "percent"]


class Sorting(NamedTuple):
    """A sorting of things into kept and dropped, by the names of their counts."""

    stage: str
    what: str
    kept: dict[str, str]
    """Words by count."""
    dropped: dict[str, str]


_CLASSES = [class_name(surface_class) for surface_class in SURFACE_CLASSES]
SORTINGS = (
    Sorting(
        "segments",
        "photons of ATL03",
        {"photons_used": "in segments"},
        {
            "photons_of_low_confidence": "low confidence",
            "photons_of_bad_quality": "bad quality",
            "photons_of_dropped_segments": "badly pointed or without corrections",
            "photons_broken": "without place or height",
            "photons_trimmed": "far from their segment's mode",
        },
    ),
    Sorting(
        "labels",
        "pixels of scenes",
        {f"pixels_{name}": name.replace("_", " ") for name in _CLASSES},
        {"pixels_nodata": "no data", "pixels_unknown": "cloud, shadow or unclear"},
    ),
    Sorting(
        "labels",
        "segments labelled",
        {f"segments_{name}": name.replace("_", " ") for name in _CLASSES},
        {
            "segments_unlabelled_mixed": "mixed surroundings",
            "segments_unlabelled_transition": "at a class boundary",
            "segments_unlabelled_drift": "drift too uncertain",
            "segments_unlabelled_cloud": "cloud",
            "segments_unlabelled_shadow": "shadow",
            "segments_unlabelled_nodata": "no data in the scene",
            "segments_unlabelled_off_scene": "off the scene",
            "segments_unlabelled_no_scene": "no scene",
            "segments_unlabelled_manual": "taken out by hand",
        },
    ),
    Sorting(
        "classes",
        "segments classified",
        {f"segments_{name}": name.replace("_", " ") for name in _CLASSES},
        {"segments_out_of_domain": "unlike all that trained"},
    ),
    Sorting(
        "freeboard",
        "segments with a sea surface",
        {
            "segments_sea_surface_leads": "from leads",
            "segments_sea_surface_interpolated": "interpolated",
            "segments_sea_surface_one_point_fill": "filled from one side",
            "segments_sea_surface_end_point_fill": "carried on beyond the last lead",
            "segments_sea_surface_other_beams": "from other beams",
        },
        {"segments_sea_surface_none": "no lead near enough"},
    ),
)


def losses_table(totals: Mapping[str, int]) -> pd.DataFrame:
    """Return what was kept and dropped, a row each in ``COLUMNS``; parts that never came are left out.

    ``totals`` are those of ``report.total_counts``; ``percent`` is of all of the same sorting, ``kept`` yes or no.
    """
    trimmed = sum(totals.get(f"segments_photons_trimmed_{side}", 0) for side in ("above", "below"))
    used = totals.get("segments_photons_kept", 0) - trimmed
    totals = {**totals, "segments_photons_trimmed": trimmed, "segments_photons_used": used}
    rows = [row for sorting in SORTINGS for row in _rows(sorting, totals)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(sorting: Sorting, totals: Mapping[str, int]) -> Iterable[tuple]:
    parts = [(words, "yes", name) for name, words in sorting.kept.items()]
    parts += [(words, "no", name) for name, words in sorting.dropped.items()]
    counts = {name: totals.get(f"{sorting.stage}_{name}", 0) for _, _, name in parts}
    whole = sum(counts.values())
    for words, kept, name in parts:
        if counts[name]:
            yield sorting.stage, sorting.what, words, kept, counts[name], round(100 * counts[name] / whole, 3)
