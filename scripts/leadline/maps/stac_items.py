"""The products as a static STAC catalogue (1.1): an item each track, each grid, and the table of all tracks.

Links are relative, so that the folder of results can be moved or served as it is. Where something crosses the
antimeridian, its geometry is cut there and its box has its west in the east, as RFC 7946 wants it. Grids tell their
plane and cells by the projection extension. The same products give the same files: no wall-clock time is written.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pystac
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from pystac.extensions.projection import ProjectionExtension
from shapely import LineString, Point, box, get_coordinates, intersection, union_all
from shapely.affinity import translate
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from leadline.files import written_whole
from leadline.maps.grids import CELL, GRIDS, corners_of

VERTICES = 50
"""Most places of a track that its line goes through: a granule of 20 degrees is straight to 1 km between them."""
WIDEST_GAP = 30.0
"""Degrees of longitude: what leaves no gap as wide as that goes all around the pole."""
ACKNOWLEDGED = "Made by leadline from NASA ICESat-2 ATL03 and Copernicus Sentinel-2 data, or from simulated ones"


class Extent(NamedTuple):
    """Where (degrees) and when something is; ``east`` goes on beyond 180 where it crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float
    start: datetime
    end: datetime

    @property
    def bbox(self) -> list[float]:
        """West, south, east, north; west is greater than east across the antimeridian."""
        return [self.west, self.south, self.east - 360 if self.east > 180 else self.east, self.north]


def write_catalog(
    folder: Path, tracks: Sequence[Path], table: Path, grids: Sequence[Path], geotiffs: Sequence[Path]
) -> None:
    """Write the catalogue of products into a folder.

    ``tracks`` are NetCDF products with segments, ``table`` is the GeoParquet file of all, and ``grids`` are NetCDF
    files with their ``geotiffs``, in the same order.
    """
    of_tracks = [track_item(path) for path in tracks]
    of_tracks += [table_item(table, of_tracks)] if of_tracks else []
    of_grids = [grid_item(*paths) for paths in zip(grids, geotiffs, strict=True)]
    catalog = pystac.Catalog("leadline", f"Sea-ice class and total freeboard. {ACKNOWLEDGED}.", title="leadline")
    for name, title, items in (
        ("tracks", "Sea-ice class and total freeboard along tracks of ICESat-2", of_tracks),
        ("grids", "Total freeboard of sea ice by months and weeks, on grids of 25 km", of_grids),
    ):
        if items:
            catalog.add_child(_collection(name, title, items))
    with written_whole(folder) as aside:
        # A name with a dot, as that of the folder aside, pystac takes for a file.
        catalog.normalize_hrefs(str(aside.absolute() / "catalog.json"))
        catalog.make_all_asset_hrefs_relative()
        catalog.save(pystac.CatalogType.SELF_CONTAINED)


def track_item(path: Path) -> pystac.Item:
    """Return the item of a track's product."""
    with xr.open_dataset(path) as product:
        attributes = product.attrs
        step = max(1, -(-product.sizes["segment"] // (VERTICES - 1)))
        rows = np.unique(np.r_[0 : product.sizes["segment"] : step, product.sizes["segment"] - 1])
        longitude, latitude = (product[name].values[rows] for name in ("longitude", "latitude"))
    extent = Extent(*_bounds(longitude, latitude), *_times(attributes))
    places = np.c_[np.unwrap(longitude, period=360), latitude]
    line = LineString(places) if len(places) > 1 else Point(places[0])
    item = _item(attributes["id"], attributes, _cut(line), extent)
    item.properties |= {"leadline:granule": attributes["granule"], "leadline:beam": attributes["beam"]}
    item.add_asset("product", _asset(path, pystac.MediaType.NETCDF, "The track as CF NetCDF"))
    return item


def table_item(path: Path, tracks: Sequence[pystac.Item]) -> pystac.Item:
    """Return the item of the table of all tracks, which has their extent."""
    extent = _extent_of(tracks)
    attributes = {"title": "All tracks as one table", "source": "simulated" if _simulated(tracks) else "measured"}
    item = _item("tracks", attributes, _cut(box(*extent[:4])), extent)
    item.add_asset("table", _asset(path, pystac.MediaType.VND_APACHE_PARQUET, "All tracks as GeoParquet"))
    return item


def grid_item(netcdf: Path, geotiff: Path) -> pystac.Item:
    """Return the item of a grid of a period; its extent is that of the cells with segments, of all where none has."""
    with xr.open_dataset(netcdf) as dataset:
        attributes = dataset.attrs
        n_segments = dataset["n_segments"].values.ravel()
    grid = GRIDS[attributes["grid"]]
    seen = n_segments > 0 if n_segments.any() else np.ones(n_segments.size, bool)
    latitude, longitude = (places.ravel() for places in corners_of(grid, np.flatnonzero(seen)))
    extent = Extent(*_bounds(longitude, latitude), *_times(attributes))
    item = _item(attributes["id"], attributes, _cut(box(*extent[:4])), extent)
    item.properties |= {"leadline:grid": grid.name, "leadline:period": attributes["period"], "gsd": CELL}
    projection = ProjectionExtension.ext(item, add_if_missing=True)
    projection.apply(code=grid.projection, shape=list(grid.shape), transform=list(grid.transform)[:6])
    item.add_asset("netcdf", _asset(netcdf, pystac.MediaType.NETCDF, "The grid as CF NetCDF"))
    item.add_asset("geotiff", _asset(geotiff, pystac.MediaType.COG, "The grid as GeoTIFF, a band each variable"))
    return item


def _item(name: str, attributes: dict, geometry: BaseGeometry, extent: Extent) -> pystac.Item:
    simulated = attributes["source"] == "simulated"
    platform = {} if simulated else {"platform": "icesat-2", "instruments": ["atlas"]}
    return pystac.Item(
        id=name,
        geometry=mapping(geometry),
        bbox=extent.bbox,
        datetime=None,
        start_datetime=extent.start,
        end_datetime=extent.end,
        properties={"title": attributes["title"], "leadline:simulated": simulated, **platform},
    )


def _asset(path: Path, media_type: str, title: str) -> pystac.Asset:
    return pystac.Asset(str(Path(path).absolute()), title=title, media_type=media_type, roles=["data"])


def _collection(name: str, title: str, items: Sequence[pystac.Item]) -> pystac.Collection:
    extent = _extent_of(items)
    collection = pystac.Collection(
        id=f"leadline-{name}",
        title=title,
        description=f"{title}. {ACKNOWLEDGED}; leadline:simulated tells which.",
        extent=pystac.Extent(pystac.SpatialExtent([extent.bbox]), pystac.TemporalExtent([[extent.start, extent.end]])),
        license="other",
    )
    collection.add_items(items)
    return collection


def _simulated(items: Iterable[pystac.Item]) -> bool:
    return any(item.properties["leadline:simulated"] for item in items)


def _extent_of(items: Sequence[pystac.Item]) -> Extent:
    """Return the extent that holds those of items."""
    places = np.concatenate([get_coordinates(shape(item.geometry)) for item in items])
    times = [item.common_metadata for item in items]
    start, end = min(each.start_datetime for each in times), max(each.end_datetime for each in times)
    return Extent(*_bounds(*places.T), start, end)


def _times(attributes: dict[str, str]) -> tuple[datetime, datetime]:
    names = ("time_coverage_start", "time_coverage_end")
    start, end = (datetime.fromisoformat(attributes[name]).astimezone(UTC) for name in names)
    return start, end


def _bounds(longitude: ArrayLike, latitude: ArrayLike) -> tuple[float, float, float, float]:
    """Return west, south, east and north of places: the narrowest span of longitudes that holds them all."""
    around = np.unique(np.mod(longitude, 360))
    gaps = np.diff(np.r_[around, around[0] + 360])
    widest = int(gaps.argmax())
    west = _wrapped(around[(widest + 1) % len(around)])
    west, east = (west, west + 360 - float(gaps[widest])) if gaps[widest] >= WIDEST_GAP else (-180.0, 180.0)
    return west, float(np.min(latitude)), east, float(np.max(latitude))


def _wrapped(longitude: float) -> float:
    """Return a longitude from -180 on, below 180."""
    return float((longitude + 180) % 360 - 180)


def _cut(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry whose longitudes go on beyond 180 or -180, cut there and laid between them."""
    west, _, east, _ = geometry.bounds
    turns: NDArray = np.arange(np.floor((west + 180) / 360), np.ceil((east + 180) / 360))
    if len(turns) < 2:
        return geometry
    worlds = [box(360 * turn - 180, -90, 360 * turn + 180, 90) for turn in turns]
    parts = [translate(intersection(geometry, world), -360 * turn) for turn, world in zip(turns, worlds, strict=True)]
    return union_all(parts)
