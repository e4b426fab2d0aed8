import numpy as np
import pytest

from leadline.names import SurfaceClass
from leadline.simulate.floes import FLOE_RADIUS, THICK_FREEBOARD, THIN_FREEBOARD, Ice, pack_floes, power_law
from leadline.simulate.world import GranuleSettings, build_world


@pytest.fixture(scope="module")
def ice() -> Ice:
    return build_world(GranuleSettings("20191104200000_90010510", 3, -74.0, -170.0, 200.0, length=20_000.0)).ice


def test_sizes_of_a_power_law_fall_off_with_its_exponent():
    sizes = power_law(np.random.default_rng(1).random(200_000), 10.0, 1e6, 1.8)
    assert sizes.min() >= 10 and sizes.max() <= 1e6
    for size in (20.0, 100.0, 400.0):
        assert np.mean(sizes > size) == pytest.approx((size / 10) ** -1.8, rel=0.1)


def test_packed_floes_do_not_overlap_and_small_ones_outnumber_large_ones():
    floes = pack_floes(np.random.default_rng(2), 10_000.0, 4000.0)
    apart = np.hypot(*(floes.centre[:, None] - floes.centre[None]).T)
    reach = floes.radius[:, None] + floes.radius[None]
    others = ~np.eye(floes.radius.size, dtype=bool)
    assert (apart >= reach)[others].all()
    assert np.mean(floes.radius > 2 * FLOE_RADIUS[0]) < 0.4


def test_classes_have_the_shares_of_a_pack_in_spring(ice):
    thick, thin, water = (np.mean(ice.surface_class == kind) for kind in range(3))
    assert 0.78 < thick < 0.85
    assert 0.08 < thin < 0.13
    assert 0.06 < water < 0.10
    assert 0.3 < np.mean(ice.calm[ice.surface_class == SurfaceClass.OPEN_WATER]) < 0.8


def test_freeboard_keeps_to_its_class(ice):
    thick, thin, water = (ice.freeboard[ice.surface_class == kind] for kind in range(3))
    assert (water == 0).all()
    assert thin.min() >= np.float32(THIN_FREEBOARD[0]) and thin.max() <= np.float32(THIN_FREEBOARD[1])
    assert thick.min() >= np.float32(THICK_FREEBOARD[0]) and thick.max() > 1.5


def test_thick_freeboard_is_skewed_with_a_mode_between_20_and_40_cm(ice):
    thick = ice.freeboard[ice.surface_class == SurfaceClass.THICK_ICE]
    counts, edges = np.histogram(thick, np.arange(0.0, 2.0, 0.05))
    assert 0.2 <= edges[counts.argmax()] < 0.4
    assert np.mean(thick) > np.median(thick)


def test_only_open_water_is_calm(ice):
    assert (ice.surface_class[ice.calm] == SurfaceClass.OPEN_WATER).all()
