"""Write the zoomable page of one track from its product, photons, labels and scenes."""

import argparse
from pathlib import Path

from leadline.beam import Selection
from leadline.errors import InputDataError
from leadline.files import written_whole
from leadline.log import logger, run
from leadline.overlay import read_overlay
from leadline.pages.scene_strip import scene_strip
from leadline.pages.track_content import content_of, read_product
from leadline.pages.track_page import track_page
from leadline.pages.track_photons import signal_photons
from leadline.tables import LABELS, TRUTH, read_track


def main() -> None:
    """Parse the command line and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--product", type=Path, required=True, help="NetCDF product of the track")
    parser.add_argument("--photons", type=Path, required=True, help="ATL03 file of the granule")
    parser.add_argument("--labels", type=Path, required=True, help="Parquet folder of the batch's labels")
    parser.add_argument("--truth", type=Path, nargs="*", default=[], help="truth of a simulated granule")
    parser.add_argument("--overlays", type=Path, nargs="*", default=[], help="JSON files of how scenes are laid")
    parser.add_argument("--scenes", type=Path, nargs="*", default=[], help="COGs of their classes, in the same order")
    parser.add_argument("--projection", required=True, help="plane of the shifts, as in EPSG:3976")
    parser.add_argument("--minimum-confidence", type=int, required=True, help="lowest confidence that is kept")
    parser.add_argument("--quality-before-007", type=int, nargs="+", required=True, help="quality_ph kept before 007")
    parser.add_argument("--quality-from-007", type=int, nargs="+", required=True, help="quality_ph kept from 007 on")
    parser.add_argument("--podppd-flags", type=int, nargs="+", required=True, help="podppd_flag values that are kept")
    parser.add_argument("--mss", required=True, help="mean sea surface: dem, geoid, or a grid's file")
    parser.add_argument("--output", type=Path, required=True, help="HTML page")
    args = parser.parse_args()
    qualities = tuple(args.quality_before_007), tuple(args.quality_from_007)
    selection = Selection(args.minimum_confidence, *qualities, tuple(args.podppd_flags), args.mss)
    product = read_product(args.product)
    granule, beam = product.attributes["granule"], product.attributes["beam"]
    laid = [read_overlay(path) for path in args.overlays]
    content, notes = None, []
    if not product.segments.empty:
        photons = None
        try:
            photons = signal_photons(args.photons, beam, product.segment_length, selection)
        except InputDataError as error:
            notes.append(f"The photons cannot be shown: {error}.")
        labels = read_track(args.labels, LABELS, granule, beam)
        truth = read_track(args.truth[0], TRUTH, granule, beam) if args.truth else None
        strip = scene_strip(product.segments, list(zip(laid, args.scenes, strict=True)), args.projection)
        content = content_of(product, labels, truth, photons, strip)
    page = track_page(product, content, laid, notes)
    with written_whole(args.output) as aside:
        aside.write_text(page)
    logger.info("%s: %.1f MB", args.output, len(page) / 1e6)


if __name__ == "__main__":
    run(main)
