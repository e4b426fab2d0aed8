"""The product: checked for CF-1.8, opened again, and written by its command line."""

import json
import subprocess
import sys
from pathlib import Path

import netCDF4
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pyproj import CRS, Transformer

from leadline.accounts import Account, State, write_account
from leadline.freeboard import TrackTables, track_tables
from leadline.names import SurfaceClass
from leadline.netcdf import ATL10_LEADS, ATL10_SECTIONS, DECIMALS, write_product
from leadline.sea_surface import SeaSurfaceSettings
from leadline.tables import FREEBOARD, LEADS, SECTIONS, empty_table, write_table
from tracks import BEAM, GRANULE, simulated_track

PROVENANCE = {
    "granule": GRANULE,
    "beam": BEAM,
    "release": "006",
    "source": "simulated",
    "segment_length": "2 m",
    "sea_surface_method": "nasa",
}
GROUPS = ("leads", "reference_surface_section")
EMPTY = TrackTables(empty_table(LEADS), empty_table(SECTIONS), empty_table(FREEBOARD))
SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "write_product.py"


@pytest.fixture(scope="module")
def tables() -> TrackTables:
    return track_tables(as_measured(simulated_track(20_000)[0]), SeaSurfaceSettings())


def as_measured(track: pd.DataFrame) -> pd.DataFrame:
    """Return a simulated track with the irregular places, times and probabilities that photons and networks give."""
    random = np.random.default_rng(2019)
    n = len(track)
    along = random.normal(0, 0.3, n)
    unsure = np.where(random.random(n) < 0.1, random.random(n), 0.01 * random.random(n))
    ice = track["surface_class"] == SurfaceClass.THICK_ICE
    return track.assign(
        time=track["time"] + along / 7150,
        latitude=track["latitude"] + along / 111_000,
        longitude=track["longitude"] - np.arange(n) * 1.4e-5 + random.normal(0, 0.3, n) / 30_000,
        probability_thick_ice=np.where(ice, 1 - unsure, unsure / 3),
        probability_thin_ice=unsure * 2 / 3,
        probability_open_water=np.where(ice, unsure / 3, 1 - unsure),
    )


def write(path, tables, state=State.OK, reason="", provenance=PROVENANCE):
    write_product(path, tables.freeboard, tables.leads, tables.sections, "EPSG:3976", provenance, state, reason)
    return path


@pytest.fixture(scope="module")
def product(tables, tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("product") / "track.nc", tables)


@pytest.fixture(scope="module")
def empty_product(tmp_path_factory) -> Path:
    reason = "gt1r: expected photons, there are none"
    return write(tmp_path_factory.mktemp("product") / "empty.nc", EMPTY, State.EMPTY_BEAM, reason)


@pytest.fixture(scope="module")
def findings(product, empty_product, tmp_path_factory) -> dict[str, dict]:
    """What the compliance checker finds wanting in files and their groups, by file and suite."""
    folder = tmp_path_factory.mktemp("checker")
    faulty, output = folder / "faulty.nc", folder / "findings.json"
    faulty.write_bytes(product.read_bytes())
    with netCDF4.Dataset(faulty, "a") as file:
        file["freeboard"].units = "furlongs per fortnight"
    groups = [alone(product, group, folder / f"{group}.nc") for group in GROUPS]
    # This check of 6.1.0 takes every group for one with a dimension 'time', and fails itself.
    options = ["--skip-checks", "check_invalid_same_named_dimension_across_groups", "-f", "json_new", "-o", output]
    command = [Path(sys.executable).with_name("compliance-checker"), "-t", "cf:1.8", "-t", "acdd:1.3", *options]
    checked = subprocess.run(
        [*command, product, empty_product, faulty, *groups], capture_output=True, text=True, check=False
    )
    assert "exceptions occurred" not in checked.stderr
    by_path = json.loads(output.read_text()).items()
    return {
        Path(path).name: {suite: _messages(found["all_priorities"]) for suite, found in suites.items()}
        for path, suites in by_path
    }


def alone(product: Path, group: str, path: Path) -> Path:
    """Write a group as a file of its own: of a whole file the checker looks at what is outside of groups alone."""
    with xr.open_dataset(product) as whole, xr.open_dataset(product, group=group, decode_cf=False) as dataset:
        dataset.attrs |= {name: whole.attrs[name] for name in ("Conventions", "title", "history", "references")}
        dataset.attrs |= {"institution": "the test", "source": "the test"}
        dataset.to_netcdf(path)
    return path


def _messages(results: list[dict]) -> set[str]:
    """Return the messages of nested results, each with the variable or section that it is about."""
    own = {f"{result['name']} {message}" for result in results for message in result["msgs"]}
    return own.union(*(_messages(result["children"]) for result in results))


@pytest.mark.parametrize("name", ["track.nc", "empty.nc", *(f"{group}.nc" for group in GROUPS)])
def test_the_product_has_no_fault_against_cf(findings, name):
    assert findings[name]["cf:1.8"] == set()


def test_the_checker_sees_a_fault_where_there_is_one(findings):
    assert any("furlongs" in message for message in findings["faulty.nc"]["cf:1.8"])


def test_for_discovery_the_product_lacks_only_what_the_library_cannot_know(findings):
    publishing = "creator publisher institution license naming_authority project comment date_created"
    without_meaning = "geospatial_vertical geospatial_bounds processing_level time_coverage_resolution"
    no_cf_name = "height_mean height_error probability"
    known = f"{publishing} {without_meaning} {no_cf_name}".split()
    assert {fault for fault in findings["track.nc"]["acdd:1.3"] if not any(word in fault for word in known)} == set()


def test_xarray_shows_coordinates_units_flags_and_uncertainty(product, tables):
    with xr.open_dataset(product) as dataset:
        assert set(dataset.coords) == {"time", "latitude", "longitude", "x_atc", "x", "y"}
        assert dataset["freeboard"].attrs["units"] == "m"
        assert dataset["freeboard"].attrs["ancillary_variables"].split()[0] == "freeboard_error"
        assert dataset["surface_class"].attrs["flag_meanings"] == "thick_ice thin_ice open_water unknown"
        assert dataset["surface_class"].attrs["flag_values"].tolist() == [0, 1, 2, 255]
        assert dataset["sea_surface_flag"].attrs["flag_values"].tolist() == [0, 1, 2, 3, 4, 255]
        assert dataset["sea_surface_flag"].attrs["flag_meanings"].split()[-2:] == ["leads_of_other_beams", "none"]
        assert dataset["time"].values[0].astype("datetime64[ms]") == np.datetime64("2019-11-03T07:06:40.000")
        assert dataset["trajectory"].item() == f"{GRANULE}_{BEAM}"


def test_all_numbers_are_there_to_the_decimals_that_their_attributes_tell(product, tables):
    with netCDF4.Dataset(product) as file:
        assert {name: file[name].least_significant_digit for name in ("time", "latitude", "freeboard", "x")} == {
            "time": 6,
            "latitude": 7,
            "freeboard": 4,
            "x": 2,
        }
        for field in [field for field in FREEBOARD if field.name not in ("granule", "beam")]:
            found, expected = file[field.name][:].filled(np.nan), tables.freeboard[field.name].to_numpy()
            if "float" in str(field.type) or field.type == "double":
                half = 10.0 ** -file[field.name].least_significant_digit / 2
                assert DECIMALS[file[field.name].units] == file[field.name].least_significant_digit
                np.testing.assert_allclose(found, expected, rtol=0, atol=half)
            else:
                np.testing.assert_array_equal(found, expected)


def test_places_lie_in_the_plane_that_the_grid_mapping_names(product):
    with xr.open_dataset(product, decode_coords="all") as dataset:
        crs = CRS.from_cf(dataset["crs"].attrs)
        assert crs == CRS("EPSG:3976")
        assert dataset["freeboard"].encoding["grid_mapping"] == "crs"
        to_geographic = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        longitude, latitude = to_geographic.transform(dataset["x"].values, dataset["y"].values)
        np.testing.assert_allclose(latitude, dataset["latitude"], rtol=0, atol=1e-7)
        np.testing.assert_allclose(longitude, dataset["longitude"], rtol=0, atol=4e-7)


def test_leads_and_sections_are_groups_that_bear_the_names_of_atl10(product, tables):
    of_table = zip(GROUPS, (tables.leads, tables.sections), (ATL10_LEADS, ATL10_SECTIONS), strict=True)
    for name, table, names in of_table:
        with xr.open_dataset(product, group=name) as group:
            for column in table.columns.drop(["granule", "beam"]):
                variable = group[names.get(column, column)]
                np.testing.assert_allclose(variable, table[column], rtol=0, atol=0.5e-4)
                assert {"units", "long_name"} <= set(variable.attrs)


def test_a_lead_has_the_place_and_time_of_its_middle(product, tables):
    with xr.open_dataset(product, group="leads") as leads, xr.open_dataset(product) as track:
        assert set(leads.coords) == {"time", "latitude", "longitude", "lead_dist_x"}
        np.testing.assert_allclose(leads["lead_length"], 2 * leads["ssh_n"], rtol=0, atol=2 * (2 + 4))
        nearest = track.isel(segment=np.searchsorted(track["x_atc"], leads["lead_dist_x"]))
        for name in ("time", "latitude", "longitude"):
            np.testing.assert_array_equal(leads[name], nearest[name])


def test_sections_without_sea_surface_are_flagged_as_in_atl10(tables, tmp_path):
    lost = tables.sections.assign(sea_surface_flag=255)
    path = write(tmp_path / "track.nc", tables._replace(sections=lost))
    with xr.open_dataset(path, group=GROUPS[1]) as sections:
        assert set(sections["beam_refsurf_interp_flag"].values) == {-1}
        np.testing.assert_array_equal(sections["beam_refsurf_height"], sections["sea_surface_nasa"])


def test_the_product_says_what_it_was_made_from_and_where_it_lies(product, tables):
    with xr.open_dataset(product) as dataset:
        attributes = dataset.attrs
    assert PROVENANCE.items() <= attributes.items()
    assert attributes["title"].startswith("Simulated")
    assert attributes["geospatial_lat_max"] == tables.freeboard["latitude"].max()
    assert attributes["time_coverage_start"] == "2019-11-03T07:06:40.000Z"
    assert (attributes["leadline_state"], attributes["leadline_state_reason"]) == ("ok", "")


def test_the_summary_tells_the_length_of_a_segment(product, tables, tmp_path):
    longer = PROVENANCE | {"segment_length": "10 m"}
    for path, length in ((product, "2 m"), (write(tmp_path / "longer.nc", tables, provenance=longer), "10 m")):
        with xr.open_dataset(path) as dataset:
            assert f"total freeboard of {length} segments" in dataset.attrs["summary"]
            assert dataset.attrs["segment_length"] == length


def test_a_track_across_the_antimeridian_has_its_west_in_the_east(tables, tmp_path):
    longitude = np.linspace(179, 181, len(tables.freeboard))
    crossing = tables.freeboard.assign(longitude=(longitude + 180) % 360 - 180)
    with xr.open_dataset(write(tmp_path / "track.nc", tables._replace(freeboard=crossing))) as dataset:
        assert dataset.attrs["geospatial_lon_min"] == pytest.approx(179)
        assert dataset.attrs["geospatial_lon_max"] == pytest.approx(-179)


def test_a_track_without_segments_is_a_product_with_its_state(empty_product):
    with xr.open_dataset(empty_product) as dataset:
        assert dataset.sizes["segment"] == 0
        assert dataset.attrs["leadline_state"] == "empty_beam"
        assert dataset.attrs["leadline_state_reason"].startswith("gt1r: expected photons")


def test_the_same_tables_give_the_same_bytes(product, tables, tmp_path):
    assert write(tmp_path / "again.nc", tables).read_bytes() == product.read_bytes()


def test_a_segment_takes_at_most_forty_bytes(product, tables):
    assert len(tables.freeboard) >= 20_000
    assert product.stat().st_size / len(tables.freeboard) <= 40


def test_the_command_line_takes_its_track_out_of_a_batch(tables, tmp_path):
    paths = {}
    for name, schema in (("leads", LEADS), ("sections", SECTIONS), ("freeboard", FREEBOARD)):
        paths[name] = tmp_path / f"{name}.parquet"
        table = getattr(tables, name)
        for part, beam in enumerate((BEAM, "gt2r")):
            write_table(paths[name] / f"part-{part}.parquet", table.assign(beam=beam), schema)
    account, description, output = (tmp_path / name for name in ("account.json", "model.json", "track.nc"))
    beams = (Account("segments", BEAM), Account("segments", "gt2r", State.EMPTY_BEAM, "gt2r: none"))
    write_account(account, Account("segments", GRANULE, parts=beams))
    description.write_text(json.dumps({"digest": "0123"}))
    options = {f"--{name}": path for name, path in paths.items()}
    options |= {"--granule": GRANULE, "--beam": BEAM, "--account": account, "--description": description}
    options["--projection"] = "EPSG:3976"
    words = [str(word) for pair in (options | {"--output": output}).items() for word in pair]
    provenance = ["--provenance", "source=simulated", "segment_length=2 m", "sea_surface_method=nasa"]
    provenance += ["scenes=S2_T02CNB_20191104T202200 S2_T03CWT_20191126T190500"]
    subprocess.run([sys.executable, SCRIPT, *words, *provenance], check=True, capture_output=True)
    with xr.open_dataset(output) as dataset:
        assert dataset.sizes["segment"] == len(tables.freeboard)
        assert dataset.attrs["model_digest"] == "0123"
        assert dataset.attrs["scenes"].endswith("S2_T03CWT_20191126T190500")
        assert dataset.attrs["leadline_state"] == "ok"
