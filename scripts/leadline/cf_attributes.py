"""What CF-1.8 and ACDD-1.3 want to know of the product's variables beside the unit and meaning in ``tables``."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from leadline.names import SurfaceClass, class_name
from leadline.tables import SEA_SURFACE_METHODS

_COORDINATE = {"coverage_content_type": "coordinate"}
_QUALITY = {"coverage_content_type": "qualityInformation"}
_MEASUREMENT = {"coverage_content_type": "physicalMeasurement"}
_PROBABILITY = {"coverage_content_type": "thematicClassification"}
_SEA_SURFACE = {"standard_name": "sea_surface_height_above_mean_sea_level", **_MEASUREMENT}
_SEA_SURFACE_ERROR = {"standard_name": "sea_surface_height_above_mean_sea_level standard_error", **_QUALITY}
_SURFACE_FLAG = {
    "flag_meanings": "leads interpolated one_point_fill end_point_fill leads_of_other_beams none",
    **_QUALITY,
}
_FREEBOARD = {
    "standard_name": "sea_ice_freeboard",
    "cell_methods": "segment: mean",
    "ancillary_variables": "freeboard_error sea_surface_flag surface_class",
    **_MEASUREMENT,
}
_TOTAL = "Total freeboard, of snow and ice together: the laser sees the snow, and CF has no standard name for it"
_IN_PLANE = "for maps; distances are along the track, in x_atc, as the plane's scale changes from place to place"

Attributes = Mapping[str, Mapping[str, Any]]
"""Attributes by variable, laid over those that follow from the column of ``tables``."""

_PLACE: Attributes = {
    "time": {
        "standard_name": "time",
        "units": "seconds since 2018-01-01T00:00:00Z",
        "calendar": "standard",
        "axis": "T",
        **_COORDINATE,
    },
    "latitude": {"standard_name": "latitude", "axis": "Y", **_COORDINATE},
    "longitude": {"standard_name": "longitude", "axis": "X", **_COORDINATE},
}

OF_SEGMENTS: Attributes = {
    **_PLACE,
    "x_atc": _COORDINATE,
    "x": {
        "standard_name": "projection_x_coordinate",
        "long_name": "x in the plane of crs",
        "units": "m",
        "comment": _IN_PLANE,
        **_COORDINATE,
    },
    "y": {
        "standard_name": "projection_y_coordinate",
        "long_name": "y in the plane of crs",
        "units": "m",
        "comment": _IN_PLANE,
        **_COORDINATE,
    },
    "height_mean": {"cell_methods": "segment: mean", "ancillary_variables": "height_error", **_MEASUREMENT},
    "height_error": _QUALITY,
    "surface_class": {
        "standard_name": "sea_ice_classification",
        "flag_values": np.array([*SurfaceClass], np.int16),
        "flag_meanings": " ".join(class_name(each) for each in SurfaceClass),
        "coverage_content_type": "thematicClassification",
        "ancillary_variables": "probability_thick_ice probability_thin_ice probability_open_water out_of_domain",
    },
    "probability_thick_ice": _PROBABILITY,
    "probability_thin_ice": _PROBABILITY,
    "probability_open_water": _PROBABILITY,
    "out_of_domain": {
        "flag_values": np.array([0, 1], np.int8),
        "flag_meanings": "inside_training_domain outside_training_domain",
        **_QUALITY,
    },
    **{f"sea_surface_{method}": _SEA_SURFACE for method in SEA_SURFACE_METHODS},
    "sea_surface": {
        "ancillary_variables": "sea_surface_error correlated_error sea_surface_flag",
        "comment": "by the method in the global attribute sea_surface_method; compare beam_refsurf_height of ATL10",
        **_SEA_SURFACE,
    },
    "sea_surface_error": {"comment": "compare beam_refsurf_sigma of ATL10", **_SEA_SURFACE_ERROR},
    "correlated_error": {"comment": "neighbours share it: it does not shrink in their mean", **_SEA_SURFACE_ERROR},
    "sea_surface_flag": {
        "flag_values": np.array([0, 1, 2, 3, 4, 255], np.int16),
        "comment": "of the nearest section; compare beam_refsurf_interp_flag of ATL10, whose -1 is 255 here",
        **_SURFACE_FLAG,
    },
    "freeboard_raw": {"comment": f"{_TOTAL}. Open water keeps its residual.", **_FREEBOARD},
    "freeboard": {"comment": f"{_TOTAL}. Compare beam_fb_height of ATL10.", **_FREEBOARD},
    "freeboard_error": {
        "standard_name": "sea_ice_freeboard standard_error",
        "comment": "compare beam_fb_unc of ATL10",
        **_QUALITY,
    },
}
"""Attributes of the product's variables, outside of groups."""

OF_LEADS: Attributes = {
    **_PLACE,
    "lead_flag": {
        "flag_values": np.array([0, 1, 2], np.int16),
        "flag_meanings": "used not_below_the_ice_around outside_accepted_range",
        **_QUALITY,
    },
    "lead_dist_x": {"long_name": "along-track distance of the lead's middle from the equator crossing", "units": "m"},
    "lead_length": {"long_name": "along-track length of the lead", "units": "m"},
    "lead_height": {"ancillary_variables": "lead_sigma"},
    "height_robust": {"ancillary_variables": "height_robust_error"},
}
"""Attributes of the group ``leads``."""

OF_SECTIONS: Attributes = {
    "x_atc": _COORDINATE,
    **{f"sea_surface_{method}": _SEA_SURFACE for method in SEA_SURFACE_METHODS},
    "beam_refsurf_height": {
        "long_name": "reference surface height: sea surface by the chosen method",
        "units": "m",
        "ancillary_variables": "beam_refsurf_sigma correlated_error beam_refsurf_interp_flag",
        **_SEA_SURFACE,
    },
    "beam_refsurf_sigma": _SEA_SURFACE_ERROR,
    "correlated_error": _SEA_SURFACE_ERROR,
    "beam_refsurf_interp_flag": {
        "flag_values": np.array([0, 1, 2, 3, 4, -1], np.int16),
        "long_name": "how the sea surface was found, as in ATL10, and by leads of other beams",
        **_SURFACE_FLAG,
    },
}
"""Attributes of the group ``reference_surface_section``."""
