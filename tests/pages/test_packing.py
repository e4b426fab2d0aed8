"""How numbers are packed; that a browser unpacks them so is tested in tests/browser/test_track_page.py."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leadline.pages.packing import Column, in_steps, pack

VALUES = arrays(float, st.integers(0, 200), elements=st.floats(-100, 100) | st.just(np.nan))


@given(VALUES, st.sampled_from([1, 2, 4]))
def test_a_value_is_kept_to_half_a_step_and_the_unknown_stays_unknown(values, width):
    column = in_steps(values, 0.001, width=width)
    assert np.isnan(column.values()).tolist() == np.isnan(values).tolist()
    assert np.nanmax(np.abs(column.values() - values), initial=0) <= column.step / 2 + 1e-9
    if width == 4:
        assert column.step == 0.001


def test_steps_widen_where_the_range_has_too_many_of_them():
    assert in_steps([0.0, 1000.0], 0.001).step == pytest.approx(1000 / 65_534)


@given(st.lists(arrays(np.uint16, st.integers(0, 50), elements=st.integers(0, 65_535)), min_size=1), st.booleans())
def test_bytes_lie_in_planes_and_growing_columns_as_differences(columns, growing):
    described, text = pack({str(k): Column(codes, growing=growing) for k, codes in enumerate(columns)})
    content = zlib.decompress(base64.b64decode(text))
    for told, codes in zip(described, columns, strict=True):
        n = told["length"]
        low, high = np.frombuffer(content[:n], np.uint8), np.frombuffer(content[n : 2 * n], np.uint8)
        content = content[2 * n :]
        found = low + 256 * high.astype(np.uint16)
        assert (np.cumsum(found, dtype=np.uint16) if growing else found).tolist() == codes.tolist()
    assert content == b""


def test_distances_take_less_room_as_differences():
    distances = np.cumsum(np.random.default_rng(1).exponential(0.1, 100_000))
    sizes = [len(pack({"x": in_steps(distances, 0.05, width=4, growing=growing)})[1]) for growing in (True, False)]
    assert sizes[0] < sizes[1]
