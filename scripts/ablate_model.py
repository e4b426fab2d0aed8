"""Measure what each choice of a preset is worth, and write a table: the preset without it, for several seeds."""

from argparse import ArgumentParser
from pathlib import Path

import pandas as pd

from leadline.benchmarks.ablation import Data, ablation, settings_of
from leadline.config import read_yaml
from leadline.distributed import start
from leadline.features import known_classes
from leadline.files import written_whole
from leadline.log import run
from leadline.models import NETWORKS
from leadline.names import KEY
from leadline.tables import TRAINING_SET, TRUTH, read_table


def main() -> None:
    """Train and measure all variants, and write the table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config/config.yaml"), help="where the presets stand")
    parser.add_argument("--preset", default="default")
    parser.add_argument("--architecture", choices=NETWORKS, default="lstm")
    parser.add_argument("--training-set", type=Path, required=True)
    parser.add_argument("--test-set", type=Path, nargs="+", required=True, help="of granules that are untouched")
    parser.add_argument("--truth", type=Path, nargs="*", default=[], help="of each test set; labels if not given")
    parser.add_argument("--segment-length", type=float, default=2.0, help="length of the segments, m")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--output", type=Path, required=True, help="tab-separated table to write")
    options = parser.parse_args()

    start()
    tables = [read_table(path, TRAINING_SET) for path in options.test_set]
    truths = [read_table(path, TRUTH) for path in options.truth] or tables
    # Worlds of other seeds may lie under granules of the same name.
    worlds = [
        table.assign(granule=f"{number} " + table["granule"], truth=known_classes(table, truth))
        for number, (table, truth) in enumerate(zip(tables, truths, strict=True))
    ]
    untouched = pd.concat(worlds).sort_values(list(KEY), ignore_index=True)
    truth = untouched.pop("truth").to_numpy()
    data = Data(read_table(options.training_set, TRAINING_SET), untouched, truth, options.segment_length)
    preset = settings_of(read_yaml(options.config)["model"]["presets"][options.preset])
    table = ablation(data, options.architecture, preset, options.seeds)
    with written_whole(options.output) as aside:
        table.to_csv(aside, sep="\t", index=False, float_format="%.3f")


if __name__ == "__main__":
    run(main)
