"""Write the page on which a person sets the class of doubtful stretches."""

import argparse
from pathlib import Path

from leadline.beam import Selection
from leadline.doubtful import KINDS
from leadline.files import written_whole
from leadline.log import logger, run, share
from leadline.overlay import read_overlay
from leadline.pages.review_page import review_page
from leadline.pages.review_sources import Batch, Results


def main() -> None:
    """Parse the command line and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, nargs="*", required=True, help="Parquet folders of labels, by batch")
    parser.add_argument("--freeboard", type=Path, nargs="*", required=True, help="those of freeboard, as ordered")
    parser.add_argument("--segments", type=Path, nargs="*", required=True, help="tables of segments, by granule")
    parser.add_argument("--photons", nargs="*", required=True, help="granule=path of the ATL03 files")
    parser.add_argument("--scenes", type=Path, nargs="*", required=True, help="class rasters of scenes")
    parser.add_argument("--overlays", type=Path, nargs="*", required=True, help="JSON files of how scenes are laid")
    parser.add_argument("--corrections", type=Path, required=True, help="table of labels set by hand")
    parser.add_argument("--segment-length", type=float, required=True, help="length of a segment, m")
    parser.add_argument("--minimum-confidence", type=int, required=True, help="lowest confidence that is kept")
    parser.add_argument("--quality-before-007", type=int, nargs="+", required=True, help="quality_ph kept before 007")
    parser.add_argument("--quality-from-007", type=int, nargs="+", required=True, help="quality_ph kept from 007 on")
    parser.add_argument("--podppd-flags", type=int, nargs="+", required=True, help="podppd_flag values that are kept")
    parser.add_argument("--mss", required=True, help="mean sea surface: dem, geoid, or a grid's file")
    parser.add_argument("--projection", required=True, help="plane of the shifts, as in EPSG:3976")
    parser.add_argument("--limit", type=int, required=True, help="most stretches of the page")
    parser.add_argument("--source", required=True, help="where the photons come from")
    parser.add_argument("--digest", required=True, help="digest that tells the campaign from others")
    parser.add_argument("--output", type=Path, required=True, help="HTML page")
    args = parser.parse_args()
    qualities = tuple(args.quality_before_007), tuple(args.quality_from_007)
    rasters = {path.stem: path for path in args.scenes}
    overlays = [read_overlay(path) for path in args.overlays]
    results = Results(
        batches=[Batch(*paths) for paths in zip(args.labels, args.freeboard, strict=True)],
        segments={path.stem: path for path in args.segments},
        photons={granule: Path(path) for granule, path in (pair.split("=", 1) for pair in args.photons)},
        laid=[(overlay, rasters[overlay.scene]) for overlay in overlays],
        projection=args.projection,
        segment_length=args.segment_length,
        selection=Selection(args.minimum_confidence, *qualities, tuple(args.podppd_flags), args.mss),
    )
    stretches, n_found = results.most_doubtful(args.limit)
    campaign = {
        "digest": args.digest,
        "source": args.source,
        "segment_length": args.segment_length,
        "n_found": n_found,
        "table": str(args.corrections),
    }
    page = review_page(results.for_page(stretches), campaign, args.corrections.read_text())
    with written_whole(args.output) as aside:
        aside.write_text(page)
    counts = stretches["kind"].value_counts()
    kinds = ", ".join(f"{count} {KINDS[kind]}" for kind, count in counts.items())
    logger.info("%s: %s stretches in doubt: %s", args.output, share(len(stretches), n_found), kinds)


if __name__ == "__main__":
    run(main)
