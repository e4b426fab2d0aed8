"""Fetch one Sentinel-2 scene from an archive: its 10 m bands whole, or of COGs what lies near the tracks."""

import argparse
import json
import os
from pathlib import Path

from leadline.archives.ground_track import ground_track
from leadline.archives.sentinel_account import open_session
from leadline.archives.sentinel_dhus import Mirror
from leadline.archives.sentinel_fetch import fetch_scene
from leadline.archives.sentinel_search import find_scene
from leadline.log import run


def main() -> None:
    """Parse the command line and fetch the scene."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene", required=True, help="scene key, S2_Ttile_yyyymmddThhmmss")
    parser.add_argument("--archive", type=json.loads, required=True, help="the archive as in the config, JSON")
    parser.add_argument("--level", choices=["L1C", "L2A"], required=True, help="level of processing")
    parser.add_argument(
        "--granules", nargs="+", default=[], help="granules near whose tracks COGs are read; else whole"
    )
    parser.add_argument("--reach", type=float, default=0.0, help="how far from the tracks, m")
    parser.add_argument("--output", type=Path, required=True, help="folder of the STAC item and the bands")
    args = parser.parse_args()
    if "dhus" in args.archive:
        Mirror(args.archive, os.environ).fetch(args.level, args.scene, args.output)
    else:
        item = find_scene(args.archive, args.level, args.scene)
        tracks = [ground_track(granule) for granule in args.granules]
        fetch_scene(item, args.output, open_session(args.archive, args.level, os.environ), tracks, args.reach)


if __name__ == "__main__":
    run(main)
