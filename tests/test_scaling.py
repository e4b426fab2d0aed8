import pandas as pd
import pytest

from leadline.benchmarks import autolabel, freeboard, training
from leadline.benchmarks.executors import table_of
from leadline.benchmarks.scaling import COLUMNS, draw_scaling, executors_rows, ranks_rows

HERE = {"machine": "a machine, 2 cores", "data": "simulated"}


@pytest.fixture
def rows() -> pd.DataFrame:
    times = [
        {"executors": 1, "cores": cores, "load_s": load, "map_s": 0.0, "reduce_s": reduce}
        for cores, load, reduce in ((1, 10.0, 20.0), (2, 6.0, 11.0))
    ]
    labels = table_of(times, 1000, autolabel.PAPER, {})
    freeboards = table_of(times, 1000, freeboard.PAPER, {})
    ours = pd.DataFrame({"run": "here", "ranks": [1, 2], "batch_size": 1024, "data_per_s": [2e5, 3e5]})
    ranks = pd.concat([training.PAPER, ours]).assign(speedup=[1, 1.98, 3.81, 5.68, 7.25, 1, 1.5])
    of_tables = executors_rows(labels, "II", **HERE), ranks_rows(ranks, **HERE), executors_rows(freeboards, "V", **HERE)
    return pd.concat(of_tables, ignore_index=True)


def test_every_row_says_its_table_its_machine_and_whether_its_data_are_simulated(rows):
    assert list(rows.columns) == COLUMNS
    assert rows[["table", "stage", "source", "machine", "data", "workers"]].notna().all(axis=None)
    ours = rows["source"] == "here"
    assert set(rows.loc[ours, "machine"]) == {HERE["machine"]}
    assert set(rows.loc[ours, "data"]) == {"simulated"}
    told = {"as the paper's Table II", "the paper's: NVIDIA A100", "as the paper's Table V"}
    assert set(rows.loc[~ours, "machine"]) == told


def test_the_papers_figures_are_the_papers(rows):
    of_paper = rows[rows["source"] == "paper"].set_index(["table", "stage", "workers"])
    assert of_paper.loc[("II", "reduce", 16), ["time_s", "speedup"]].tolist() == [24, 16.25]
    assert of_paper.loc[("V", "load", 16), ["time_s", "speedup"]].tolist() == [13, 8.54]
    assert of_paper.loc[("IV", "training", 8), ["time_s", "data_per_s"]].tolist() == [38.72, 4248.56]


def test_the_figure_has_a_panel_for_each_stage_with_the_paper_beside_ours(rows):
    figure = draw_scaling(rows)
    assert [axis.get_title() for axis in figure.axes] == [
        *("Table II, load", "Table II, reduce", "Table IV, training", "Table V, load", "Table V, reduce")
    ]
    for axis in figure.axes:
        named = " ".join(text.get_text() for text in axis.get_legend().get_texts())
        assert "paper" in named
        assert "here, simulated" in named
