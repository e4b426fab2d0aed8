"""Join segments and labels of the granules of one role into one table, to train with or to test with."""

from argparse import ArgumentParser
from pathlib import Path

import pandas as pd

from leadline.features import NO_LABEL, require_learnable, training_set
from leadline.log import logger, run, share
from leadline.names import KEY, SurfaceClass
from leadline.tables import LABELS, SEGMENTS, TRAINING_SET, empty_table, read_table, write_table
from leadline.trees import SUPPORTED, label_support


def main() -> None:
    """Write the table TRAINING_SET of the granules; one to train with must hold two surface classes."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--granules", nargs="*", required=True, help="keys of the granules")
    parser.add_argument("--segments", nargs="*", type=Path, required=True, help="segments of each granule")
    parser.add_argument("--labels", nargs="*", type=Path, required=True, help="labels of the granules' batches")
    parser.add_argument("--segment-length", type=float, required=True, help="length of the segments, m")
    parser.add_argument("--role", choices=("train", "test"), required=True, help="of the granules")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()

    columns = [*KEY, *NO_LABEL]
    of_batches = [read_table(path, LABELS, columns) for path in options.labels]
    labels = pd.concat([empty_table(LABELS)[columns], *of_batches])
    tables = [
        training_set(read_table(path, SEGMENTS), labels[labels["granule"] == granule], options.role)
        for granule, path in zip(options.granules, options.segments, strict=True)
    ]
    table = pd.concat([empty_table(TRAINING_SET), *tables]).sort_values(list(KEY), ignore_index=True)
    if options.role == "train":
        require_learnable(table)
        table["support"] = label_support(table, options.segment_length)
        logger.info(
            "%s: %s labels lack support", options.output, share(int((table["support"] < SUPPORTED).sum()), len(table))
        )
    write_table(options.output, table, TRAINING_SET)
    labelled = int((table["surface_class"] != SurfaceClass.UNKNOWN).sum())
    logger.info("%s: %s segments have a label", options.output, share(labelled, len(table)))


if __name__ == "__main__":
    run(main)
