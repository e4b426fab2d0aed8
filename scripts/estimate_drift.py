"""Estimate the shift that lays a scene on the track of a granule, and choose the one that labels its segments."""

import argparse
import logging
from pathlib import Path

from leadline.cells import COLUMNS
from leadline.class_raster import crs_of, read_classes
from leadline.drift import estimate_drift
from leadline.labels import bounds_of, places_in_scene
from leadline.log import run
from leadline.overlay import overlay, write_overlay
from leadline.tables import SEGMENTS, read_table

logger = logging.getLogger("leadline.estimate_drift")


def main() -> None:
    """Parse the command line and write the overlay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=Path, required=True, help="Parquet table of segments")
    parser.add_argument("--classes", type=Path, required=True, help="COG of the scene's classes")
    parser.add_argument("--granule", required=True, help="granule key")
    parser.add_argument("--scene", required=True, help="scene key")
    parser.add_argument("--lag", type=float, required=True, help="scene minus track, min")
    parser.add_argument("--by-hand", type=float, nargs=2, help="x and y of a shift by hand, m; it wins")
    parser.add_argument("--projection", required=True, help="plane of the shifts, as in EPSG:3976")
    parser.add_argument("--drift-reach", type=float, required=True, help="farthest shift along x and y, m")
    parser.add_argument("--hand-shift-error", type=float, required=True, help="standard error of a shift by hand, m")
    parser.add_argument("--ice-speed", type=float, required=True, help="how fast the ice may have drifted, m/s")
    parser.add_argument("--output", type=Path, required=True, help="JSON file of the shift and the estimate")
    args = parser.parse_args()
    segments = read_table(args.segments, SEGMENTS, list(COLUMNS))
    # A shift along both axes of the projection, which is turned against the scene's.
    margin = 2 * args.drift_reach
    places = (segments[name].to_numpy() for name in ("latitude", "longitude"))
    bounds = bounds_of(*places_in_scene(*places, (0.0, 0.0), args.projection, crs_of(args.classes)), margin)
    by_hand = tuple(args.by_hand) if args.by_hand else None
    drift = estimate_drift(
        segments, read_classes(args.classes, bounds), args.projection, reach=args.drift_reach, given=by_hand
    )
    laid = overlay(
        args.granule,
        args.scene,
        args.lag,
        by_hand,
        drift,
        hand_error=args.hand_shift_error,
        ice_speed=args.ice_speed,
    )
    logger.info(
        "%s %s: laid %s by %.0f m, %.0f m; estimated %.0f m, %.0f m (standard error %.0f m)%s",
        args.granule,
        args.scene,
        laid.source,
        laid.shift_x,
        laid.shift_y,
        drift.shift_x,
        drift.shift_y,
        drift.uncertainty,
        drift.reason and f", refused: {drift.reason}",
    )
    write_overlay(args.output, laid)


if __name__ == "__main__":
    run(main)
