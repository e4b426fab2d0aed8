"""What names of Sentinel-2 products and tiles tell: scenes, their newest version, and where they lie."""

import re
from collections.abc import Iterable
from datetime import datetime

import pandas as pd

from leadline.errors import LeadlineError

COLUMNS = ("scene", "time", "cloud", "footprint", "product")
PRODUCT = re.compile(r"MSIL(?:1C|2A)_(?P<time>\d{8}T\d{6})_(?P<version>N\d{4}_R\d{3}_(?P<tile>T\w{5})_\w{15})")
"""The time in a product's name is when the take began, the last word when the product was made."""
LATITUDE_BANDS = "CDEFGHJKLMNPQRSTUVWX"


def scene_of(product: str) -> str | None:
    """Return the key of a product's scene, None where the name is no product's."""
    named = PRODUCT.search(product)
    return f"S2_{named['tile']}_{named['time']}" if named else None


def version(product: str) -> str:
    """Return what grows with the processing baseline, and within one with the time a product was made."""
    named = PRODUCT.search(product)
    return named["version"] if named else product


def table_of(rows: Iterable[tuple]) -> pd.DataFrame:
    """Return scenes as a table of ``COLUMNS``, each once, by its newest product."""
    scenes = pd.DataFrame(list(rows), columns=COLUMNS)
    scenes = scenes.assign(time=pd.to_datetime(scenes["time"]), cloud=scenes["cloud"].astype(float))
    by_version = scenes.sort_values("product", key=lambda names: names.map(version))
    return by_version.drop_duplicates("scene", keep="last").reset_index(drop=True)


def tile_and_time(scene: str) -> tuple[str, datetime]:
    """Return what a scene's key tells. Raises ``LeadlineError`` where that is no tile: without it none can be found."""
    words = scene.split("_")
    if len(words) != 3:
        raise LeadlineError(
            f"{scene}: its tile is not told; `snakemake search` finds the tiles under the track: name one of them "
            f"in the tables, as in S2_T02CNA_{words[-1]}"
        )
    return words[1], datetime.strptime(words[2], "%Y%m%dT%H%M%S")


def tile_box(tile: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north (degrees) of the grid zone that a tile belongs to, as wide as its tiles reach."""
    zone, band = int(tile[1:3]), LATITUDE_BANDS.index(tile[3])
    south = -80.0 + 8 * band
    north = south + (12 if tile[3] == "X" else 8)
    return max(-180.0, -189.0 + 6 * zone), south, min(180.0, -177.0 + 6 * zone), north
