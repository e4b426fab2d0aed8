import h5py
import numpy as np
import pandas as pd
import pytest

from leadline.corrections import corrections, free_to_mean

ARCTIC = "atl03/ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5"


def flat_rows(**columns) -> pd.DataFrame:
    rows = {"tide_ocean": 0.3, "tide_equilibrium": 0.0, "dac": 0.0, "dem_h": 19.0, "geoid_free2mean": -0.24}
    return pd.DataFrame({name: [value, value] for name, value in rows.items()} | columns)


def test_the_geoid_stands_in_where_dem_h_is_no_mss_and_says_so():
    correction, flag = corrections(flat_rows(dem_flag=[3, 1], geoid=[18.0, 18.5]))
    assert correction["mss"].tolist() == pytest.approx([19.24, 18.5])
    assert flag.tolist() == [0, 1]


def test_the_geoid_can_be_asked_for():
    correction, flag = corrections(flat_rows(dem_flag=[3, 3], geoid=[18.0, 18.5]), "geoid")
    assert correction["mss"].tolist() == [18.0, 18.5]
    assert flag.tolist() == [1, 1]


def test_a_grid_of_the_users_is_brought_to_the_tide_free_system_and_the_geoid_stands_in_beyond_it():
    own = np.array([17.0, np.nan])
    correction, flag = corrections(flat_rows(dem_flag=[3, 3], geoid=[18.0, 18.5]), "mine.nc", own)
    assert correction["mss"].tolist() == pytest.approx([17.24, 18.5])
    assert flag.tolist() == [2, 1]


def test_the_permanent_tide_follows_from_the_latitude_as_in_the_true_granules(real_data):
    with h5py.File(real_data / ARCTIC) as file:
        given = file["gt1l/geophys_corr/geoid_free2mean"][...]
        latitude = file["gt1l/geolocation/reference_photon_lat"][...]
    assert free_to_mean(latitude) == pytest.approx(given, abs=0.002)
