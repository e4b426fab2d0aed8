"""Numbers that travel in a page: in steps of what was measured, packed, and unpacked by the browser itself.

A column becomes whole numbers of one, two or four bytes. Their bytes are laid out by planes (all low bytes first),
which deflates better, and what grows along the track is kept as differences. ``track_page.js`` undoes it.
"""

import base64
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Column(NamedTuple):
    """A column in whole numbers: a value is offset + step * code, and unknown where the code is the greatest of all."""

    codes: NDArray[np.unsignedinteger]
    offset: float = 0.0
    step: float = 1.0
    growing: bool = False
    """Whether it is packed as differences of neighbours."""

    def values(self) -> NDArray[np.float64]:
        """Return the values that a browser shows, NaN where unknown."""
        known = self.codes != np.iinfo(self.codes.dtype).max
        return np.where(known, self.offset + self.step * self.codes, np.nan)


def in_steps(values: ArrayLike, step: float, *, width: int = 2, growing: bool = False) -> Column:
    """Return values in codes of ``width`` bytes, rounded to steps (in their unit), NaN as unknown.

    Steps are as wide as it takes where the values' range has too many of them.
    """
    values = np.asarray(values, float)
    known = np.isfinite(values)
    dtype = np.dtype(f"u{width}")
    unknown = np.iinfo(dtype).max
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 0.0)
    step = max(step, float(high - low) / (unknown - 1))
    codes = np.full(values.shape, unknown, dtype)
    codes[known] = np.rint((values[known] - low) / step)
    return Column(codes, float(low), step, growing)


def pack(columns: Mapping[str, Column]) -> tuple[list[dict[str, Any]], str]:
    """Return the description of columns (name, length, width in bytes, offset, step, growing) and their bytes as text.

    The bytes of all columns follow each other, are deflated (zlib) and written in base64.
    """
    described = [
        {
            "name": name,
            "length": len(column.codes),
            "width": column.codes.dtype.itemsize,
            "offset": column.offset,
            "step": column.step,
            "growing": column.growing,
        }
        for name, column in columns.items()
    ]
    packed = zlib.compress(b"".join(_bytes_of(column) for column in columns.values()), 6)
    return described, base64.b64encode(packed).decode()


def _bytes_of(column: Column) -> bytes:
    codes = column.codes
    if column.growing:
        codes = np.diff(codes, prepend=codes.dtype.type(0))
    little = np.ascontiguousarray(codes, codes.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(-1, codes.dtype.itemsize).T.tobytes()
