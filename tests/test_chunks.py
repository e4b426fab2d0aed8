import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.chunks import _deflated_alone, read_rows

PHOTONS = np.random.default_rng(3).normal(size=2_345)

PACKED_AS_PHOTONS_ARE = {
    "float64": {"data": PHOTONS, "chunks": (100,), "compression": "gzip"},
    "float32": {"data": PHOTONS.astype("f4"), "chunks": (100,), "compression": "gzip"},
    "bytes, shuffled": {"data": (9 * PHOTONS).astype("i1"), "chunks": (100,), "compression": "gzip", "shuffle": True},
    "rows of bytes": {
        "data": (9 * PHOTONS).astype("i1").reshape(-1, 5),
        "chunks": (100, 5),
        "compression": "gzip",
        "shuffle": True,
    },
    "other byte order": {"data": PHOTONS.astype(">f8"), "chunks": (100,), "compression": "gzip"},
    "nothing": {"shape": (0,), "dtype": "f8", "chunks": (100,), "maxshape": (None,), "compression": "gzip"},
    "chunk longer than the data": {"data": PHOTONS, "chunks": (9_000,), "maxshape": (None,), "compression": "gzip"},
}

PACKED_OTHERWISE = {
    "contiguous": {"data": PHOTONS},
    "chunks alone": {"data": PHOTONS, "chunks": (100,)},
    "shuffled words": {"data": PHOTONS, "chunks": (100,), "compression": "gzip", "shuffle": True},
    "checked": {"data": PHOTONS, "chunks": (100,), "compression": "gzip", "fletcher32": True},
    "lzf": {"data": PHOTONS, "chunks": (100,), "compression": "lzf"},
    "columns apart": {"data": PHOTONS.reshape(-1, 5), "chunks": (100, 1), "compression": "gzip"},
}


def written(folder, **packing):
    with h5py.File(folder / "photons.h5", "w") as file:
        file.create_dataset("h_ph", **packing)
    return h5py.File(folder / "photons.h5")


@pytest.mark.parametrize("packing", [*PACKED_AS_PHOTONS_ARE, *PACKED_OTHERWISE])
def test_rows_are_those_that_hdf5_reads_however_they_are_packed(tmp_path, packing):
    with written(tmp_path, **(PACKED_AS_PHOTONS_ARE | PACKED_OTHERWISE)[packing]) as file:
        dataset = file["h_ph"]
        assert _deflated_alone(dataset) == (packing in PACKED_AS_PHOTONS_ARE)
        for rows in (np.s_[:], np.s_[0:100], np.s_[99:101], np.s_[250:251], np.s_[120:120], np.s_[300 : 10**6]):
            read = read_rows(dataset, rows)
            assert read.dtype == dataset.dtype
            np.testing.assert_array_equal(read, dataset[rows])


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 300), st.integers(1, 90), st.integers(0, 300), st.integers(0, 300))
def test_any_stretch_of_any_chunks_is_read_whole(tmp_path_factory, length, chunk, start, n):
    heights = np.arange(length, dtype="f4")
    folder = tmp_path_factory.mktemp("chunks")
    with written(folder, data=heights, chunks=(chunk,), maxshape=(None,), compression="gzip") as file:
        np.testing.assert_array_equal(read_rows(file["h_ph"], slice(start, start + n)), heights[start : start + n])


def test_a_chunk_that_does_not_inflate_is_named_by_hdf5(tmp_path):
    with h5py.File(tmp_path / "photons.h5", "w") as file:
        dataset = file.create_dataset("h_ph", data=PHOTONS, chunks=(100,), compression="gzip")
        dataset.id.write_direct_chunk((300,), b"no deflated bytes")
    with h5py.File(tmp_path / "photons.h5") as file:
        np.testing.assert_array_equal(read_rows(file["h_ph"], np.s_[:300]), PHOTONS[:300])
        with pytest.raises(OSError, match="filter"):
            read_rows(file["h_ph"], np.s_[:301])


def test_a_chunk_written_without_its_filters_is_read_as_it_stands(tmp_path):
    with h5py.File(tmp_path / "photons.h5", "w") as file:
        dataset = file.create_dataset("h_ph", data=PHOTONS, chunks=(100,), compression="gzip")
        dataset.id.write_direct_chunk((300,), PHOTONS[:100].tobytes(), filter_mask=1)
    with h5py.File(tmp_path / "photons.h5") as file:
        np.testing.assert_array_equal(read_rows(file["h_ph"], np.s_[300:400]), PHOTONS[:100])
