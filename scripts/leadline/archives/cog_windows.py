"""Windows of cloud-optimised GeoTIFFs (COGs) read over the network: of a tile, the blocks near tracks alone."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import rasterio
import shapely
from rasterio.errors import RasterioError
from rasterio.windows import Window

from leadline.archives.ground_track import GroundTrack
from leadline.errors import LeadlineError
from leadline.files import written_whole
from leadline.projections import to_projection

logger = logging.getLogger("leadline.archives.cog_windows")
# Its messages print addresses as they are signed.
logging.getLogger("rasterio").setLevel(logging.CRITICAL)

ASKING = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_MAX_RETRY": "5",
    "GDAL_HTTP_RETRY_DELAY": "1",
    "GDAL_HTTP_TIMEOUT": "120",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
}
"""How GDAL asks for ranges: nothing but the file itself, its header at once, again where the server is busy."""
KEPT = ("dtype", "crs", "transform", "width", "height", "count", "nodata")


def copy_windows(address: str, path: Path, tracks: Iterable[GroundTrack], reach: float) -> None:
    """Copy of a COG at an address (HTTPS) the blocks within ``reach`` (m) of any of the tracks.

    The file at ``path`` has the place and size of the whole; the other blocks hold nothing. Raises ``LeadlineError``
    where the COG cannot be read.
    """
    try:
        with rasterio.Env(**ASKING), rasterio.open(f"/vsicurl/{address}") as source:
            near = _near(tracks, source, reach)
            blocks = {"blockysize": source.block_shapes[0][0], "blockxsize": source.block_shapes[0][1]}
            profile = {name: source.profile[name] for name in KEPT} | blocks
            layout = {"driver": "GTiff", "tiled": True, "compress": "deflate", "predictor": 2, "sparse_ok": True}
            read = 0
            with written_whole(path) as aside, rasterio.open(aside, "w", **profile, **layout) as copy:
                for window in _windows(source, near):
                    copy.write(source.read(window=window), window=window)
                    read += window.width * window.height
            logger.info("%s: %.1f %% of its pixels read", path.name, 100 * read / (source.width * source.height))
    except RasterioError as error:
        said = " ".join(str(error.__cause__ or error).replace(address, "it").split())
        raise LeadlineError(
            f"{path.name}: {urlsplit(address).hostname} gives no COG; try again later ({said})"
        ) from None


def _near(tracks: Iterable[GroundTrack], source: rasterio.DatasetReader, reach: float) -> shapely.Geometry:
    """Return what lies within ``reach`` of tracks, in a scene's projection, UTM, whose metres are the ground's."""
    left, bottom, right, top = source.bounds
    lines = []
    for track in tracks:
        places = np.column_stack(to_projection(track.latitude, track.longitude, source.crs.to_string()))
        line = shapely.LineString(places[np.isfinite(places).all(axis=1)])
        lines.append(shapely.clip_by_rect(line, left - reach, bottom - reach, right + reach, top + reach))
    return shapely.union_all(lines).buffer(reach)


def _windows(source: rasterio.DatasetReader, near: shapely.Geometry) -> Iterator[Window]:
    """Give of each row of blocks the window from the first to the last block that is near."""
    rows: dict[int, list[Window]] = {}
    for (row, _), window in source.block_windows(1):
        if near.intersects(shapely.box(*source.window_bounds(window))):
            rows.setdefault(row, []).append(window)
    for windows in rows.values():
        yield rasterio.windows.union(windows)
