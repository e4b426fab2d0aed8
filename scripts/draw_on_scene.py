"""Draw one track on the scene that it sees: before and after the shift, and the classes along it."""

import argparse
from pathlib import Path

from leadline.class_raster import crs_of, read_classes
from leadline.figures.on_scene import CLOSE, draw_on_scene, draw_unseen
from leadline.files import written_whole
from leadline.log import run
from leadline.overlay import read_overlay
from leadline.sight import bounds_around, most_seen, sight_of
from leadline.tables import FREEBOARD, LABELS, TRUTH, read_track

SIDE = 2000
"""Most pixels along a side of the whole scene."""


def main() -> None:
    """Parse the command line and write the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granule", required=True, help="granule key, yyyymmddhhmmss_ttttccss")
    parser.add_argument("--beam", required=True, help="gt1l to gt3r")
    parser.add_argument("--segment-length", type=float, required=True, help="length of a segment, m")
    parser.add_argument("--source", required=True, help="where photons and scenes come from")
    parser.add_argument("--projection", required=True, help="plane of the shifts, as in EPSG:3976")
    parser.add_argument("--freeboard", type=Path, required=True, help="Parquet folder of freeboard, with the classes")
    parser.add_argument("--labels", type=Path, required=True, help="Parquet folder of labels")
    parser.add_argument("--truth", type=Path, nargs="*", default=[], help="truth of a simulated granule")
    parser.add_argument("--scenes", type=Path, nargs="*", default=[], help="class rasters of the granule's scenes")
    parser.add_argument("--overlays", type=Path, nargs="*", default=[], help="how these are laid, in the same order")
    parser.add_argument("--output", type=Path, required=True, help="PNG to write")
    args = parser.parse_args()
    title = f"{args.granule} {args.beam}, {args.source}"
    track, labels = (
        read_track(path, schema, args.granule, args.beam)
        for path, schema in ((args.freeboard, FREEBOARD), (args.labels, LABELS))
    )
    truth = read_track(args.truth[0], TRUTH, args.granule, args.beam) if args.truth else None
    overlays = {laid.scene: laid for laid in map(read_overlay, args.overlays)}
    paths = {path.stem: path for path in args.scenes}
    sight = None
    if name := most_seen(labels, list(overlays)):
        scene = read_classes(paths[name], side=SIDE)
        sight = sight_of(track, overlays[name], scene, args.projection, CLOSE)
    if sight is None:
        figure = draw_unseen(title, "No scene shows this track; the report's table of states says why.")
    else:
        bounds = bounds_around(sight.course, crs_of(paths[name]), sight.middle, CLOSE)
        close = read_classes(paths[name], bounds)
        figure = draw_on_scene(title, args.segment_length, track, labels, truth, sight, scene, close)
    with written_whole(args.output) as aside:
        figure.savefig(aside)


if __name__ == "__main__":
    run(main)
