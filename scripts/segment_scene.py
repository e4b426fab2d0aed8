"""Segment a Sentinel-2 scene into surface classes; a scene that cannot be used is named in the account."""

import argparse
import logging
from pathlib import Path

from leadline.accounts import Account, State, write_account
from leadline.errors import InputDataError
from leadline.log import run, share
from leadline.scene import read_scene, write_classes, write_empty_classes
from leadline.segmentation import Quality, segment_scene

logger = logging.getLogger("leadline.segment_scene")


def main() -> None:
    """Parse the command line and write the classes and their account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene", type=Path, required=True, help="GeoTIFF of digital numbers")
    parser.add_argument("--name", required=True, help="scene key, S2_Ttile_yyyymmddThhmmss")
    parser.add_argument("--white", type=float, required=True, help="reflectance that becomes 255")
    parser.add_argument("--thick-cloud-brightness", type=float, required=True, help="least visible reflectance")
    parser.add_argument("--thick-cloud-flatness", type=float, required=True, help="least B08 / B03")
    parser.add_argument("--output", type=Path, required=True, help="COG of classes and quality")
    parser.add_argument("--account", type=Path, required=True, help="JSON account")
    args = parser.parse_args()
    names = ("white", "thick_cloud_brightness", "thick_cloud_flatness")
    settings = {name: getattr(args, name) for name in names}
    try:
        scene = read_scene(args.scene)
        classes, quality, counts = segment_scene(scene.reflectance, scene.valid, **settings)
        write_classes(args.output, scene, classes, quality, {"scene": args.name, **settings, **scene.provenance})
        account = Account("labels", args.name, State.OK, counts=counts)
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
