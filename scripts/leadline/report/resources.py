"""What the jobs of a campaign took: time, processor time and memory by rule, from the benchmark files of Snakemake.

These see the processes on the machine where a job runs: executors and ranks elsewhere are not in them.
"""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

COLUMNS = {
    "jobs": ("s", "size"),
    "time_median_s": ("s", "median"),
    "time_longest_s": ("s", "max"),
    "time_sum_s": ("s", "sum"),
    "processor_time_sum_s": ("cpu_time", "sum"),
    "memory_max_mb": ("max_rss", "max"),
}
"""Of each rule, from which column of its jobs, and how; memory is resident, of a job and the processes below it."""


def read_benchmarks(folder: Path, rules: Collection[str], subjects: Collection[str]) -> pd.DataFrame:
    """Return what Snakemake measured of each job, with the columns rule and job beside its own.

    Of ``folder`` those files are read that jobs of these rules have left on these subjects, by which their names begin:
    ``{rule}.tsv`` or ``{rule}/{subject}....tsv``. Rules that left none are absent.
    """
    paths = [
        (rule, path) for rule in rules for path in (folder / f"{rule}.tsv", *sorted((folder / rule).glob("*.tsv")))
    ]
    beginnings = tuple(subjects)
    tables = [
        pd.read_csv(path, sep="\t", na_values="-").assign(rule=rule, job=path.stem)
        for rule, path in paths
        if path.is_file() and (path.stem == rule or path.stem.startswith(beginnings))
    ]
    columns = ["rule", "job", "s", "cpu_time", "max_rss"]
    return pd.concat(tables)[columns].reset_index(drop=True) if tables else pd.DataFrame(columns=columns)


def resources_table(jobs: pd.DataFrame) -> pd.DataFrame:
    """Return a row a rule with the columns rule and ``COLUMNS``, what took longest in all first."""
    table = jobs.groupby("rule").agg(**COLUMNS).sort_values("time_sum_s", ascending=False)
    return table.round(1).reset_index()
