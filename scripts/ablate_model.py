"""Measure what each choice of a preset is worth, and how far the paper's split flatters; several seeds each.

Writes, into a folder, ablation.tsv and .png (the preset without each choice), seeds.tsv (its scores and the paper's
preset's beside the paper's own), leak.tsv and .png (a network measured by a random split and by blocks).
"""

from argparse import ArgumentParser
from pathlib import Path

import pandas as pd

from leadline.benchmarks.ablation import Data, ablation, beside_table_iii, gains
from leadline.benchmarks.leak import leak, matrices, summarised
from leadline.distributed import start
from leadline.features import known_classes
from leadline.figures.classifier import draw_ablation, draw_confusion
from leadline.files import written_whole
from leadline.log import run
from leadline.tables import TRAINING_SET, TRUTH, read_table
from leadline.training import TrainingSettings
from training_options import add_training, training_settings


def main() -> None:
    """Train and measure all variants, and write the tables and figures."""
    parser = ArgumentParser(description=__doc__)
    add_training(parser)
    parser.add_argument("--test-set", type=Path, required=True, help="of granules that are untouched")
    parser.add_argument("--truth", type=Path, nargs="*", default=[], help="simulated, of these; labels if not given")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    options = parser.parse_args()

    start()
    untouched = read_table(options.test_set, TRAINING_SET)
    truth = pd.concat([read_table(path, TRUTH) for path in options.truth]) if options.truth else untouched
    classes = known_classes(untouched, truth)
    data = Data(read_table(options.training_set, TRAINING_SET), untouched, classes, options.segment_length)
    variants = ablation(data, options.architecture, training_settings(options), options.seeds)
    splits = leak(data, options.architecture, TrainingSettings(), options.seeds)
    for name, table in (
        ("ablation", gains(variants)),
        ("seeds", beside_table_iii(variants)),
        ("leak", summarised(splits)),
    ):
        with written_whole(options.output / f"{name}.tsv") as aside:
            table.to_csv(aside, sep="\t", index=False, float_format="%.3f")
    for name, figure in (("ablation", draw_ablation(gains(variants))), ("leak", draw_confusion(matrices(splits)))):
        with written_whole(options.output / f"{name}.png") as aside:
            figure.savefig(aside)


if __name__ == "__main__":
    run(main)
