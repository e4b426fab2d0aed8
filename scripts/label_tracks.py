"""Label the segments of a batch of granules from the scenes that coincide with them (Spark)."""

import argparse
from pathlib import Path

import pandas as pd

from leadline.accounts import write_account
from leadline.labels import account_of_labels
from leadline.log import run
from leadline.spark.labels import label_tracks


def main() -> None:
    """Parse the command line and write the labels and their account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=Path, nargs="+", required=True, help="tables of segments")
    parser.add_argument("--scenes", type=Path, nargs="*", required=True, help="class rasters of scenes")
    parser.add_argument("--coincidences", nargs="*", required=True, help="granule,scene,lag,shift_x,shift_y each")
    parser.add_argument("--projection", required=True, help="plane of the shifts, as in EPSG:3976")
    parser.add_argument("--minimum-confidence", type=float, required=True, help="least share of agreeing pixels")
    parser.add_argument("--batch", required=True, help="name of the batch")
    parser.add_argument("--output", type=Path, required=True, help="Parquet folder of labels")
    parser.add_argument("--account", type=Path, required=True, help="JSON account")
    args = parser.parse_args()
    counts = label_tracks(args.segments, _coincidences(args), args.projection, args.minimum_confidence, args.output)
    write_account(args.account, account_of_labels(args.batch, counts))


def _coincidences(args: argparse.Namespace) -> pd.DataFrame:
    """Return the coincidences as a table, each with the path of its scene's classes."""
    rows = [text.split(",") for text in args.coincidences]
    table = pd.DataFrame(rows, columns=["granule", "scene", "lag", "shift_x", "shift_y"])
    paths = {path.stem: str(path) for path in args.scenes}
    return table.astype({"lag": float, "shift_x": float, "shift_y": float}).assign(path=table["scene"].map(paths))


if __name__ == "__main__":
    run(main)
