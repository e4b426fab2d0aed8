"""Estimates of drift as tests need them."""

from leadline.drift import Drift


def drift(shift_x: float = 120.0, shift_y: float = -90.0, accepted: bool = True, **fields) -> Drift:
    """Return an estimate of a drift, accepted or refused as flat."""
    agreement = {
        "shift_x": 0.0,
        "shift_y": 0.0,
        "n_cells": 900,
        "information": 40.0,
        "correlation_height": 0.1,
        "correlation_roughness": 0.1,
        "correlation_photon_rate": 0.1,
    }
    return Drift(
        **{
            "shift_x": shift_x,
            "shift_y": shift_y,
            "uncertainty": 7.0,
            "uncertainty_along": 3.0,
            "uncertainty_across": 6.0,
            "accepted": accepted,
            "reason": "" if accepted else "the peak is flat",
            "peak_ratio": 5.0,
            "half_width": 60.0,
            "disagreement": 4.0,
            "n_segments": 1000,
            "beams": {"gt1r": {"shift_x": 118.0, "shift_y": -92.0, "share": 0.9}},
            "before": agreement,
            "after": agreement | {"shift_x": shift_x, "shift_y": shift_y, "information": 400.0},
            "given": None,
            **fields,
        }
    )
