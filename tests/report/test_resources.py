import pytest

from leadline.report.resources import COLUMNS, read_benchmarks, resources_table

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def job(path, seconds, memory="100.5", cpu=1.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}{seconds}\t0:00:01\t{memory}\t1\t1\t1\t0\t0\t50\t{cpu}\n")


@pytest.fixture
def folder(tmp_path):
    for name, seconds, memory in (("g1_gt1r", 2.0, "150.0"), ("g1_gt2r", 4.0, "-"), ("g2_gt1r", 9.0, "120.0")):
        job(tmp_path / "draw_track" / f"{name}.tsv", seconds, memory)
    job(tmp_path / "draw_track" / "g9_gt1r.tsv", 1000.0)
    job(tmp_path / "draw_map.tsv", 3.0)
    (tmp_path / "autolabel.tsv").write_text("source\texecutors\nhere\t1\n")
    return tmp_path


def test_jobs_are_added_up_by_rule_what_took_longest_first(folder):
    table = resources_table(read_benchmarks(folder, ["draw_map", "draw_track", "train_model"], ["g1", "g2"]))
    assert list(table.columns) == ["rule", *COLUMNS]
    assert table["rule"].tolist() == ["draw_track", "draw_map"], "a rule that left nothing is absent"
    assert table.loc[0].tolist() == ["draw_track", 3, 4.0, 9.0, 15.0, 3.0, 150.0]


def test_jobs_of_another_campaign_and_other_tables_do_not_count(folder):
    jobs = read_benchmarks(folder, ["draw_map", "draw_track"], ["g1", "g2"])
    assert set(jobs["job"]) == {"g1_gt1r", "g1_gt2r", "g2_gt1r", "draw_map"}


def test_without_any_job_the_table_is_empty(tmp_path):
    assert resources_table(read_benchmarks(tmp_path, ["draw_map"], ["g1"])).empty
