"""Measure auto-labelling by Spark as the paper's Table II does, on simulated segments and in any layout of executors.

Load: segments and windows of scenes into the executors' memory. Map: the labelling is declared (Spark is lazy). Reduce:
the action that labels, writes and counts. With the defaults it takes a quarter of an hour.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from leadline.benchmarks.autolabel import Layout, measure, table_of, write_load
from leadline.benchmarks.measures import machine
from leadline.errors import LeadlineError
from leadline.files import written_whole
from leadline.log import run

RESULTS = Path("results")
LAYOUTS = [Layout(1, 1), Layout(1, 2), Layout(2, 1)]


def main() -> None:
    """Parse the command line, measure, write the table and all figures, and show the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=20_000_000, help="segments to label, at least")
    parser.add_argument("--layouts", type=layout, nargs="+", default=LAYOUTS, help="executors x cores, as in 4x4")
    parser.add_argument("--rounds", type=int, default=3, help="times that each layout is timed")
    parser.add_argument("--master", help="a cluster that is there, as in spark://host:7077 or yarn")
    parser.add_argument("--folder", type=Path, help="where the load is written for a while; all executors must see it")
    parser.add_argument("--memory", type=int, default=6144, help="memory of all executors together, MiB")
    parser.add_argument(
        "--simulated-segments", type=Path, default=RESULTS / "segments" / "20191113193000_90020510.parquet"
    )
    parser.add_argument("--simulated-classes", type=Path, default=RESULTS / "labels" / "S2_T02CMA_20191113T190000.tif")
    parser.add_argument("--shift", type=float, nargs=2, default=(280.0, -310.0), help="of the scene, m")
    parser.add_argument("--uncertainty", type=float, default=10.0, help="of the shift, m")
    parser.add_argument("--projection", default="EPSG:3976", help="plane of the shift")
    parser.add_argument("--minimum-confidence", type=float, default=0.7, help="least share of agreeing pixels")
    parser.add_argument("--output", type=Path, default=RESULTS / "benchmarks" / "autolabel.tsv", help="the table")
    args = parser.parse_args()
    for path in (args.simulated_segments, args.simulated_classes):
        if not path.exists():
            raise LeadlineError(f"{path}: there is no such file; run the demo (make demo), or name another")
    with TemporaryDirectory(dir=args.folder) as folder:
        load = write_load(
            args.simulated_segments,
            args.simulated_classes,
            tuple(args.shift),
            args.uncertainty,
            args.segments,
            Path(folder),
        )
        settings = {"spark.master": args.master} if args.master else {}
        times = list(
            measure(load, args.layouts, args.rounds, args.projection, args.minimum_confidence, args.memory, settings)
        )
    table = table_of(times, load.n_segments)
    with written_whole(args.output) as aside:
        table.to_csv(aside, sep="\t", index=False, float_format="%.3f")
    figures = {
        "source": "simulated",
        "machine": machine(max(each.executors * each.cores for each in args.layouts)),
        "master": args.master or "local-cluster",
        "segments": load.n_segments,
        "granules": len(load.segments),
        "times": [each._asdict() for each in times],
        "table": json.loads(table.to_json(orient="records")),
    }
    with written_whole(args.output.with_suffix(".json")) as aside:
        aside.write_text(json.dumps(figures, indent=2) + "\n")
    sys.stdout.write(table.to_string(index=False, float_format="%.2f", na_rep="-") + "\n")


def layout(text: str) -> Layout:
    """Return the layout that a text like 4x4 names."""
    if not re.fullmatch(r"[1-9]\d*x[1-9]\d*", text):
        raise argparse.ArgumentTypeError(f"{text}: expected executors x cores, as in 4x4")
    return Layout(*map(int, text.split("x")))


if __name__ == "__main__":
    run(main)
