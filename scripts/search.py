"""Search granules over a region and scenes under their tracks, and write the tables of the campaign they make."""

import argparse
import json
import logging
import os
from collections.abc import Iterator
from datetime import date
from functools import partial

from leadline.archives.campaign_search import clear_enough, of_hemisphere, scenes_along, tables_of, write_tables
from leadline.archives.coincidences import find_coincidences
from leadline.archives.earthdata import Granule, companions, search
from leadline.archives.sentinel_dhus import Mirror
from leadline.archives.sentinel_search import search_scenes
from leadline.errors import LeadlineError
from leadline.log import run
from leadline.names import NASA_PRODUCTS

logger = logging.getLogger("leadline.search")


def main() -> None:
    """Parse the command line, search, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--region", type=json.loads, required=True, help="west, east, south, north (degrees), JSON")
    parser.add_argument("--start", type=date.fromisoformat, required=True, help="first day")
    parser.add_argument("--end", type=date.fromisoformat, required=True, help="last day")
    parser.add_argument("--release", required=True, help="release of ATL03, three digits")
    parser.add_argument("--beams", nargs="+", required=True, help="beams for the table of granules")
    parser.add_argument("--archive", type=json.loads, required=True, help="the archive as in the config, JSON")
    parser.add_argument("--level", choices=["L1C", "L2A"], required=True, help="level of the scenes")
    parser.add_argument("--cloud", type=float, required=True, help="most cloud of a scene, percent")
    parser.add_argument("--tiles", nargs="*", required=True, help="tiles of the scenes, none for all")
    parser.add_argument("--least-overlap", type=float, required=True, help="shortest track in a scene, km")
    parser.add_argument("--maximum-lag", type=float, required=True, help="longest time between scene and track, min")
    parser.add_argument("--projection", required=True, help="plane in which tracks and footprints meet")
    parser.add_argument("--tables", type=json.loads, required=True, help="paths of the tables by their words, JSON")
    args = parser.parse_args()
    box = tuple(args.region[side] for side in ("west", "south", "east", "north"))
    granules = {one.key: one for one in search("ATL03", args.release, box=box, start=args.start, end=args.end)}
    logger.info("%d granules of release %s over the region", len(granules), args.release)
    is_mirror = "dhus" in args.archive
    in_archive = Mirror(args.archive, os.environ).search if is_mirror else partial(search_scenes, args.archive)
    scenes = scenes_along(list(granules), args.region, args.maximum_lag, partial(in_archive, args.level))
    clear = clear_enough(scenes, args.cloud, args.tiles)
    found = find_coincidences(granules, clear, args.projection, args.maximum_lag, args.least_overlap)
    heading = f"Found by `snakemake search`: {args.start} to {args.end}, release {args.release}, {args.level}."
    release = {key: granule.release for key, granule in granules.items()}
    products = [pair for key in sorted(set(found["granule"])) for pair in products_of(granules[key])]
    paths = write_tables(tables_of(found, release, args.beams, products), args.tables, heading)
    logger.info("%d coincidences of %d granules", len(found), found["granule"].nunique())
    logger.info("read, edit and commit %s", ", ".join(map(str, paths)))


def products_of(granule: Granule) -> Iterator[tuple[str, str]]:
    """Give the granule with each product of NASA's that there is of its pass; without any, there is nothing to lose."""
    for product in NASA_PRODUCTS:
        try:
            if of_hemisphere(granule.key, (one.name for one in companions(granule, product))):
                yield granule.key, product
        except LeadlineError as error:
            logger.warning("%s: not compared with %s: %s", granule.key, product, error)


if __name__ == "__main__":
    run(main)
