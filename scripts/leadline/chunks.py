"""Rows of HDF5 datasets, with the chunks inflated by libdeflate.

Inflating is most of the work of reading photons, and HDF5's own zlib needs twice the time for it.
"""

import math

import h5py
import numpy as np
from deflate import DeflateError, zlib_decompress
from h5py import h5t, h5z
from numpy.typing import NDArray


def read_rows(dataset: h5py.Dataset, rows: slice) -> NDArray:
    """Return ``dataset[rows]`` of consecutive rows.

    Chunks that are packed as NASA packs those of photons are inflated here. HDF5 reads all others, and whatever does
    not inflate as it should, so that it is HDF5 that names the fault.
    """
    start, stop, _ = rows.indices(len(dataset))
    if start < stop and _deflated_alone(dataset):
        try:
            return _inflated(dataset, start, stop)
        except (DeflateError, ValueError, OSError, RuntimeError):
            pass
    return dataset[rows]


def _deflated_alone(dataset: h5py.Dataset) -> bool:
    """Tell whether the chunks of a dataset hold whole rows, whose bytes need nothing but inflating."""
    if dataset.chunks is None or dataset.chunks[1:] != dataset.shape[1:]:
        return False
    creation = dataset.id.get_create_plist()
    filters = [creation.get_filter(n)[0] for n in range(creation.get_nfilters())]
    if dataset.dtype.itemsize == 1:
        filters = [name for name in filters if name != h5z.FILTER_SHUFFLE]
    return filters == [h5z.FILTER_DEFLATE] and dataset.id.get_type() == h5t.py_create(dataset.dtype)


def _inflated(dataset: h5py.Dataset, start: int, stop: int) -> NDArray:
    step, *columns = dataset.chunks
    n_bytes = math.prod(dataset.chunks) * dataset.dtype.itemsize
    first = start - start % step
    chunks = []
    for row in range(first, stop, step):
        skipped_filters, packed = dataset.id.read_direct_chunk((row, *(0 for _ in columns)))
        chunk = zlib_decompress(packed, n_bytes)
        if skipped_filters or len(chunk) != n_bytes:
            raise ValueError("a chunk of other bytes than its filters say")
        chunks.append(np.frombuffer(chunk, dataset.dtype))
    return np.concatenate(chunks, dtype=dataset.dtype).reshape(-1, *columns)[start - first : stop - first]
