"""How fast networks are trained by any number of ranks, and classify, beside the paper's Table IV."""

import json
import logging
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import pandas as pd
import tensorflow as tf

from leadline.benchmarks.targets import Figure
from leadline.distributed import Ranks
from leadline.errors import LeadlineError
from leadline.features import Inputs, feature_array, windows
from leadline.inference import predict, probabilities
from leadline.models import read_model
from leadline.paper import TABLE_IV

logger = logging.getLogger("leadline.benchmarks")

PAPER = TABLE_IV.assign(run="paper, A100")

COLUMNS = [
    *("run", "ranks", "batch_size", "time_s", "time_per_epoch_s", "data_per_s", "speedup"),
    *("waiting_share", "processor_s"),
]
"""Those of Table IV and the batch of a rank; then what steps waited for windows, and rank 0's processor time."""


@dataclass(frozen=True)
class Run:
    """A training to time, by the command line that the workflow uses."""

    training_set: Path
    segment_length: float
    ranks: int
    batch_size: int
    """Windows of a step, of one rank, as the paper counts."""
    options: tuple[str, ...] = ()
    """Further words for train_model.py."""
    launcher: str = "horovodrun -np {ranks} --gloo"
    """What starts so many ranks; one rank is a plain process."""

    @property
    def name(self) -> str:
        """What a log calls it."""
        return f"{self.ranks} ranks, {self.batch_size} windows each"

    def command(self, folder: Path) -> list[str]:
        """Return the command line, which leaves a model in a folder."""
        launch = shlex.split(self.launcher.format(ranks=self.ranks)) if self.ranks > 1 else []
        script = Path(__file__).parents[2] / "train_model.py"
        words = [*launch, sys.executable, str(script), "--architecture", "lstm", "--training-set", self.training_set]
        words += ["--segment-length", self.segment_length, "--batch-size", self.ranks * self.batch_size]
        words += ["--model", folder / "lstm.keras", "--description", folder / "lstm.json", *self.options]
        return list(map(str, words))

    def description(self, folder: Path) -> dict:
        """Train in a folder and return the description of the model; raise LeadlineError where that fails."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path}
        ended = subprocess.run(self.command(folder), env=environment, capture_output=True, text=True)
        if ended.returncode:
            last = ended.stderr.strip().splitlines()[-1:]
            raise LeadlineError(f"{shlex.join(self.command(folder))} ended with {ended.returncode}: {' '.join(last)}")
        return json.loads((folder / "lstm.json").read_text())


def trained(runs: Sequence[Run], rounds: int) -> dict[Run, list[dict[str, float]]]:
    """Return the times that each run's description tells, of each round; the runs take turns."""
    times: dict[Run, list[dict[str, float]]] = {run: [] for run in runs}
    for number in range(rounds):
        for run in runs:
            with TemporaryDirectory() as folder:
                times[run].append(run.description(Path(folder))["times"])
            rate = times[run][-1]["windows_per_second"]
            logger.info("round %d of %d: %s: %.0f windows a second", number + 1, rounds, run.name, rate)
    return times


def table_iv(times: Mapping[Run, Sequence[Mapping[str, float]]]) -> pd.DataFrame:
    """Return the medians over the rounds in the columns of the paper's Table IV, under the paper's own rows.

    The speed-up is over one rank with the same batch a rank, where that was timed.
    """
    rows = [
        {
            "run": "here",
            "ranks": run.ranks,
            "batch_size": run.batch_size,
            "time_s": median(each["training_seconds"] for each in rounds),
            "time_per_epoch_s": median(each["epoch_seconds"] for each in rounds),
            "data_per_s": median(each["windows_per_second"] for each in rounds),
            "waiting_share": median(each["waiting_seconds"] / each["training_seconds"] for each in rounds),
            "processor_s": median(each["processor_seconds"] for each in rounds),
        }
        for run, rounds in times.items()
    ]
    table = pd.concat([PAPER, pd.DataFrame(rows)], ignore_index=True)
    alone = table[table["ranks"] == 1].set_index(["run", "batch_size"])["data_per_s"]
    of_one = alone.reindex(pd.MultiIndex.from_frame(table[["run", "batch_size"]])).to_numpy()
    return table.assign(speedup=table["data_per_s"] / of_one)[COLUMNS]


def classified(run: Run, table: pd.DataFrame, rounds: int) -> dict[str, list[float]]:
    """Return the windows a second that a process classifies with the network of a run, of each round.

    ``network`` is from features to probabilities, ``whole`` from the table to calibrated probabilities.
    """
    with TemporaryDirectory() as folder:
        run.description(Path(folder))
        files = (Path(folder) / "lstm.keras", Path(folder) / "lstm.json")
        network, description = read_model(*files, run.segment_length)
    inputs, alone = Inputs(**description["inputs"]), Ranks()
    features, index = feature_array(table, inputs), windows(table, run.segment_length, inputs.reach)
    forward = tf.function(network)
    rates: dict[str, list[float]] = {"network": [], "whole": []}
    for _ in range(rounds + 1):
        began = perf_counter()
        probabilities(forward, features, index, alone)
        between = perf_counter()
        predict(network, description, table, run.segment_length, alone)
        rates["network"].append(len(table) / (between - began))
        rates["whole"].append(len(table) / (perf_counter() - between))
    return {name: of_rounds[1:] for name, of_rounds in rates.items()}


def figures(table: pd.DataFrame, rates: Mapping[str, Sequence[float]]) -> list[Figure]:
    """Return the windows a second of one process here, against what they must come to."""
    alone = table[(table["run"] == "here") & (table["ranks"] == 1)]
    targets = {alone["batch_size"].min(): 25_000, alone["batch_size"].max(): 200_000}
    return [
        *(
            Figure(f"windows/s trained, batch {row.batch_size}", row.data_per_s, at_least=targets.get(row.batch_size))
            for row in alone.itertuples()
        ),
        Figure("windows/s classified", float(np.median(rates["network"])), at_least=500_000),
        Figure("windows/s classified, from the table on", float(np.median(rates["whole"]))),
    ]
