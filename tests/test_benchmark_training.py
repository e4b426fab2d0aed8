from pathlib import Path

import pytest

from leadline.benchmarks.training import Run, figures, table_iv


def timed(rate: float) -> dict[str, float]:
    """Return the times of two epochs of 100,000 windows, a tenth of them waiting."""
    epoch = 100_000 / rate
    return {
        "training_seconds": 2 * epoch,
        "epoch_seconds": epoch,
        "windows_per_second": rate,
        "waiting_seconds": 0.2 * epoch,
        "processor_seconds": 4 * epoch,
    }


def run(ranks: int, batch_size: int) -> Run:
    return Run(Path("set.parquet"), 2.0, ranks, batch_size)


@pytest.fixture
def times() -> dict[Run, list[dict[str, float]]]:
    return {
        run(1, 32): [timed(10_000), timed(25_000), timed(30_000)],
        run(2, 32): [timed(50_000)],
        run(1, 1024): [timed(100_000)],
    }


def test_table_iv_has_the_papers_rows_first_and_then_the_medians_here(times):
    table = table_iv(times)
    assert list(table["run"]) == ["paper, A100"] * 5 + ["here"] * 3
    assert list(table["ranks"]) == [1, 2, 4, 6, 8, 1, 2, 1]
    here = table[table["run"] == "here"]
    assert list(here["data_per_s"]) == [25_000, 50_000, 100_000]
    assert list(here["time_s"]) == [8, 4, 2]
    assert list(here["time_per_epoch_s"]) == [4, 2, 1]
    assert list(here["waiting_share"]) == pytest.approx([0.1] * 3)


def test_the_speed_up_is_over_one_rank_with_the_same_batch(times):
    table = table_iv(times)
    assert list(table["speedup"][:5]) == pytest.approx([1, 1.98, 3.81, 5.68, 7.25], abs=0.005)  # as in the paper
    assert list(table["speedup"][5:]) == [1, 2, 1]


def test_without_one_rank_there_is_no_speed_up(times):
    del times[run(1, 32)]
    assert table_iv(times)["speedup"][5:].isna().tolist() == [True, False]


def test_the_smallest_and_the_largest_batch_of_one_process_have_targets(times):
    small, large, network, whole = figures(table_iv(times), {"network": [4e5, 6e5, 7e5], "whole": [3e5]})
    assert (small.measured, small.at_least, small.met) == (25_000, 25_000, True)
    assert (large.measured, large.at_least, large.met) == (100_000, 200_000, False)
    assert (network.measured, network.met) == (6e5, True)
    assert whole.met is None


def test_several_ranks_have_a_launcher_and_their_batches_together():
    alone, two = run(1, 32).command(Path("folder")), run(2, 32).command(Path("folder"))
    assert "horovodrun" not in alone
    assert two[:4] == ["horovodrun", "-np", "2", "--gloo"]
    assert [words[words.index("--batch-size") + 1] for words in (alone, two)] == ["32", "64"]
