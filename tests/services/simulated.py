"""Archives of a simulated campaign: granules on the paper's tracks, and what Sentinel-2 sees there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import rasterio
import shapely
from pyproj import Geod, Transformer

from leadline.archives.ground_track import ground_track
from leadline.simulate.atl10 import simulate_atl10
from leadline.simulate.granule import simulate_granule
from leadline.simulate.sentinel2 import BANDS, SceneSettings, simulate_scene
from leadline.simulate.world import GranuleSettings
from services import sentinel
from services.earthdata import TOKEN, earthdata_hosts
from services.internet import Host
from services.passes import record

PAIRS = {
    "20191104195311_05940510": "S2_T02CNA_20191104T194529",
    "20191126182014_09290510": "S2_T03CWT_20191126T184459",
}
PLACE = 7400
"""Of the ground tracks, at 75 degrees south."""
USERNAME, PASSWORD = "polar@example.org", "a-password-of-copernicus"
SECRETS = {"EARTHDATA_TOKEN": TOKEN, "COPERNICUS_USERNAME": USERNAME, "COPERNICUS_PASSWORD": PASSWORD}


def write_archives(folder: Path) -> dict[str, Host]:
    """Simulate what the archives hold into a folder, and return their hosts."""
    records, granules, items, files = [], {}, [], {}
    for granule, scene in PAIRS.items():
        settings = flight(granule)
        path = folder / f"ATL03_{granule}_006_01.h5"
        simulate_granule(path, settings)
        records.append(record(granule, path=path))
        granules[path.name] = path
        product = folder / f"ATL10-02_{granule[:8]}180000_{granule[15:21]}01_006_01.h5"
        simulate_atl10(product, path, granule)
        records.append(record(granule, product.name, product))
        granules[product.name] = product
        item, bands = write_scene(folder, scene, settings)
        items.append(item)
        files |= {sentinel.copernicus_path(item["id"], band): band for band in bands}
    identity = sentinel.Identity(USERNAME, PASSWORD)
    return earthdata_hosts(records, granules) | {
        sentinel.COPERNICUS: sentinel.Catalogue(sentinel.COPERNICUS, items, page=2),
        sentinel.COPERNICUS_LOGIN: identity,
        sentinel.COPERNICUS_FILES: sentinel.Files(files, identity),
    }


def flight(granule: str) -> GranuleSettings:
    """Return a flight of 12 km along the granule's own track."""
    track = ground_track(granule)
    place, ahead = ((track.longitude[at], track.latitude[at]) for at in (PLACE, PLACE + 1))
    heading = Geod(ellps="WGS84").inv(*place, *ahead)[0] % 360
    return GranuleSettings(granule, 2019, place[1], place[0], heading, length=12_000.0)


def write_scene(folder: Path, scene: str, settings: GranuleSettings) -> tuple[dict, list[Path]]:
    """Simulate a scene of a flight's ice, and return its item and its bands in JPEG 2000, as L1C has them."""
    _, tile, begin = scene.split("_")
    time = datetime.strptime(begin, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    lag = (time - settings.start) / timedelta(minutes=1)
    seen = SceneSettings(scene, settings, 120.0, -90.0, 0.2, False, False, -1000, lag)
    simulate_scene(folder / f"{scene}.tif", seen)
    paths = {band: folder / f"{tile}_{begin}_{band}.jp2" for band in BANDS}
    with rasterio.open(folder / f"{scene}.tif") as source:
        for number, path in enumerate(paths.values(), start=1):
            profile = {"driver": "JP2OpenJPEG", "count": 1, "QUALITY": 100, "REVERSIBLE": "YES"}
            kept = {name: source.profile[name] for name in ("dtype", "width", "height", "crs", "transform")}
            with rasterio.open(path, "w", **kept | profile) as band:
                band.write(source.read(number), 1)
        corners = shapely.box(*source.bounds)
        to_earth = Transformer.from_crs(source.crs, "EPSG:4326", always_xy=True)
    footprint = shapely.transform(corners, lambda places: list(zip(*to_earth.transform(*places.T), strict=True)))
    product = f"S2A_MSIL1C_{begin}_N0500_R000_{tile}_20230605T101500"
    assets = sentinel.copernicus_assets(product, paths)
    taken = time + timedelta(seconds=14)
    told = {"eo:cloud_cover": 20.0}
    return sentinel.item(product, "sentinel-2-l1c", taken, footprint, assets, **told), list(paths.values())
