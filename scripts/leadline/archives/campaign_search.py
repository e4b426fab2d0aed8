"""A campaign out of what archives hold: scenes along the granules' tracks, and the tables that a person then edits."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from leadline.archives.ground_track import GroundTrack, ground_track
from leadline.catalog import SEARCHED
from leadline.files import written_whole

logger = logging.getLogger("leadline.archives.campaign_search")

VERTEX = 60
"""Places of a ground track from one vertex of a search line to the next: 21 km."""
TEST = 4
"""Every so many granules, from the last one back, is kept from training."""
FIRST_SOUTHERN = 8
"""Region of granules."""
FOUND = ".found.tsv"
"""How the tables end that are written beside a person's own."""

SearchScenes = Callable[[shapely.Geometry, datetime, datetime], pd.DataFrame]


def scenes_along(
    granules: Sequence[str], region: Mapping[str, float], maximum_lag: float, search: SearchScenes
) -> pd.DataFrame:
    """Return the scenes, each once, that lie on a granule's track in the region within ``maximum_lag`` minutes of it.

    ``search`` gives the scenes of a place and time (``sentinel_search.search_scenes`` of an archive).
    """
    lag, found = timedelta(minutes=maximum_lag), []
    for number, granule in enumerate(granules, start=1):
        track = ground_track(granule).within(**region)
        line = search_line(track)
        if not line.is_empty:
            start, end = (moment.astype(datetime) for moment in track.time[[0, -1]])
            found.append(search(line, start - lag, end + lag))
            logger.info("%s: %d scenes (%d of %d granules)", granule, len(found[-1]), number, len(granules))
    if not found:
        return pd.DataFrame(columns=["scene", "time", "cloud", "footprint", "product"])
    return pd.concat(found).drop_duplicates("scene").reset_index(drop=True)


def search_line(track: GroundTrack) -> shapely.Geometry:
    """Return a track as catalogues take it: lines (degrees) that end at the antimeridian and where it has gaps."""
    jumps = np.abs(np.diff(track.longitude)) > 180
    gaps = np.diff(track.time) > np.timedelta64(1, "s")
    places = np.column_stack([track.longitude, track.latitude])
    parts = np.split(places, np.flatnonzero(jumps | gaps) + 1)
    lines = [np.vstack([part[::VERTEX], part[-1:]]) for part in parts if len(part) > 1]
    return shapely.MultiLineString(lines)


def clear_enough(scenes: pd.DataFrame, cloud: float, tiles: Sequence[str]) -> pd.DataFrame:
    """Return the scenes with no more than ``cloud`` percent, or with none told, in the tiles; all tiles if none are."""
    bright = scenes["cloud"] > cloud
    elsewhere = ~scenes["scene"].str.split("_").str[1].isin(tiles) if tiles else pd.Series(False, scenes.index)
    logger.info(
        "%d scenes: %d under more than %g %% cloud, %d more in other tiles",
        len(scenes),
        bright.sum(),
        cloud,
        (elsewhere & ~bright).sum(),
    )
    return scenes[~bright & ~elsewhere]


def of_hemisphere(granule: str, names: Iterable[str]) -> str | None:
    """Return which of the ATL07 or ATL10 of a granule's pass is of its hemisphere; None where there is none.

    ATL07-01 and ATL10-01 are of the north, 02 of the south, where regions 8 to 14 are.
    """
    hemisphere = "02" if int(granule[21:23]) >= FIRST_SOUTHERN else "01"
    return next((name for name in names if name[5:8] == f"-{hemisphere}"), None)


def tables_of(
    coincidences: pd.DataFrame,
    release: Mapping[str, str],
    beams: Sequence[str],
    products: Iterable[tuple[str, str]] = (),
) -> dict[str, str]:
    """Return the text of the tables of a campaign by their words in the config, from ``find_coincidences``.

    ``release`` tells each granule's; ``products`` are granules with an ATL07 or ATL10 to compare with. Every fourth
    granule, and the last, is for testing.
    """
    granules = sorted(set(coincidences["granule"]))
    roles = ["test" if (len(granules) - 1 - place) % TEST == 0 else "train" for place in range(len(granules))]
    columns = {"granule": granules, "release": [release[name] for name in granules], "beams": ",".join(beams)}
    listed = pd.DataFrame(columns | {"role": roles, "batch": "-", "file": "-"})
    scenes = pd.DataFrame({"scene": sorted(set(coincidences["scene"])), "file": "-"})
    rows = [
        f"# {row.overlap:.0f} km of track, {_in_words(row.cloud)}\n{row.granule}\t{row.scene}\t{row.lag:.2f}\t-\t-\n"
        for row in coincidences.itertuples()
    ]
    return {
        "granules": listed.to_csv(sep="\t", index=False),
        "scenes": scenes.to_csv(sep="\t", index=False),
        "coincidences": "granule\tscene\tlag\tshift_x\tshift_y\n" + "".join(rows),
        "corrections": "granule\tbeam\tx_start\tx_end\tclass\twho\twhy\n",
        "products": "granule\tproduct\tfile\n" + "".join(f"{granule}\t{product}\t-\n" for granule, product in products),
    }


def _in_words(cloud: float) -> str:
    return "cloud not told" if np.isnan(cloud) else f"{cloud:.0f} % cloud"


def write_tables(tables: Mapping[str, str], paths: Mapping[str, Path], heading: str) -> list[Path]:
    """Write tables with a heading where none of the granules, scenes and coincidences are there yet, else beside them.

    A person's tables are never touched; what there are none of, corrections and products, are begun. Return what was
    written.
    """
    paths = {name: Path(path) for name, path in paths.items()}
    if any(paths[name].exists() for name in SEARCHED):
        places = {name: paths[name].with_suffix(FOUND) for name in SEARCHED}
    else:
        places = {name: paths[name] for name in SEARCHED}
    places |= {name: path for name, path in paths.items() if name not in SEARCHED and not path.exists()}
    for name, path in places.items():
        with written_whole(path) as aside:
            aside.write_text(f"# {heading}\n{tables[name]}")
    return list(places.values())
