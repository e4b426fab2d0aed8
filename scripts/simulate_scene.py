"""Simulate one Sentinel-2 scene of the ice under a simulated granule."""

import argparse
from pathlib import Path

from flight import add_flight, flight
from leadline.log import run
from leadline.simulate.sentinel2 import SceneSettings, simulate_scene


def main() -> None:
    """Parse the command line and write the scene."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_flight(parser)
    parser.add_argument("--scene-name", required=True, help="scene key, S2_Ttile_yyyymmddThhmmss")
    parser.add_argument("--drift-x", type=float, required=True, help="drift of the ice until the scene, m along x")
    parser.add_argument("--drift-y", type=float, required=True, help="drift of the ice until the scene, m along y")
    parser.add_argument("--lag", type=float, required=True, help="scene minus track, min")
    parser.add_argument("--thin-cloud", type=float, required=True, help="share of the scene under thin cloud")
    parser.add_argument(
        "--thick-cloud", choices=["True", "False"], required=True, help="whether a thick cloud hides part"
    )
    parser.add_argument(
        "--nodata-corner", choices=["True", "False"], required=True, help="whether a corner has no data"
    )
    parser.add_argument("--offset", type=int, required=True, help="RADIO_ADD_OFFSET of its processing baseline, DN")
    parser.add_argument("--scene", type=Path, required=True, help="GeoTIFF to write")
    args = parser.parse_args()
    settings = SceneSettings(
        name=args.scene_name,
        granule=flight(args),
        drift_x=args.drift_x,
        drift_y=args.drift_y,
        thin_cloud=args.thin_cloud,
        thick_cloud=args.thick_cloud == "True",
        nodata_corner=args.nodata_corner == "True",
        offset=args.offset,
        lag_minutes=args.lag,
    )
    simulate_scene(args.scene, settings)


if __name__ == "__main__":
    run(main)
