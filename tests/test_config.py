import copy
import re

import pytest
import yaml
from jsonschema import Draft202012Validator

from leadline.config import check, contradictions, read_yaml
from leadline.errors import ConfigError
from places import ROOT

BASE = ROOT / "config" / "config.yaml"
DEMO = ROOT / "config" / "demo.yaml"
SCHEMA = read_yaml(ROOT / "config" / "schema.yaml")


def merged(base: dict, over: dict) -> dict:
    """Return what Snakemake makes of two config files."""
    result = copy.deepcopy(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else copy.deepcopy(value)
    return result


@pytest.fixture
def demo() -> dict:
    return merged(read_yaml(BASE), read_yaml(DEMO))


def faults_of(config, files=(BASE, DEMO)) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        check(config, SCHEMA, files)
    return caught.value.faults


def test_the_schema_is_one_and_tells_the_meaning_of_every_key():
    Draft202012Validator.check_schema(SCHEMA)
    without = [path for path, schema in keys(SCHEMA) if not schema.get("description")]
    assert without == []


def keys(schema: dict, path: str = ""):
    for key, inner in schema.get("properties", {}).items():
        yield f"{path}.{key}", inner
        yield from keys(inner, f"{path}.{key}")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from keys(schema["additionalProperties"], f"{path}.*")


def test_both_shipped_configs_fit_the_schema(demo):
    check(read_yaml(BASE), SCHEMA, [BASE])
    check(demo, SCHEMA, [BASE, DEMO])


def test_all_faults_are_told_at_once_each_with_file_key_value_and_what_is_allowed(demo):
    demo["segments"]["trim"] = -1
    demo["freeboard"]["method"] = "best"
    demo["acquire"]["simulated"]["length"] = "long"
    demo["segments"]["podppd_flags"] = [9]
    demo["model"]["nework"] = "lstm"
    del demo["labels"]["white"]
    del demo["labels"]["maximum_lag"]
    faults = faults_of(demo)
    assert len(faults) == 7
    assert all("\n" not in fault for fault in faults)
    text = "\n".join(faults)
    assert f"{BASE}: segments.trim: -1: must be 0.15 or more" in text
    assert f"{BASE}: freeboard.method: 'best': allowed are minimum, average, nearest_minimum, nasa" in text
    assert f"{DEMO}: acquire.simulated.length: 'long': must be a number" in text
    assert f"{BASE}: segments.podppd_flags.0: 9: must be 7 or less" in text
    assert "model.nework: 'lstm': no such key; here are network, preset, presets, seed" in text
    assert "labels.white: missing" in text
    assert "labels.maximum_lag: missing" in text


@pytest.mark.parametrize(("window", "allowed"), [(0, "0.7 or more"), (100, "30 or less"), ("2 m", "a number")])
def test_the_length_of_a_segment_is_a_number_within_reason(demo, window, allowed):
    for length in (0.7, 2, 10.0, 30):
        demo["segments"]["window"] = length
        check(demo, SCHEMA, [BASE, DEMO])
    demo["segments"]["window"] = window
    (fault,) = faults_of(demo)
    assert f"segments.window: {window!r}: must be {allowed}" in fault


def test_a_fault_is_laid_to_the_file_that_was_merged_last(demo, tmp_path):
    over = tmp_path / "mine.yaml"
    over.write_text(yaml.safe_dump({"segments": {"trim": 0}}))
    faults = faults_of(merged(demo, read_yaml(over)), [BASE, DEMO, over])
    assert faults[0].startswith(f"{over}: segments.trim: 0:")


def test_a_config_that_is_no_yaml_is_named(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("segments: [")
    with pytest.raises(ConfigError, match=r"broken\.yaml: expected YAML"):
        read_yaml(path)


def test_keys_that_contradict_each_other_or_the_tables_are_told(demo):
    demo["model"]["preset"] = "quick"
    demo["acquire"]["simulated"]["scenes"]["S2_T02CNB_20191104T202200"]["granule"] = "20200101000000_90040510"
    faults = contradictions(demo, ["20191104200000_90010510", "20200202000000_90050510"], [], ["-"])
    assert [fault.split(":")[1].strip() for fault in faults] == [
        "model.preset",
        "acquire.simulated.granules.20200202000000_90050510",
        "acquire.simulated.scenes.S2_T02CNB_20191104T202200.granule",
    ]


def test_only_a_simulated_campaign_makes_the_products_that_it_compares_with(demo):
    demo["acquire"] |= {"source": "local", "folder": "data"}
    (fault,) = contradictions(demo, [], [], ["ATL10.h5", "-"])
    assert "config/demo/products.tsv: file: '-'" in fault
    assert contradictions(demo, [], [], ["ATL10.h5"]) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"archive": "scihub"}, "acquire.archive: 'scihub': must be one of acquire.archives: copernicus, earth_search"),
        ({"archive": "earth_search"}, "acquire.level: 'L1C': the archive earth_search has L2A"),
        ({"archive": "mirror"}, "acquire.archives.mirror.dhus: no server is given: .* copernicus, earth_search or"),
        ({"archive": "ours", "archives": {"ours": {"stac": "https://ours.org"}}}, "expected stac and collections"),
        ({"archive": "earth_search", "level": "L2A"}, None),
        ({"archive": "mirror", "archives": {"mirror": {"dhus": "https://dhus.mirror.org/dhus"}}}, None),
    ],
)
def test_an_archive_that_scenes_cannot_come_from_is_told_with_what_works(changed, said):
    faults = contradictions(merged(read_yaml(BASE), {"acquire": changed}), [], [], [])
    assert len(faults) == (0 if said is None else 1)
    assert said is None or re.search(said, faults[0])
