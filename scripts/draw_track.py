"""Draw one track: classes, heights with the four sea surfaces, and freeboard."""

import argparse
from pathlib import Path

from leadline.figures.track import draw_track
from leadline.files import written_whole
from leadline.log import run
from leadline.tables import FREEBOARD, LABELS, LEADS, TRUTH, read_track


def main() -> None:
    """Parse the command line and write the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granule", required=True, help="granule key, yyyymmddhhmmss_ttttccss")
    parser.add_argument("--beam", required=True, help="gt1l to gt3r")
    parser.add_argument("--segment-length", type=float, required=True, help="length of a segment, m")
    parser.add_argument("--source", required=True, help="where the photons come from")
    parser.add_argument("--freeboard", type=Path, required=True, help="Parquet folder of freeboard")
    parser.add_argument("--labels", type=Path, required=True, help="Parquet folder of labels")
    parser.add_argument("--leads", type=Path, required=True, help="Parquet folder of leads")
    parser.add_argument("--truth", type=Path, nargs="*", default=[], help="truth of a simulated granule")
    parser.add_argument("--output", type=Path, required=True, help="PNG to write")
    args = parser.parse_args()
    title = f"{args.granule} {args.beam}, photons {args.source}"
    freeboard, labels, leads = (
        read_track(path, schema, args.granule, args.beam)
        for path, schema in ((args.freeboard, FREEBOARD), (args.labels, LABELS), (args.leads, LEADS))
    )
    truth = read_track(args.truth[0], TRUTH, args.granule, args.beam) if args.truth else None
    figure = draw_track(title, args.segment_length, freeboard, labels, leads, truth)
    with written_whole(args.output) as aside:
        figure.savefig(aside)


if __name__ == "__main__":
    run(main)
