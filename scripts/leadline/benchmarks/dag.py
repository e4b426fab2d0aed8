"""Campaigns of any size, and what it costs Snakemake to plan them."""

import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from time import perf_counter
from typing import NamedTuple

import yaml

from leadline.errors import LeadlineError

GRANULES_A_YEAR = 60_000
"""ATL03 granules over the polar oceans in a year: 15.2 orbits a day, each in 14 regions of which some eleven count."""
SCENE_SHARE = 0.08
"""Granules with a scene: Table I has eight, of about a hundred granules that cross its box in its month."""
TEST_SHARE = 0.2
"""Granules with a scene that are kept from training."""


class Plan(NamedTuple):
    """What a dry run is of."""

    granules: int
    target: str = "all"
    batch: str = ""
    """Which part of the target's inputs (``1/12``), or all of them."""


class Planned(NamedTuple):
    """What a dry run took."""

    jobs: int
    seconds: float
    """On the clock; what else the machine does is in it."""
    cpu_seconds: float
    """Of the processor."""
    memory_bytes: int
    """The most that the process held."""


def write_campaign(n_granules: int, tables: dict[str, str], folder: Path) -> Path:
    """Write the tables of a campaign of granules that are a year's share apart; return the config that names them.

    A day's granules are a batch; those with a scene are batches of their own, by the month, so that training waits
    for no others. ``tables`` are those of another campaign: its tables that are not of granules and scenes are written
    without rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[str]] = {name: [] for name in tables}
    for number in range(n_granules):
        time = datetime(2019, 1, 1) + number * timedelta(days=365) / GRANULES_A_YEAR
        granule = f"{time:%Y%m%d%H%M%S}_{number % 1387 + 1:04}{number // 15_000 + 1:02}{number % 14 + 1:02}"
        of_scene = _ordinal(number, SCENE_SHARE)
        role = "train" if of_scene and not _ordinal(of_scene, TEST_SHARE) else "test"
        batch = f"{time:%Y%m}_scenes" if of_scene else f"{time:%Y%m%d}"
        rows["granules"].append(f"{granule}\t006\tgt1r,gt2r,gt3r\t{role}\t{batch}\t-")
        if of_scene:
            scene = f"S2_T{number % 60 + 1:02}CNA_{time:%Y%m%dT%H%M%S}"
            rows["scenes"].append(f"{scene}\t-")
            rows["coincidences"].append(f"{granule}\t{scene}\t10\t-\t-")
    written = {name: str(folder / f"{name}.tsv") for name in tables}
    for name, lines in rows.items():
        Path(written[name]).write_text("\n".join([_header(Path(tables[name])), *lines]) + "\n")
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump({"tables": written}))
    return config


def plan(root: Path, config: Path, target: str, batch: str) -> Planned:
    """Dry-run the workflow at ``root`` for a target and return what that took; raise LeadlineError where it fails."""
    command = [str(Path(sys.executable).with_name("snakemake")), target, "--configfile", str(config)]
    command += ["--dry-run", "--quiet", "rules", *(["--batch", f"{target}={batch}"] if batch else [])]
    with TemporaryFile("w+") as said:
        began = perf_counter()
        process = subprocess.Popen(command, cwd=root, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    total = re.search(r"^total +(\d+)$", text, re.MULTILINE)
    if process.returncode or not total:
        raise LeadlineError(f"{' '.join(command)} ended with {process.returncode}: {text.strip()[-500:]}")
    return Planned(int(total[1]), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def _ordinal(number: int, share: float) -> int:
    """Return which one of an evenly spread share a number is, 0 where it is none."""
    before, after = int(number * share), int((number + 1) * share)
    return after if after > before else 0


def _header(table: Path) -> str:
    return next(line for line in table.read_text().splitlines() if not line.startswith("#"))
