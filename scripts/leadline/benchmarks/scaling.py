"""The paper's Tables II, IV and V beside what was measured here, in one table and one figure."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

COLUMNS = [
    *("table", "stage", "source", "machine", "data", "executors", "cores_each", "workers", "batch_size"),
    *("time_s", "data_per_s", "speedup"),
]
"""``workers`` are cores (Tables II and V) or ranks (Table IV); ``data_per_s`` are windows trained; ``data`` is what was
labelled or trained on: simulated, or the paper's."""
PAPERS_GPUS = "the paper's: NVIDIA A100"
COLOURS = {"paper": "#D55E00", "here": "#0072B2"}


def executors_rows(table: pd.DataFrame, name: str, machine: str, data: str) -> pd.DataFrame:
    """Return the rows of Table II or V, a row for each layout and stage (load, reduce).

    ``table`` is that of ``scripts/benchmark_spark.py``: source (paper, or else measured), executors, cores, and of each
    stage time and speed-up. The paper's speed-up is over one executor of one core, and so is ours.
    """
    of_paper = table["source"] == "paper"
    rows = [
        pd.DataFrame(
            {
                "table": name,
                "stage": stage,
                "source": of_paper.map({True: "paper", False: "here"}),
                "machine": of_paper.map({True: f"as the paper's Table {name}", False: machine}),
                "data": of_paper.map({True: "the paper's", False: data}),
                "executors": table["executors"],
                "cores_each": table["cores"],
                "workers": table["executors"] * table["cores"],
                "time_s": table[f"{stage}_s"],
                "speedup": table[f"speedup_{stage}"],
            }
        )
        for stage in ("load", "reduce")
    ]
    return pd.concat(rows, ignore_index=True).reindex(columns=COLUMNS)


def ranks_rows(table: pd.DataFrame, machine: str, data: str) -> pd.DataFrame:
    """Return the rows of Table IV. ``table`` is that of ``scripts/benchmark_training.py``."""
    of_paper = table["run"].str.startswith("paper")
    return pd.DataFrame(
        {
            "table": "IV",
            "stage": "training",
            "source": of_paper.map({True: "paper", False: "here"}),
            "machine": of_paper.map({True: PAPERS_GPUS, False: machine}),
            "data": of_paper.map({True: "the paper's", False: data}),
            "workers": table["ranks"],
            "batch_size": table["batch_size"],
            "time_s": table["time_s"],
            "data_per_s": table["data_per_s"],
            "speedup": table["speedup"],
        }
    ).reindex(columns=COLUMNS)


def machine_words(machine: Mapping[str, object]) -> str:
    """Return in words the machine that ``measures.machine`` told."""
    return f"{machine['processor']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB"


def draw_scaling(rows: pd.DataFrame) -> Figure:
    """Draw speed-up over workers, a panel for each stage of each table, the paper's beside ours and the ideal."""
    panels = list(rows.groupby(["table", "stage"]))
    figure = Figure(figsize=(3.2 * len(panels), 3.4), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, ((table, stage), of_panel) in zip(axes, panels, strict=True):
        for (source, batch), line in of_panel.groupby(["source", "batch_size"], dropna=False):
            known = line.dropna(subset="speedup").sort_values("workers")
            name = source if source == "paper" else f"{source}, {line['data'].iloc[0]}"
            if pd.notna(batch):
                name += f", batch {batch:.0f}"
            style = "o--" if source == "paper" else ("o-" if pd.isna(batch) or batch <= 32 else "s-")
            axis.plot(known["workers"], known["speedup"], style, color=COLOURS[source], ms=4, label=name)
        most = of_panel["workers"].max()
        axis.plot([1, most], [1, most], color="0.7", lw=0.8, zorder=0, label="ideal")
        unit = "ranks" if table == "IV" else "cores"
        axis.set(xscale="log", yscale="log", xlabel=unit, ylabel="speed-up", title=f"Table {table}, {stage}")
        ticks = [n for n in (0.5, 1, 2, 4, 8, 16) if n <= most]
        for of_axis in (axis.xaxis, axis.yaxis):
            of_axis.set_ticks(ticks, labels=[f"{n:g}" for n in ticks])
            of_axis.set_ticks([], minor=True)
        axis.legend(fontsize=7)
    return figure
