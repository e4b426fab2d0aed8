"""Months and weeks of a campaign: which granules are of one, and when it begins and ends.

A granule is of the period that it begins in, and whole: so a campaign's periods are known from its granules' names
before anything is read. ATL20 r001 does the same: its November of 2018 ends on 1 December at 01:32. All times are UTC;
weeks are those of ISO 8601, which begin on Mondays, and of which the first has the year's first Thursday.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

KINDS = {"month": "%Y-%m", "week": "%G-W%V"}
"""How a period of each kind is called: 2019-11, 2019-W45."""


def by_period(granules: Iterable[str], kinds: Iterable[str]) -> dict[str, list[str]]:
    """Return the granules of each period of these kinds that has any: kind by kind, the earliest period first."""
    granules, periods = sorted(granules), defaultdict(list)
    for kind in kinds:
        for granule in granules:
            periods[_start(granule).strftime(KINDS[kind])].append(granule)
    return dict(periods)


def bounds_of(period: str) -> tuple[datetime, datetime]:
    """Return when a period begins, and when the next one does (UTC)."""
    if "W" in period:
        begin = datetime.strptime(f"{period}-1", f"{KINDS['week']}-%u")
        return begin, begin + timedelta(days=7)
    begin = datetime.strptime(period, KINDS["month"])
    return begin, (begin + timedelta(days=31)).replace(day=1)


def is_of(granule: str, period: str) -> bool:
    """Return whether a granule begins in a period."""
    begin, end = bounds_of(period)
    return begin <= _start(granule) < end


def _start(granule: str) -> datetime:
    return datetime.strptime(granule[:14], "%Y%m%d%H%M%S")
