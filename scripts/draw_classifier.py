"""Draw how reliable the probabilities of the networks are, and tell their scores by why a segment has its label."""

import json
from argparse import ArgumentParser
from pathlib import Path

from leadline.figures.classifier import draw_reliability
from leadline.files import written_whole
from leadline.log import run
from leadline.metrics import groups_table


def main() -> None:
    """Parse the command line and write the figure and the table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="JSON metrics, named after the network")
    parser.add_argument("--reliability", type=Path, required=True, help="PNG to write")
    parser.add_argument("--groups", type=Path, required=True, help="tab-separated table to write")
    options = parser.parse_args()

    metrics = {path.stem.removesuffix("_metrics"): json.loads(path.read_text()) for path in options.metrics}
    with written_whole(options.reliability) as aside:
        draw_reliability(metrics).savefig(aside)
    with written_whole(options.groups) as aside:
        groups_table(metrics).to_csv(aside, sep="\t", index=False, float_format="%.2f")


if __name__ == "__main__":
    run(main)
