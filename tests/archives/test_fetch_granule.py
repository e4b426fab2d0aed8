"""The command line that fetches a granule, run as the rule runs it, against Earthdata on this machine."""

import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

from granules import flat_photons, write_granule
from leadline.atl03 import DATASETS
from places import ROOT
from services.earthdata import PASSWORD, SIGNATURE, STORE, TOKEN, USER, earthdata_hosts, umm
from services.internet import Internet

KEY = "20191104195311_05940510"
NAME = f"ATL03_{KEY}_006_01.h5"
RING = [(-172, -70), (-171.8, -70), (-174.8, -78), (-175, -78), (-172, -70)]
REGION = {"west": -180, "east": -140, "south": -78, "north": -70}
SECRETS = (TOKEN, PASSWORD, SIGNATURE)


@pytest.fixture(scope="module")
def granule(tmp_path_factory):
    return write_granule(tmp_path_factory.mktemp("archive") / NAME, {"gt1r": flat_photons(60), "gt2r": flat_photons()})


@pytest.fixture
def internet(granule):
    record = umm(NAME, "2019-11-04T19:53:11Z", "2019-11-04T19:58:00Z", RING, granule)
    with Internet(earthdata_hosts([record], {NAME: granule})) as internet:
        yield internet


def fetch(internet, folder, *words, **login):
    """Run the command line in an environment of its own; return it and the file it is to write."""
    output = folder / "results" / f"{KEY}.h5"
    command = [sys.executable, ROOT / "scripts" / "fetch_granule.py", "--granule", KEY, "--release", "006"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EARTHDATA")}
    environment |= internet.environment | {"NETRC": str(folder / "none")} | login
    done = subprocess.run([*command, "--output", output, *words], env=environment, capture_output=True, text=True)
    assert not any(secret in done.stdout + done.stderr for secret in SECRETS)
    return done, output


@pytest.mark.parametrize(
    "login", [{"EARTHDATA_TOKEN": TOKEN}, {"EARTHDATA_USERNAME": USER, "EARTHDATA_PASSWORD": PASSWORD}]
)
def test_a_granule_is_fetched_whole(internet, granule, tmp_path, login):
    internet.fault(STORE, 503, Retry_After="0")
    internet.fault(STORE, "short", after=2000)
    done, output = fetch(internet, tmp_path, **login)
    assert done.returncode == 0, done.stderr
    assert output.read_bytes() == granule.read_bytes()
    assert f"{KEY}.h5: HDF5 with 2 beams" in done.stderr
    assert [path.name for path in output.parent.iterdir()] == [output.name]


def test_a_part_of_a_granule_is_fetched(internet, granule, tmp_path):
    words = ("--beams", "gt1r", "--region", json.dumps(REGION))
    done, output = fetch(internet, tmp_path, *words, EARTHDATA_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert "bytes moved" in done.stderr
    with h5py.File(output) as part, h5py.File(granule) as whole:
        assert "gt2r" not in part
        for name in DATASETS:
            np.testing.assert_array_equal(part["gt1r"][name][...], whole["gt1r"][name][...])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>please log in</html>", "what came is no whole HDF5 file"),
        ("cut off", "what came is no whole HDF5 file"),
        ("no beams", "what came holds no beam"),
    ],
)
def test_what_is_no_granule_gets_no_name(internet, granule, tmp_path, content, words):
    path = tmp_path / NAME
    if content == "no beams":
        write_granule(path, {})
    else:
        path.write_bytes(granule.read_bytes()[:9000] if content == "cut off" else content)
    record = umm(NAME, "2019-11-04T19:53:11Z", "2019-11-04T19:58:00Z", RING, path)
    internet.hosts |= earthdata_hosts([record], {NAME: path})
    done, output = fetch(internet, tmp_path, EARTHDATA_TOKEN=TOKEN)
    assert done.returncode == 1 and not output.exists()
    *_, line = done.stderr.splitlines()
    assert "ERROR" in line and words in line


def test_without_a_login_the_one_line_says_how_to_get_one(internet, tmp_path):
    done, output = fetch(internet, tmp_path)
    assert done.returncode == 1 and not output.exists()
    (line,) = done.stderr.splitlines()
    assert "generate a token at https://urs.earthdata.nasa.gov" in line
