import numpy as np
import pytest

from leadline.projections import GEOGRAPHIC, to_projection, transformed


@pytest.mark.parametrize(("projection", "latitude", "middle"), [("EPSG:3976", -70.0, 0.0), ("EPSG:3413", 70.0, -45.0)])
def test_a_degree_of_longitude_is_true_on_the_standard_parallel(projection, latitude, middle):
    """The parallel's own radius on the WGS 84 ellipsoid, a cos(lat) / sqrt(1 - e2 sin2(lat)), times one degree."""
    x, _ = to_projection(np.full(2, latitude), middle + np.array([-0.005, 0.005]), projection)
    sine, cosine = np.sin(np.radians(latitude)), np.cos(np.radians(latitude))
    true = np.radians(0.01) * 6_378_137 * cosine / np.sqrt(1 - 0.00669437999 * sine**2)
    assert x[1] - x[0] == pytest.approx(true, rel=1e-6)


def test_places_come_back_and_those_without_a_place_are_nan():
    x, y = to_projection(np.array([-75.0, np.nan, -75.0]), np.array([-170.0, 10.0, 179.9]), "EPSG:3976")
    assert np.isnan([x[1], y[1]]).all()
    longitude, latitude = transformed(x[[0, 2]], y[[0, 2]], "EPSG:3976", GEOGRAPHIC)
    assert longitude == pytest.approx([-170, 179.9])
    assert latitude == pytest.approx([-75, -75])
