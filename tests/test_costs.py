from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.catalog import read_campaign
from leadline.costs import COSTS, HOUR, estimate, fit, planned_jobs, predict
from places import ROOT

SIZES = {
    **{"segment_length": 2.0, "track_length": 40_000.0, "photons_per_segment": 21.5, "epochs": 12, "grids": 2},
    **{"granule_bytes": 2e9, "product_bytes": 2e8, "scene_bytes": 8e8},
}
FREE = {
    "core_hour": 0.0,
    "gpu_hour": 0.0,
    "stored_gib_month": 0.0,
    "download_gib": 0.0,
    "months": 1,
    "cores_per_gpu": 2,
}


def jobs(sizes, cost, rule="classify_segments") -> pd.DataFrame:
    """Measured jobs of one rule whose costs all are ``cost(size)``."""
    sizes = np.asarray(sizes, float)
    return pd.DataFrame({"rule": rule, "unit": "segments", "size": sizes, **dict.fromkeys(COSTS, cost(sizes))})


def campaign_of(name):
    folder = ROOT / "config" / "demo" if name == "demo" else ROOT / "config"
    kinds = ("granules", "scenes", "coincidences", "corrections", "products")
    return read_campaign({kind: str(folder / f"{kind}.tsv") for kind in kinds}, None, 80)


@pytest.fixture(scope="module")
def measured() -> pd.DataFrame:
    return pd.read_csv(ROOT / "config" / "costs" / "measured.tsv", sep="\t", comment="#")


@pytest.fixture(scope="module")
def unseen(measured) -> pd.Series:
    """Whether a job is one of a granule of the demo that is kept from the fit, where others tell of its rule."""
    of_demo = measured["campaign"] == "demo"
    of_granule = of_demo & measured["job"].str.contains("20191126183000|T03CWT", na=False)
    return of_granule & measured["rule"].isin(measured.loc[of_demo & ~of_granule, "rule"])


@pytest.fixture(scope="module")
def prices() -> dict[str, float]:
    table = pd.read_csv(ROOT / "config" / "costs" / "settings.tsv", sep="\t", comment="#")
    return table.set_index("name")["value"].to_dict()


@settings(deadline=None, max_examples=50)
@given(start=st.floats(0.1, 100), each=st.floats(1e-6, 1e-2))
def test_a_start_and_a_growth_are_found_again_and_predict_any_size(start, each):
    costs = fit(jobs([1000, 5000, 20_000], lambda size: start + each * size))
    predicted = predict(pd.DataFrame({"rule": ["classify_segments"], "jobs": [4], "size": [100_000.0]}), costs)
    assert predicted.loc["classify_segments", "cpu_seconds"] == pytest.approx(4 * (start + each * 100_000), rel=1e-6)
    assert predicted.loc["classify_segments", "memory_bytes"] == pytest.approx(start + each * 100_000, rel=1e-6)
    assert predicted.loc["classify_segments", "times_measured"] == 5
    assert predicted.loc["classify_segments", "extrapolated"]


def test_cost_that_falls_with_size_is_a_start_and_no_negative_growth():
    costs = fit(jobs([1000, 2000, 4000], lambda size: 10 - size / 1000))
    assert costs.loc["classify_segments", "cpu_seconds_each"] == 0
    assert 6 < costs.loc["classify_segments", "cpu_seconds_start"] < 9


def test_jobs_of_one_size_tell_no_start_and_say_so():
    costs = fit(jobs([1000, 1100], lambda size: size * 0 + 5))
    assert costs.loc["classify_segments", "one_size"]
    assert costs.loc["classify_segments", "cpu_seconds_start"] == 0
    assert costs.loc["classify_segments", "cpu_seconds_each"] == pytest.approx(5 / 1050, rel=0.01)


def test_sizes_that_were_measured_are_no_extrapolation():
    costs = fit(jobs([1000, 20_000], lambda size: size))
    predicted = predict(pd.DataFrame({"rule": ["classify_segments"], "jobs": [1], "size": [20_000.0]}), costs)
    assert not predicted.loc["classify_segments", "extrapolated"]


def test_what_was_not_measured_of_a_job_tells_nothing_about_the_others():
    measured = jobs([1000, 3000, 9000], lambda size: 2.0 * size)
    measured.loc[2, "memory_bytes"] = np.nan
    costs = fit(measured).loc["classify_segments"]
    assert (costs["memory_bytes_each"], costs["cpu_seconds_each"]) == pytest.approx((2, 2))


def test_a_rule_that_was_not_measured_has_no_known_cost_and_the_whole_is_that_of_the_others():
    costs = fit(jobs([1000, 20_000], lambda size: size))
    planned = pd.DataFrame({"rule": ["train_model", "classify_segments"], "jobs": 1, "size": [1.0, 7200.0]})
    predicted = predict(planned, costs)
    table = estimate(predicted, FREE)
    assert predicted.loc["train_model", "extrapolated"]
    assert table.loc["train_model", ["core_hours", "gpu_hours", "memory_gib", "disk_gib", "money"]].isna().all()
    assert table.loc["total", ["core_hours", "gpu_hours"]].tolist() == pytest.approx([2, 1])


def test_where_nothing_was_measured_the_whole_is_not_known():
    planned = pd.DataFrame({"rule": ["train_model"], "jobs": 1, "size": [1.0]})
    table = estimate(predict(planned, fit(jobs([1000, 20_000], lambda size: size))), FREE)
    assert table.loc["total", ["core_hours", "gpu_hours", "memory_gib", "money"]].isna().all()


def test_what_is_fetched_is_bytes_to_download_and_on_disk_and_its_hours_are_not_known():
    planned = pd.DataFrame({"rule": ["fetch_granule", "classify_segments"], "jobs": [3, 1], "size": [2.0**30, 3600.0]})
    costs = fit(jobs([1000, 20_000], lambda size: size).assign(written_bytes=0.0))
    prices = FREE | {"download_gib": 5.0, "stored_gib_month": 1.0, "months": 2}
    table = estimate(predict(planned, costs), prices)
    assert table.loc["fetch_granule", ["unit", "jobs", "size"]].tolist() == ["bytes", 3, 3 * 2**30]
    assert np.isnan(table.loc["fetch_granule", "core_hours"])
    assert table.loc["total", ["download_gib", "disk_gib", "money"]].tolist() == pytest.approx([3, 3, 3 * 5 + 3 * 2])


def test_the_papers_campaign_plans_eight_granules_of_three_tracks_each():
    plan = planned_jobs(campaign_of("paper"), SIZES | {"pixels_per_scene": 1e8}, "earthdata", {"draw_map": 1}, False)
    plan = plan.set_index("rule")
    assert plan.loc["resample_segments"].tolist() == [8, 3 * 20_000 * 21.5]
    assert plan.loc["write_product"].tolist() == [24, 20_000]
    assert plan.loc["segment_scene"].tolist() == [8, 1e8]
    assert plan.loc["train_model"].tolist() == [2, 6 * 60_000 * 12]
    assert plan.loc["summarise_campaign"].tolist() == [1, 8 * 60_000]
    assert plan.loc["write_tracks"].tolist() == [1, 8 * 60_000]
    assert plan.loc["sum_cells"].tolist() == [16, 60_000]
    assert plan.loc["draw_map"].tolist() == [1, 1]
    assert plan.loc["fetch_granule"].tolist() == [8, 2e9]
    assert plan.loc["fetch_scene"].tolist() == [8, 8e8]
    assert not {"simulate_granule", "fetch_product", "compare_products"} & set(plan.index), "it names no product"
    assert "write_track_page" not in plan.index


def test_the_demo_s_one_product_is_simulated_and_compared_and_one_of_a_person_s_own_only_compared():
    demo = campaign_of("demo")
    plan = planned_jobs(demo, SIZES | {"pixels_per_scene": 7e6}, "simulated", {}, True).set_index("rule")
    assert plan.loc["simulate_product"].tolist() == [1, 60_000 * 21.5]
    assert plan.loc["compare_products"].tolist() == [1, 60_000]
    given = replace(demo, products=demo.products.assign(file="ATL10.h5"))
    plan = planned_jobs(given, SIZES | {"pixels_per_scene": 7e6}, "simulated", {}, True).set_index("rule")
    assert "simulate_product" not in plan.index
    assert plan.loc["compare_products"].tolist() == [1, 60_000]


def test_the_dgx_s_rules_are_paid_as_gpus_and_the_others_as_cores():
    both = pd.concat([jobs([1000, 3000], lambda size: size), jobs([1000, 3000], lambda size: size, "write_product")])
    planned = pd.DataFrame({"rule": ["classify_segments", "write_product"], "jobs": 1, "size": [7200.0, 7200.0]})
    table = estimate(predict(planned, fit(both)), FREE | {"core_hour": 1.0, "gpu_hour": 10.0})
    assert table.loc["classify_segments", ["core_hours", "gpu_hours", "money"]].tolist() == pytest.approx([2, 1, 10])
    assert table.loc["write_product", ["core_hours", "gpu_hours", "money"]].tolist() == pytest.approx([2, 0, 2])
    assert table.loc["total", "money"] == pytest.approx(12)


def test_a_granule_that_was_not_measured_costs_what_the_others_tell_within_30_percent(measured, unseen):
    predicted = predict(measured.loc[unseen, ["rule", "size"]].assign(jobs=1), fit(measured[~unseen]))
    costs = measured[unseen]
    assert unseen.sum() == 23
    assert predicted["cpu_seconds"].sum() == pytest.approx(costs["cpu_seconds"].sum(), rel=0.3)
    assert predicted["written_bytes"].sum() == pytest.approx(costs["written_bytes"].sum(), rel=0.3)


def test_the_demo_s_tables_tell_what_the_demo_cost_within_30_percent(measured, unseen, prices):
    of_demo = measured["campaign"] == "demo"
    sizes = SIZES | {"pixels_per_scene": 40_000 * prices["simulated_pixels_per_metre"]}
    alike = measured[of_demo & (measured["unit"] == "jobs")].groupby("rule").size().to_dict()
    plan = planned_jobs(campaign_of("demo"), sizes, "simulated", alike, True)
    predicted = predict(plan, fit(measured[~unseen]))
    table = estimate(predicted, prices)
    assert table.loc["total", "core_hours"] * HOUR == pytest.approx(measured[of_demo]["cpu_seconds"].sum(), rel=0.3)
    assert table.loc["total", "disk_gib"] * 2**30 == pytest.approx(measured[of_demo]["written_bytes"].sum(), rel=0.3)
    assert not table.loc["total", "extrapolated"]
