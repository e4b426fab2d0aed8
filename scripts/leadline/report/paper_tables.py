"""The paper's Tables I to V beside what this campaign and the benchmarks came to, and whether that is as good.

A verdict is given only where both sat the same exam; else both figures stand there, and why they cannot be compared.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from leadline.paper import TABLE_I, TABLE_II, TABLE_III, TABLE_IV, TABLE_V

PASS, FAIL = "pass", "fail"
NOT_COMPARABLE, NOT_MEASURED = "not comparable", "not measured here"

STAGES = {"load_s": "load", "reduce_s": "reduce", "speedup_load": "load", "speedup_reduce": "reduce"}
BENCHMARKS = {
    "autolabel": "scripts/benchmark_spark.py autolabel",
    "training": "scripts/benchmark_training.py",
    "freeboard": "scripts/benchmark_spark.py freeboard",
}
"""Command line that measures what a table of the paper tells, by the name of its output."""
BATCH = 32
"""Windows of a step of one rank, as in the paper."""


class Row(NamedTuple):
    """One figure of the paper beside ours."""

    table: str
    quantity: str
    unit: str
    paper: float | None
    ours: float | None
    from_: str
    """What ours was measured on, or by."""
    verdict: str
    why: str


class Measured(NamedTuple):
    """What a benchmark wrote."""

    table: pd.DataFrame
    machine: str
    """Processor, cores and memory, in words."""
    data: str
    """What it was measured on: simulated, or else."""

    @property
    def words(self) -> str:
        """What was measured on what."""
        return f"{self.data} segments, {self.machine}"


def beside_paper(
    source: str, figures: Mapping[str, float], drift: pd.DataFrame, benchmarks: Mapping[str, Measured]
) -> pd.DataFrame:
    """Return the paper's figures beside ours in the columns of ``Row``, a row each.

    ``source`` is acquire.source; ``figures`` are those of ``report.summary``; ``drift`` is ``report.drift_table``;
    ``benchmarks`` holds, by the names of ``BENCHMARKS``, those that were run.
    """
    rows = [
        *_table_i(source, figures, drift),
        *_executors("II", TABLE_II, "autolabel", benchmarks),
        *_table_iii(source, figures),
        *_table_iv(benchmarks),
        *_executors("V", TABLE_V, "freeboard", benchmarks),
    ]
    return pd.DataFrame(rows).rename(columns={"from_": "from"}).round(2)


def verdict_of(paper: float, ours: float, *, higher_is_better: bool) -> str:
    """Return whether ours is at least as good as the paper's."""
    return PASS if (ours >= paper if higher_is_better else ours <= paper) else FAIL


def _table_i(source: str, figures: Mapping[str, float], drift: pd.DataFrame) -> Iterator[Row]:
    """Yield how scenes are laid on tracks."""
    campaign = f"{source} campaign"
    other = "these are other pairs of track and scene than the paper's"
    if drift.empty:
        yield Row("I", "pairs of track and scene", "1", TABLE_I["pairs"], 0, campaign, NOT_COMPARABLE, other)
        return
    by_hand = 100 * (drift["laid"] == "by hand").mean()
    verdict = verdict_of(TABLE_I["shifted_by_hand_percent"], by_hand, higher_is_better=False)
    shift = (drift["shift_x_m"] ** 2 + drift["shift_y_m"] ** 2).max() ** 0.5
    for quantity, unit, key, ours in (
        ("pairs of track and scene", "1", "pairs", len(drift)),
        ("longest time between track and scene", "min", "longest_lag_min", drift["lag_min"].abs().max()),
        ("largest shift of a scene", "m", "largest_shift_m", shift),
    ):
        yield Row("I", quantity, unit, TABLE_I[key], ours, campaign, NOT_COMPARABLE, other)
    yield Row(
        "I",
        "scenes whose shift a person measured",
        "%",
        TABLE_I["shifted_by_hand_percent"],
        by_hand,
        campaign,
        verdict,
        "the other shifts are estimated, or refused and said so (drift.tsv)",
    )
    error = figures.get("simulated_truth_drift_largest_error_m")
    if error is not None:
        why = "the paper states no error; the true drift of a simulated scene is known"
        yield Row("I", "largest error of an estimated shift", "m", None, error, campaign, NOT_COMPARABLE, why)


def _table_iii(source: str, figures: Mapping[str, float]) -> Iterator[Row]:
    """Yield how well the networks classify granules that they never saw, by their labels."""
    for name, of_networks in TABLE_III.items():
        for network, paper in of_networks.items():
            ours = figures.get(f"{network}_test_{name}")
            if ours is None:
                verdict, why = NOT_MEASURED, "no untouched granule has a label"
            elif source == "simulated":
                verdict, why = NOT_COMPARABLE, "simulated photons and scenes; the paper's are real, split at random"
            else:
                verdict = verdict_of(paper, ours, higher_is_better=True)
                why = "on untouched granules; the paper's is of a random split of overlapping windows"
            quantity = f"{network}, {name.removesuffix('_percent').replace('_', ' ')}"
            yield Row("III", quantity, "%", paper, ours, f"{source} campaign, untouched granules", verdict, why)


def _executors(name: str, paper: pd.DataFrame, benchmark: str, benchmarks: Mapping[str, Measured]) -> Iterator[Row]:
    """Yield times and speed-ups of Table II or V, a row for each that the paper gives."""
    keys = ["executors", "cores"]
    told = paper.melt(keys, list(STAGES), value_name="paper").dropna()
    measured = benchmarks.get(benchmark)
    ours = pd.DataFrame(columns=[*keys, "variable", "ours"])
    if measured:
        table = measured.table
        ours = table[table["source"] != "paper"].melt(keys, list(STAGES), value_name="ours")
    alone = (told["executors"] * told["cores"] == 1) & told["variable"].str.startswith("speedup")
    for row in told[~alone].merge(ours, how="left").itertuples():
        is_time = row.variable.endswith("_s")
        layout = f"{row.executors} executor{_s(row.executors)} of {row.cores} core{_s(row.cores)}"
        quantity = f"{STAGES[row.variable]}, {layout}, {'time' if is_time else 'speed-up'}"
        if pd.isna(row.ours):
            verdict, why = NOT_MEASURED, f"run {BENCHMARKS[benchmark]} with {row.executors * row.cores} cores"
        elif is_time:
            verdict, why = NOT_COMPARABLE, "other data, another machine"
        else:
            verdict = verdict_of(row.paper, row.ours, higher_is_better=True)
            why = "over one executor of one core of the same machine, each with its own data"
        told_from = "" if pd.isna(row.ours) else measured.words
        yield Row(name, quantity, "s" if is_time else "1", row.paper, row.ours, told_from, verdict, why)


def _table_iv(benchmarks: Mapping[str, Measured]) -> Iterator[Row]:
    """Yield the windows a second that so many ranks train, and their speed-up."""
    measured = benchmarks.get("training")
    ours = pd.DataFrame(columns=["ranks", "data_per_s", "speedup"])
    if measured:
        here = measured.table[(measured.table["run"] == "here") & (measured.table["batch_size"] == BATCH)]
        ours = here[["ranks", "data_per_s", "speedup"]]
    told = TABLE_IV.assign(speedup_paper=TABLE_IV["data_per_s"] / TABLE_IV["data_per_s"].iloc[0])
    both = told.merge(ours, on="ranks", how="left", suffixes=("_paper", ""))
    for row in both.itertuples():
        ranks = f"{row.ranks} rank{_s(row.ranks)}"
        if pd.isna(row.data_per_s):
            rate = speedup = (NOT_MEASURED, f"run {BENCHMARKS['training']} with as many GPUs")
        else:
            verdict = verdict_of(row.data_per_s_paper, row.data_per_s, higher_is_better=True)
            rate = verdict, f"the same network by batches of {BATCH}; a rank is a processor here, there an A100"
            speedup = NOT_COMPARABLE, "ranks share the processors of one machine here; there each has a GPU"
        told_from = "" if pd.isna(row.data_per_s) else measured.words
        yield Row("IV", f"{ranks}, windows trained", "1/s", row.data_per_s_paper, row.data_per_s, told_from, *rate)
        if row.ranks > 1:
            yield Row("IV", f"{ranks}, speed-up", "1", row.speedup_paper, row.speedup, told_from, *speedup)


def _s(number: int) -> str:
    """Return the s of so many."""
    return "s" if number > 1 else ""
