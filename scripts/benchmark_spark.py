"""Measure auto-labelling or freeboard by Spark as the paper's Tables II and V do, on simulated segments.

Load: what the job needs into the executors' memory. Map: the work is declared (Spark is lazy). Reduce: the actions that
do the work, write and count. In any layout of executors; with the defaults a job takes a quarter of an hour.
"""

import json
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pandas as pd

from leadline.benchmarks import autolabel, freeboard
from leadline.benchmarks.executors import Job, Layout, measure, table_of
from leadline.benchmarks.kernel import measure_kernel
from leadline.benchmarks.measures import machine
from leadline.errors import LeadlineError
from leadline.files import written_whole
from leadline.log import logger, run
from leadline.sea_surface import SeaSurfaceSettings

RESULTS = Path("results")
GRANULE = "20191113193000_90020510"
SCENE = "S2_T02CMA_20191113T190000"
LAYOUTS = [Layout(1, 1), Layout(1, 2), Layout(2, 1)]


class Benchmark(NamedTuple):
    """A job on a load, and what it is shown beside."""

    job: Job
    n_segments: int
    n_granules: int
    paper: pd.DataFrame
    rates: dict[str, str]
    beside: dict[str, dict[str, float]]
    """Further figures."""


def main() -> None:
    """Parse the command line, measure, write the table and all figures, and show the table."""
    args = _parser().parse_args()
    with TemporaryDirectory(dir=args.folder) as folder:
        benchmark = args.prepare(args, Path(folder))
        settings = {"spark.master": args.master} if args.master else {}
        times = list(measure(benchmark.job, args.layouts, args.rounds, args.memory, settings))
    table = table_of(times, benchmark.n_segments, benchmark.paper, benchmark.rates)
    output = args.output or RESULTS / "benchmarks" / f"{args.what}.tsv"
    with written_whole(output) as aside:
        table.to_csv(aside, sep="\t", index=False, float_format="%.3f")
    figures = {
        "source": "simulated",
        "machine": machine(max(each.executors * each.cores for each in args.layouts)),
        "master": args.master or "local-cluster",
        "segments": benchmark.n_segments,
        "granules": benchmark.n_granules,
        **benchmark.beside,
        "times": times,
        "table": json.loads(table.to_json(orient="records")),
    }
    with written_whole(output.with_suffix(".json")) as aside:
        aside.write_text(json.dumps(figures, indent=2) + "\n")
    sys.stdout.write(table.to_string(index=False, float_format="%.2f", na_rep="-") + "\n")


def _parser() -> ArgumentParser:
    common = ArgumentParser(add_help=False)
    common.add_argument("--segments", type=int, default=20_000_000, help="segments of the load, at least")
    common.add_argument("--layouts", type=layout, nargs="+", default=LAYOUTS, help="executors x cores, as in 4x4")
    common.add_argument("--rounds", type=int, default=3, help="times that each layout is timed")
    common.add_argument("--master", help="a cluster that is there, as in spark://host:7077 or yarn")
    common.add_argument("--folder", type=Path, help="where the load is written for a while; all executors must see it")
    common.add_argument("--memory", type=int, default=6144, help="memory of all executors together, MiB")
    common.add_argument("--simulated-segments", type=Path, default=RESULTS / "segments" / f"{GRANULE}.parquet")
    common.add_argument("--output", type=Path, help="the table; results/benchmarks/<job>.tsv unless given")
    parser = ArgumentParser(description=__doc__)
    jobs = parser.add_subparsers(dest="what", required=True)
    labels = jobs.add_parser("autolabel", parents=[common], help="labels from scenes: Table II")
    labels.set_defaults(prepare=_autolabel)
    labels.add_argument("--simulated-classes", type=Path, default=RESULTS / "labels" / f"{SCENE}.tif")
    labels.add_argument("--shift", type=float, nargs=2, default=(280.0, -310.0), help="of the scene, m")
    labels.add_argument("--uncertainty", type=float, default=10.0, help="of the shift, m")
    labels.add_argument("--projection", default="EPSG:3976", help="plane of the shift")
    labels.add_argument("--minimum-confidence", type=float, default=0.7, help="least share of agreeing pixels")
    freeboards = jobs.add_parser("freeboard", parents=[common], help="sea surface and freeboard: Table V")
    freeboards.set_defaults(prepare=_freeboard)
    freeboards.add_argument("--simulated-classes", type=Path, default=RESULTS / "classes" / f"{GRANULE}.parquet")
    return parser


def _autolabel(args: Namespace, folder: Path) -> Benchmark:
    _require(args)
    load = autolabel.write_load(
        args.simulated_segments, args.simulated_classes, tuple(args.shift), args.uncertainty, args.segments, folder
    )
    job = autolabel.job_of(load, args.projection, args.minimum_confidence)
    return Benchmark(job, load.n_segments, len(load.segments), autolabel.PAPER, autolabel.RATES, {})


def _freeboard(args: Namespace, folder: Path) -> Benchmark:
    _require(args)
    settings = SeaSurfaceSettings()
    load = freeboard.write_load(args.simulated_segments, args.simulated_classes, args.segments, settings, folder)
    job = freeboard.job_of(load, settings)
    kernel = measure_kernel(args.simulated_segments, args.simulated_classes, args.rounds)
    logger.info("kernel: %s", kernel)
    return Benchmark(job, load.n_segments, len(load.segments), freeboard.PAPER, freeboard.RATES, {"kernel": kernel})


def _require(args: Namespace) -> None:
    for path in (args.simulated_segments, args.simulated_classes):
        if not path.exists():
            raise LeadlineError(f"{path}: there is no such file; run the demo (make demo), or name another")


def layout(text: str) -> Layout:
    """Return the layout that a text like 4x4 names."""
    if not re.fullmatch(r"[1-9]\d*x[1-9]\d*", text):
        raise ArgumentTypeError(f"{text}: expected executors x cores, as in 4x4")
    return Layout(*map(int, text.split("x")))


if __name__ == "__main__":
    run(main)
