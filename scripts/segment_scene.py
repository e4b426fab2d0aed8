"""Segment a Sentinel-2 scene into surface classes; a scene that cannot be used is named in the account."""

import argparse
import logging
from pathlib import Path

from leadline.accounts import Account, State, write_account
from leadline.class_raster import write_classes, write_empty_classes
from leadline.errors import InputDataError
from leadline.log import run, share
from leadline.scene import open_scene
from leadline.scene_classes import SETTINGS, classes_of_scene
from leadline.segmentation import FILTERS, Quality

logger = logging.getLogger("leadline.segment_scene")


def main() -> None:
    """Parse the command line and write the classes and their account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene", type=Path, required=True, help="SAFE folder, STAC item or its folder, or GeoTIFF")
    parser.add_argument("--name", required=True, help="scene key, S2_Ttile_yyyymmddThhmmss")
    parser.add_argument("--scale", choices=["fixed", "calibrated"], required=True, help="how it becomes 8 bit")
    parser.add_argument("--filtered-by", choices=FILTERS, required=True, help="how thin cloud and shadow are told")
    parser.add_argument("--white", type=float, required=True, help="reflectance that becomes 255 of a fixed scale")
    parser.add_argument("--thick-cloud-brightness", type=float, required=True, help="least visible reflectance")
    parser.add_argument("--thick-cloud-flatness", type=float, required=True, help="least B08 / B03")
    parser.add_argument("--transition", type=float, required=True, help="reach of a class boundary, m")
    parser.add_argument("--output", type=Path, required=True, help="COG of classes, quality and value")
    parser.add_argument("--account", type=Path, required=True, help="JSON account")
    args = parser.parse_args()
    settings = {name: getattr(args, name) for name in SETTINGS}
    try:
        with open_scene(args.scene) as scene:
            classes, counts, tags = classes_of_scene(scene, **settings)
        write_classes(args.output, classes, {"scene": args.name, **tags})
        if tags["remarks"]:
            logger.warning("%s: %s", args.name, tags["remarks"])
        account = Account("labels", args.name, State.OK, tags["remarks"], counts)
        known = counts["pixels"] - counts["pixels_nodata"] - counts["pixels_unknown"]
        logger.info("%s: classes of %s pixels", args.name, share(known, counts["pixels"]))
    except InputDataError as error:
        reason = f"{args.name}: {error}"
        logger.warning("%s", reason)
        hidden = Quality.THICK_CLOUD if error.state == State.ALL_CLOUD else Quality.NODATA
        write_empty_classes(args.output, hidden, {"scene": args.name, "state": error.state, **settings})
        account = Account("labels", args.name, error.state, reason)
    write_account(args.account, account)


if __name__ == "__main__":
    run(main)
