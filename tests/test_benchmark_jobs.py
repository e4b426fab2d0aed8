import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from leadline.accounts import Account, write_account
from leadline.benchmarks.jobs import full_size_jobs, jobs_of, whole_cpu_seconds
from leadline.errors import LeadlineError

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
GRANULE = "20191104200000_90010510"


def write_benchmark(results, name, seconds, cpu_seconds, memory=100.0) -> None:
    path = results / "benchmarks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + f"{seconds}\t0:00:01\t{memory}\t0\t0\t0\t0\t0\t0\t{cpu_seconds}\n")


@pytest.fixture
def results(tmp_path):
    beams = tuple(
        Account("segments", beam, counts={"photons": photons, "segments": segments})
        for beam, photons, segments in (("gt1r", 1000, 50), ("gt2r", 3000, 80))
    )
    write_account(tmp_path / "segments" / f"{GRANULE}.json", Account("segments", GRANULE, parts=beams))
    return tmp_path


def test_a_granule_s_job_is_as_large_as_its_photons_and_a_track_s_as_its_segments(results):
    write_benchmark(results, f"resample_segments/{GRANULE}.tsv", 2.0, 1.5)
    write_benchmark(results, f"write_product/{GRANULE}_gt2r.tsv", 1.0, 0.5)
    (results / "freeboard").mkdir()
    (results / "freeboard" / f"{GRANULE}_gt2r.nc").write_bytes(b"x" * 123)
    jobs = jobs_of(results).set_index("rule")
    assert jobs.loc["resample_segments", ["size", "unit", "cpu_seconds"]].tolist() == [4000, "photons", 1.5]
    assert jobs.loc["write_product", ["size", "written_bytes", "memory_bytes"]].tolist() == [80, 123, 100 * 2**20]


def test_rules_of_the_whole_campaign_are_as_large_as_it_and_write_their_own_files_alone(results):
    granule = pa.table({"x_atc": [1.0, 3.0, 5.0]})
    pq.write_table(granule, results / "segments" / f"{GRANULE}.parquet")
    for name in ("write_tracks.tsv", "draw_classifier.tsv", "summarise_campaign.tsv"):
        write_benchmark(results, name, 2.0, 1.5)
    write_benchmark(results, f"compare_products/{GRANULE}_ATL10.tsv", 2.0, 1.5)
    for folder, name in (
        *(("model", "lstm_metrics.json"), ("model", "mlp_metrics.json"), ("comparison", f"{GRANULE}_ATL10.png")),
        *(("report", "reliability.png"), ("report", "summary.json"), ("report/tracks", f"{GRANULE}_gt1r.png")),
    ):
        (results / folder).mkdir(exist_ok=True, parents=True)
        (results / folder / name).write_bytes(b"x" * 10)
    jobs = jobs_of(results).set_index("rule")
    assert jobs.loc["write_tracks", ["unit", "size", "written_bytes"]].tolist() == ["segments", 3, 0]
    assert jobs.loc["compare_products", ["unit", "size", "written_bytes"]].tolist() == ["segments", 3, 10]
    assert jobs.loc["draw_classifier", ["unit", "size", "written_bytes"]].tolist() == ["jobs", 1, 10]
    assert jobs.loc["summarise_campaign", ["unit", "size", "written_bytes"]].tolist() == ["segments", 3, 10]


def test_a_job_too_short_to_be_measured_and_a_rule_of_no_known_size_are_left_out(results):
    write_benchmark(results, f"resample_segments/{GRANULE}.tsv", 0.1, "NA")
    write_benchmark(results, "fetch_granule/a.tsv", 5.0, 1.0)
    with pytest.raises(LeadlineError, match="expected benchmarks of finished jobs"):
        jobs_of(results)


def test_processor_time_after_the_last_measurement_goes_on_as_before():
    assert whole_cpu_seconds(10.0, 12.0) == 12.0
    assert whole_cpu_seconds(30.0, 15.0) == 30.0
    assert whole_cpu_seconds(60.0, 45.0) == 60.0


def test_benchmarks_of_stages_at_full_size_are_jobs_too_and_absent_ones_are_none(tmp_path):
    assert full_size_jobs(tmp_path).empty
    segments = {
        "beam": {"photons": 20_000_000},
        "memory": [{"photons": 20_000_000, "bytes": 7e8}, {"photons": 100_000_000, "bytes": 9e8}],
        "times": [{"way": "read", "cpu_seconds": 4.0}, *({"way": "stage", "cpu_seconds": s} for s in (8.0, 9.0, 8.5))],
    }
    labels = {"segments": 20_000, "times": [{"load_cpu_s": 60.0, "label_cpu_s": 20.0, "reduce_cpu_s": 30.0}]}
    for name, figures in (("segments", segments), ("autolabel", labels)):
        (tmp_path / f"{name}.json").write_text(json.dumps(figures))
    jobs = full_size_jobs(tmp_path).set_index("rule")
    assert jobs.loc["resample_segments", ["size", "cpu_seconds", "memory_bytes"]].tolist() == [20_000_000, 8.5, 7e8]
    assert jobs.loc["label_tracks", ["size", "cpu_seconds"]].tolist() == [20_000, 90.0]
    assert np.isnan(jobs.loc["label_tracks", "memory_bytes"])
