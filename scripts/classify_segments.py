"""Classify the segments of a granule with a trained network, as one process or as several ranks together."""

from argparse import ArgumentParser
from pathlib import Path

import pandas as pd

from leadline.accounts import Account, State, write_account
from leadline.distributed import start
from leadline.features import class_counts
from leadline.inference import classify
from leadline.log import logger, run, share
from leadline.models import read_model
from leadline.tables import CLASSES, SEGMENTS, read_table, write_table


def main() -> None:
    """Classify, and let rank 0 write the table CLASSES and its account."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=Path, required=True)
    parser.add_argument("--segment-length", type=float, required=True, help="length of the segments, m")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--description", type=Path, required=True)
    parser.add_argument("--granule", required=True)
    parser.add_argument("--output", type=Path, required=True, help="Parquet file to write")
    parser.add_argument("--account", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args()

    ranks = start()
    network, description = read_model(options.model, options.description, options.segment_length)
    segments = read_table(options.segments, SEGMENTS)
    with ranks.bound_together("start again"):
        classes = classify(network, description, segments, options.segment_length, ranks)
    if ranks.rank == 0:
        write_table(options.output, classes, CLASSES)
        write_account(options.account, _account(options.granule, classes))


def _account(granule: str, classes: pd.DataFrame) -> Account:
    if classes.empty:
        reason = f"{granule}: no segments to classify; their own account says why"
        return Account("classes", granule, State.NO_PHOTONS_KEPT, reason)
    outside = int(classes["out_of_domain"].sum())
    by_class = class_counts(classes["surface_class"].to_numpy())
    counts = {"segments": len(classes), **{f"segments_{name}": n for name, n in by_class.items()}}
    logger.info("%s: %s segments are outside of what the network knows", granule, share(outside, len(classes)))
    reason = ""
    if outside > len(classes) / 2:
        reason = (
            f"{granule}: {share(outside, len(classes))} segments are unlike all that the network learned from and"
            " have no class; train it on such granules"
        )
    return Account("classes", granule, reason=reason, counts={**counts, "segments_out_of_domain": outside})


if __name__ == "__main__":
    run(main)
