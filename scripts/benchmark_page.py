"""Measure how large the page of a long simulated track is, how soon a browser shows it, and how long a zoom step takes.

It wants Chromium, its driver and selenium (a package for development), and a machine that does nothing else.
"""

import argparse
import json
import logging
import os
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from leadline.benchmarks.measures import machine
from leadline.benchmarks.page import headless_browser, open_page, simulated_content, zoom_steps
from leadline.benchmarks.targets import Figure, as_text
from leadline.files import written_whole
from leadline.log import run
from leadline.pages.track_page import track_page

logger = logging.getLogger("leadline.benchmarks")


def main() -> None:
    """Parse the command line, measure, write all figures and show those with targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=1_000_000, help="segments of the simulated track")
    parser.add_argument("--rounds", type=int, default=3, help="times that the page is opened and zoomed")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/page.json"), help="all figures")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        results, figures = measure(Path(folder), args.segments, args.rounds)
    with written_whole(args.output) as aside:
        aside.write_text(json.dumps(results, indent=2) + "\n")
    sys.stdout.write(as_text(figures))


def measure(folder: Path, n_segments: int, rounds: int) -> tuple[dict[str, Any], list[Figure]]:
    """Measure with a simulated track; return all numbers, and the figures that come of them."""
    logger.info("simulating a track of %s segments", f"{n_segments:,}")
    content = simulated_content(folder, n_segments)
    begin = time.perf_counter()
    page = folder / "track.html"
    page.write_text(track_page(content.product, content, [], []))
    written = time.perf_counter() - begin
    opened, steps = [], []
    for _ in range(rounds):
        with headless_browser() as browser:
            opened.append(open_page(browser, page))
            steps.append(zoom_steps(browser, n_segments * content.product.segment_length / 1000))
            heap = browser.execute_script("return performance.memory.usedJSHeapSize")
            version = f"{browser.capabilities['browserName']} {browser.capabilities['browserVersion']}"
    milliseconds = [value for each in steps for value in each["milliseconds"]]
    figures = [
        Figure("MB of the page", page.stat().st_size / 1e6, at_most=40),
        Figure("seconds to the first picture", median(each["first"] for each in opened) / 1000, at_most=3),
        Figure("seconds until all is unpacked", median(each["ready"] for each in opened) / 1000),
        Figure("milliseconds of a zoom step, median", median(milliseconds), at_most=100),
        Figure("milliseconds of the slowest zoom step", max(milliseconds)),
        Figure("most bins drawn at once", max(each["bins"].max() for each in steps)),
        Figure("MB of the browser's heap", heap / 1e6),
        Figure("seconds to write the page", written),
    ]
    results = {
        "source": "simulated",
        "machine": machine(os.cpu_count()) | {"browser": version},
        "segments": n_segments,
        "opened_milliseconds": opened,
        "steps": [each.round(3).to_dict("records") for each in steps],
        "figures": [figure._asdict() | {"measured": float(figure.measured), "met": figure.met} for figure in figures],
    }
    return results, figures


if __name__ == "__main__":
    run(main)
