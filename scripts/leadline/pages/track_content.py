"""What a track's page holds: the product of the track, its labels and its truth, as levels of packed columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from leadline import tables
from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.labels import WHYS
from leadline.names import SurfaceClass
from leadline.pages.levels import (
    Bins,
    bins_of,
    coarser,
    coarser_counts,
    counts_of,
    on_slots,
    pyramid,
    shares,
    slots_of,
)
from leadline.pages.packing import Column, in_steps
from leadline.pages.scene_strip import Strip
from leadline.pages.track_photons import TrackPhotons

CLASSES = tuple(SurfaceClass)
"""The classes in the order of their codes on the page: 0 thick ice, 1 thin ice, 2 open water, 3 unknown."""
PROBABILITIES = tuple(name for name in tables.CLASSES.names if name.startswith("probability_"))
"""Columns of the probabilities of the classes."""
NO_SEGMENT = 255
"""Code on the page of a slot without segment."""
HEIGHT_STEP, PHOTON_HEIGHT_STEP, PHOTON_STEP, PROBABILITY_STEP = 0.001, 0.01, 0.05, 0.01
"""What heights (m), photons' heights and distances (m) and probabilities are rounded to."""
BETWEEN_PLACES = 500
"""Segments between two places of the track that the page is told; it interpolates between them."""
LEAD_HEIGHTS = {"nasa": "lead_height", "robust": "height_robust", "average": "height_mean"}
"""The height of a lead that a method takes; the others take the lowest."""
KEY_DECIMALS = 3
"""Decimals of x_atc (m) that the product keeps for certain: its rows are matched with those of tables by them."""
RANGED = ("height", "freeboard")
"""Columns whose lowest and highest travel with the mean."""
MEASURED = {
    "height": "height_mean",
    "height_error": "height_error",
    "freeboard": "freeboard_raw",
    "freeboard_error": "freeboard_error",
    **{f"surface_{method}": f"sea_surface_{method}" for method in tables.SEA_SURFACE_METHODS},
}
"""Columns of the page, and what the product calls them."""


@dataclass(frozen=True)
class Product:
    """The product of one track as ``netcdf.write_product`` wrote it."""

    segments: pd.DataFrame
    """A row a segment, the variables of the root group."""
    leads: pd.DataFrame
    """A row a lead, the variables of the group leads."""
    attributes: Mapping[str, Any]
    """The global attributes."""

    @property
    def segment_length(self) -> float:
        """Length of a segment, m."""
        return float(self.attributes["segment_length"].removesuffix(" m"))


def read_product(path: Path) -> Product:
    """Read a track's product; raise ``InputDataError`` where it is missing or is none."""
    if not Path(path).exists():
        raise InputDataError(State.MISSING_FILE, f"{path}: there is no such file; make it with snakemake {path}")
    try:
        segments, attributes = _group(path, None, "segment")
        return Product(segments, _group(path, "leads", "lead")[0], attributes)
    except (OSError, KeyError, ValueError) as error:
        fault = str(error).splitlines()[0]
        raise InputDataError(
            State.UNREADABLE, f"{path}: expected a product of leadline; make it again ({fault})"
        ) from None


@dataclass(frozen=True)
class TrackContent:
    """What the page of a track with segments holds.

    The finest level has the classes as codes (network, scene, truth: places in ``CLASSES``), why a label is what it is
    (places in ``WHYS``), how the sea surface was found (``sea_surface_flag``), the probability of the network's class,
    and what is measured. The others have means of what is measured, of ``RANGED`` the lowest and highest too, and the
    share of each class in parts of 255, of which nothing that is there becomes 0.
    """

    product: Product
    levels: list[dict[str, Column]]
    """The finest first."""
    measured: tuple[str, ...]
    """Columns that every level has."""
    sources: tuple[str, ...]
    """Where its classes come from."""
    overview: tuple[Bins, Bins]
    """Freeboard and height of the coarsest level."""
    photons: TrackPhotons | None
    strip: Strip | None

    @property
    def start(self) -> float:
        """Where the first segment begins, m along the track: distances on the page count from there."""
        return float(self.product.segments["x_atc"].iloc[0]) - self.product.segment_length / 2

    @property
    def n_slots(self) -> int:
        """Segments that the track would have without gaps."""
        return len(self.levels[0]["network"].codes)

    def leads(self) -> dict[str, Column]:
        """Return begin and end (m), height (m) and flag of each lead, in order."""
        leads = self.product.leads.sort_values("x_start")
        height = LEAD_HEIGHTS.get(self.product.attributes["sea_surface_method"], "height_min")
        return {
            "begin": in_steps(leads["x_start"] - self.start, 0.01, width=4),
            "end": in_steps(leads["x_end"] - self.start, 0.01, width=4),
            "height": in_steps(leads[height], HEIGHT_STEP),
            "flag": Column(leads["lead_flag"].to_numpy(np.uint8)),
        }

    def signal(self) -> dict[str, Column]:
        """Return distance (m), height (m) and confidence of the photons."""
        return {
            "x": in_steps(self.photons.x - self.start, PHOTON_STEP, width=4, growing=True),
            "height": in_steps(self.photons.height, PHOTON_HEIGHT_STEP),
            "confidence": Column(self.photons.confidence.astype(np.uint8)),
        }

    def places(self) -> dict[str, list[float]]:
        """Return distance (m), latitude and longitude (degrees) and time (s) of places along the track."""
        segments = self.product.segments
        columns = {
            "x": segments["x_atc"] - self.start,
            "latitude": segments["latitude"],
            "longitude": np.unwrap(segments["longitude"], period=360),
            "time": segments["time"],
        }
        rows = np.unique([*range(0, len(segments), BETWEEN_PLACES), len(segments) - 1])
        return {name: np.round(np.asarray(values)[rows], 6).tolist() for name, values in columns.items()}


def _group(path: Path, group: str | None, dimension: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    with xr.open_dataset(path, group=group, decode_times=False) as dataset:
        columns = {
            name: variable.to_numpy() for name, variable in dataset.variables.items() if variable.dims == (dimension,)
        }
        return pd.DataFrame(columns), dict(dataset.attrs)


def content_of(
    product: Product,
    labels: pd.DataFrame,
    truth: pd.DataFrame | None,
    photons: TrackPhotons | None,
    strip: Strip | None,
) -> TrackContent:
    """Return what the page of a track with segments holds.

    ``labels`` and ``truth`` are the tables of the track; ``truth`` is None where it is not simulated, ``photons`` and
    ``strip`` are None where there are none.
    """
    slots = slots_of(product.segments["x_atc"], product.segment_length)
    true = None if truth is None else _of_segments(product, truth)
    labelled = _of_segments(product, labels)
    classes = {"network": product.segments, "scene": labelled} | ({} if true is None else {"truth": true})
    codes = {
        source: on_slots(_codes_of(table["surface_class"]), slots, NO_SEGMENT) for source, table in classes.items()
    }
    measured = {name: on_slots(values, slots) for name, values in _measured(product.segments, true).items()}
    words = {name: on_slots(values, slots, NO_SEGMENT) for name, values in _words(product.segments, labelled).items()}
    probability = product.segments[list(PROBABILITIES)].max(axis=1)
    finest = {
        **{name: in_steps(values, HEIGHT_STEP) for name, values in measured.items()},
        **{name: Column(values) for name, values in (codes | words).items()},
        "probability": in_steps(on_slots(probability, slots), PROBABILITY_STEP, width=1),
    }
    bins = {name: pyramid(bins_of(values), coarser) for name, values in measured.items()}
    counts = {name: pyramid(counts_of(values, len(CLASSES)), coarser_counts) for name, values in codes.items()}
    coarse = [
        _joined_level({name: each[k] for name, each in bins.items()}, {name: each[k] for name, each in counts.items()})
        for k in range(1, len(bins["height"]))
    ]
    return TrackContent(
        product,
        [finest, *coarse],
        tuple(measured),
        tuple(codes),
        (bins["freeboard"][-1], bins["height"][-1]),
        photons,
        strip,
    )


def _of_segments(product: Product, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of another table of the track for each of its segments, NaN where it has none."""
    key = product.segments["x_atc"].round(KEY_DECIMALS)
    own = table.set_index(table["x_atc"].round(KEY_DECIMALS)).reindex(key)
    return own.assign(surface_class=own["surface_class"].fillna(SurfaceClass.UNKNOWN))


def _codes_of(surface_class: pd.Series) -> NDArray[np.uint8]:
    return np.searchsorted(CLASSES, surface_class).astype(np.uint8)


def _measured(segments: pd.DataFrame, true: pd.DataFrame | None) -> dict[str, NDArray]:
    """Return what is measured of segments, and what is true of them where it is known, by the page's names."""
    measured = {name: segments[column] for name, column in MEASURED.items()}
    measured["surface_error"] = np.hypot(segments["sea_surface_error"], segments["correlated_error"])
    if true is not None:
        measured |= {"freeboard_true": true["freeboard"], "surface_true": true["sea_surface"]}
    return {name: np.asarray(values, float) for name, values in measured.items()}


def _words(segments: pd.DataFrame, labelled: pd.DataFrame) -> dict[str, NDArray[np.uint8]]:
    """Return why labels are what they are (places in ``WHYS``), and how the sea surface was found (its flag)."""
    why = labelled["why"].map(WHYS.index, na_action="ignore").fillna(NO_SEGMENT)
    return {"why": why.to_numpy(np.uint8), "found": segments["sea_surface_flag"].to_numpy(np.uint8)}


def _joined_level(bins: Mapping[str, Bins], counts: Mapping[str, NDArray]) -> dict[str, Column]:
    """Return the columns of a level of joined slots."""
    columns = {name: in_steps(each.mean, HEIGHT_STEP) for name, each in bins.items()}
    for name in RANGED:
        columns[f"{name}_low"] = in_steps(bins[name].low, HEIGHT_STEP)
        columns[f"{name}_high"] = in_steps(bins[name].high, HEIGHT_STEP)
    for source, of_classes in counts.items():
        columns |= {f"{source}_{code}": Column(share) for code, share in enumerate(shares(of_classes).T)}
    return columns
