"""What a Sentinel-2 product tells of itself: where its bands stand, and how digital numbers become reflectance."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from leadline.accounts import State
from leadline.errors import InputDataError

BANDS = ("B02", "B03", "B04", "B08")
"""Blue, green, red and near infrared of Sentinel-2, 10 m."""
OPTIONAL_BANDS = ("B08",)

FIRST_WITH_OFFSET = (4, 0)
"""Processing baseline from which on digital numbers bear an offset, whatever the day they were taken on."""
ADD_OFFSET = -1000.0
"""What is to be added to the digital numbers of such a baseline."""
QUANTIFICATION = 10_000.0
"""Digital numbers of a reflectance of 1."""


class Band(NamedTuple):
    """Where a band stands, and what makes reflectance of it: (DN + offset) / quantification."""

    path: Path
    number: int = 1
    """Which band of the file it is, from 1."""
    offset: float = 0.0
    quantification: float = QUANTIFICATION


@dataclass(frozen=True)
class Product:
    """A product's own metadata; what they do not tell is empty or None."""

    name: str
    bands: Mapping[str, Band]
    """The bands that are there, by their names as in ``BANDS``."""
    sensing_time: datetime
    tile: str = ""
    """As in T02CNA."""
    level: str = ""
    """L1C or L2A."""
    processing_baseline: str = ""
    """As in 05.09."""
    crs: str | None = None
    shape: tuple[int, int] | None = None
    """Rows and columns that the 10 m bands are stated to have."""
    remarks: tuple[str, ...] = ()
    """One line for a person on each statement that was not followed."""


def offset_of(baseline: str) -> float:
    """Return the offset of the digital numbers of a processing baseline, as in 05.09; raises ``ValueError``."""
    major, minor = baseline.split(".")[:2]
    return ADD_OFFSET if (int(major), int(minor)) >= FIRST_WITH_OFFSET else 0.0


def positive(text: str) -> float:
    """Return a number that something can be divided by; raises ``ValueError``."""
    number = float(text)
    if not 0 < number < math.inf:
        raise ValueError(text)
    return number


def utc_time(text: str) -> datetime:
    """Return a time in UTC, also where its text names no zone; raises ``ValueError``."""
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def unreadable(place: object, expected: str) -> InputDataError:
    """Return the error of metadata that lack what reading the scene depends on."""
    return InputDataError(State.UNREADABLE, f"{place}: expected {expected}")
