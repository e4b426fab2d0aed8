import numpy as np
import pytest

from drifts import drift
from leadline.accounts import State
from leadline.overlay import overlay, read_overlay, write_overlay

GRANULE, SCENE = "20191104200000_90010510", "S2_T02CNB_20191104T202200"


def laid(by_hand=None, estimate=None):
    return overlay(GRANULE, SCENE, -22.0, by_hand, estimate or drift(), hand_error=25.0, ice_speed=0.3)


def test_a_shift_by_hand_wins_and_the_estimate_stands_beside_it():
    by_hand = laid((10.0, 20.0))
    assert (by_hand.shift_x, by_hand.shift_y, by_hand.uncertainty) == (10, 20, 25)
    assert by_hand.source == "by hand"
    assert by_hand.drift.shift_x == 120


def test_a_shift_of_zero_by_hand_is_a_shift():
    assert laid((0.0, 0.0)).source == "by hand"


def test_without_one_the_estimate_lays_the_scene():
    estimated = laid()
    assert (estimated.shift_x, estimated.shift_y, estimated.uncertainty) == (120, -90, 7)
    assert (estimated.source, estimated.account.reason) == ("estimated", "")


def test_where_it_is_refused_the_scene_stays_and_may_be_as_far_off_as_ice_drifts_in_the_lag():
    refused = laid(estimate=drift(accepted=False))
    assert (refused.shift_x, refused.shift_y) == (0, 0)
    assert refused.uncertainty == pytest.approx(np.hypot(22 * 60 * 0.3, 25))
    assert overlay(GRANULE, SCENE, 0.0, None, drift(accepted=False), hand_error=25.0, ice_speed=0.3).uncertainty == 25
    account = refused.account
    assert account.state is State.OK
    assert account.reason.startswith(f"{GRANULE} {SCENE}: its drift is not known: the peak is flat")
    assert "397 m from another class" in account.reason


@pytest.mark.parametrize("by_hand", [None, (10.0, 20.0)])
def test_an_overlay_is_read_as_it_was_written(tmp_path, by_hand):
    write_overlay(tmp_path / "overlay.json", laid(by_hand))
    assert read_overlay(tmp_path / "overlay.json") == laid(by_hand)
