import pytest
import yaml

from leadline.benchmarks.dag import plan, write_campaign
from leadline.catalog import read_campaign
from leadline.errors import LeadlineError
from places import ROOT

N_GRANULES = 200
TABLES = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["tables"]


def written(folder):
    config = write_campaign(N_GRANULES, {name: str(ROOT / path) for name, path in TABLES.items()}, folder)
    return config, read_campaign(yaml.safe_load(config.read_text())["tables"], None, 80)


def test_a_year_s_share_is_batched_by_the_day_and_its_few_granules_with_scenes_by_the_month(tmp_path):
    _, campaign = written(tmp_path)
    assert len(campaign.granules) == N_GRANULES
    assert campaign.batches == ["20190101", "201901_scenes", "20190102"]
    assert len(campaign.coincidences) == len(campaign.scenes) == 16
    assert set(campaign.of_batch("201901_scenes")) == set(campaign.coincidences["granule"])
    assert len(campaign.of_role("train")) == 13


def test_a_part_of_the_year_is_planned_with_no_more_than_it_needs(tmp_path):
    config, _ = written(tmp_path)
    planned = plan(ROOT, config, "freeboard", "1/10")
    # a tenth of the tracks, whole batches of theirs (three here), and the model with what it is trained on
    assert 3 * N_GRANULES / 10 < planned.jobs < 9 * N_GRANULES
    assert planned.cpu_seconds > 0
    assert planned.memory_bytes > 2**26


def test_a_plan_that_snakemake_refuses_is_told_in_one_error(tmp_path):
    config, _ = written(tmp_path)
    with pytest.raises(LeadlineError, match="ended with 1"):
        plan(ROOT, config, "no_such_rule", "")
