"""Draw the map of the campaign: coast, tracks and scenes."""

import argparse
from pathlib import Path

import pandas as pd

from leadline.class_raster import read_classes
from leadline.coast import read_land
from leadline.figures.campaign_map import draw_map, places_of
from leadline.files import written_whole
from leadline.log import run
from leadline.outlines import outline_of
from leadline.tables import SEGMENTS, read_table

SIDE = 300
"""Most pixels along a side of a scene, for its outline."""
COLUMNS = ["granule", "beam", "x_atc", "latitude", "longitude"]


def main() -> None:
    """Parse the command line and write the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, help="where photons and scenes come from")
    parser.add_argument("--projection", required=True, help="plane of the map, as in EPSG:3976")
    parser.add_argument("--segments", type=Path, nargs="+", required=True, help="Parquet files of segments")
    parser.add_argument("--roles", nargs="+", required=True, help="granule=role of each")
    parser.add_argument("--scenes", type=Path, nargs="*", default=[], help="class rasters of the scenes")
    parser.add_argument("--output", type=Path, required=True, help="PNG to write")
    args = parser.parse_args()
    tracks = pd.concat([places_of(read_table(path, SEGMENTS, COLUMNS)) for path in args.segments])
    roles = dict(pair.split("=") for pair in args.roles)
    scenes = {path.stem: read_classes(path, value=False, side=SIDE) for path in args.scenes}
    footprints = {name: outline_of(scene, args.projection) for name, scene in scenes.items()}
    title = f"The campaign: {len(roles)} granules, {len(footprints)} scenes, {args.source}"
    placed = tracks.assign(role=tracks["granule"].map(roles))
    figure = draw_map(title, args.projection, placed, footprints, read_land(args.projection))
    with written_whole(args.output) as aside:
        figure.savefig(aside)


if __name__ == "__main__":
    run(main)
