"""Label the segments of a batch of granules from the scenes that coincide with them, and by hand (Spark)."""

import argparse
from pathlib import Path

import pandas as pd

from leadline.accounts import write_account
from leadline.hand_labels import read_corrections
from leadline.labels import account_of_labels
from leadline.log import run
from leadline.overlay import read_overlay
from leadline.spark.labels import label_tracks

LAID = ["granule", "scene", "lag", "shift_x", "shift_y", "uncertainty"]


def main() -> None:
    """Parse the command line and write the labels and their account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=Path, nargs="+", required=True, help="tables of segments")
    parser.add_argument("--scenes", type=Path, nargs="*", required=True, help="class rasters of scenes")
    parser.add_argument("--overlays", type=Path, nargs="*", required=True, help="JSON files of how scenes are laid")
    parser.add_argument("--corrections", type=Path, required=True, help="table of labels set by hand")
    parser.add_argument("--projection", required=True, help="plane of the shifts, as in EPSG:3976")
    parser.add_argument("--minimum-confidence", type=float, required=True, help="least share of agreeing pixels")
    parser.add_argument("--batch", required=True, help="name of the batch")
    parser.add_argument("--output", type=Path, required=True, help="Parquet folder of labels")
    parser.add_argument("--account", type=Path, required=True, help="JSON account")
    args = parser.parse_args()
    counts = label_tracks(
        args.segments,
        read_coincidences(args.overlays, args.scenes),
        read_corrections(args.corrections),
        args.projection,
        args.minimum_confidence,
        args.output,
    )
    write_account(args.account, account_of_labels(args.batch, counts))


def read_coincidences(overlays: list[Path], scenes: list[Path]) -> pd.DataFrame:
    """Return how scenes are laid on tracks as a table, each with the path of its scene's classes."""
    paths = {path.stem: str(path) for path in scenes}
    laid = [read_overlay(path) for path in overlays]
    rows = [[*(getattr(overlay, name) for name in LAID), paths[overlay.scene]] for overlay in laid]
    return pd.DataFrame(rows, columns=[*LAID, "path"])


if __name__ == "__main__":
    run(main)
