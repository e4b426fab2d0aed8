from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.maps.periods import KINDS, bounds_of, by_period, is_of

starts = st.datetimes(datetime(2018, 10, 14), datetime(2040, 1, 1)).map(lambda time: time.replace(microsecond=0))


def granule_of(start: datetime) -> str:
    return f"{start:%Y%m%d%H%M%S}_05940510"


@pytest.mark.parametrize(
    ("start", "month", "week"),
    [
        ("20191104195311", "2019-11", "2019-W45"),
        ("20191229235959", "2019-12", "2019-W52"),
        ("20191230000000", "2019-12", "2020-W01"),
        ("20210103235959", "2021-01", "2020-W53"),
        ("20210104000000", "2021-01", "2021-W01"),
        ("20200229120000", "2020-02", "2020-W09"),
    ],
)
def test_weeks_are_those_of_iso_also_over_the_new_year(start, month, week):
    granule = f"{start}_05940510"
    assert by_period([granule], ["month", "week"]) == {month: [granule], week: [granule]}


def test_a_period_begins_at_midnight_and_ends_where_the_next_begins():
    assert bounds_of("2019-12") == (datetime(2019, 12, 1), datetime(2020, 1, 1))
    assert bounds_of("2020-02") == (datetime(2020, 2, 1), datetime(2020, 3, 1))
    assert bounds_of("2020-W01") == (datetime(2019, 12, 30), datetime(2020, 1, 6))


@given(starts, st.sampled_from(list(KINDS)))
def test_a_granule_is_of_one_period_of_each_kind_and_of_neither_neighbour(start, kind):
    granule = granule_of(start)
    (period,) = by_period([granule], [kind])
    begin, end = bounds_of(period)
    assert begin <= start < end
    assert is_of(granule, period)
    for neighbour in (begin - timedelta(seconds=1), end):
        (other,) = by_period([granule_of(neighbour)], [kind])
        assert not is_of(granule, other)


@given(st.lists(starts, unique=True))
def test_no_granule_is_lost_and_periods_come_in_order(times):
    granules = [granule_of(time) for time in times]
    for kind in KINDS:
        periods = by_period(granules, [kind])
        assert sorted(granule for of_period in periods.values() for granule in of_period) == sorted(granules)
        begins = [bounds_of(period)[0] for period in periods]
        assert begins == sorted(begins)
