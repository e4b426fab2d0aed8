"""The words of the field as the code spells them: beams, granules, surface classes, projections."""

from enum import IntEnum

BEAMS = ("gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r")

GRANULE_PATTERN = r"\d{14}_\d{8}"
"""A granule's key: start time yyyymmddhhmmss, then ttttccss (track, cycle, region) of its file name."""

SCENE_PATTERN = r"S2_(?:T\d{2}[A-Z]{3}_)?\d{8}T\d{6}"
"""A scene's key: tile, where it is known, and sensing time of one Sentinel-2 acquisition."""

NASA_PRODUCTS = ("ATL07", "ATL10")
"""NASA's sea-ice products: heights of 150 photons, and the freeboards from them."""

KEY = ("granule", "beam", "x_atc")
"""The columns that name one segment in every table."""


class SurfaceClass(IntEnum):
    """What a segment looks at; the codes of labels, classes and products."""

    THICK_ICE = 0
    THIN_ICE = 1
    OPEN_WATER = 2
    UNKNOWN = 255


SURFACE_CLASSES = (SurfaceClass.THICK_ICE, SurfaceClass.THIN_ICE, SurfaceClass.OPEN_WATER)
"""The three classes that a network tells apart, in the order of its outputs."""


def class_name(surface_class: int) -> str:
    """Return the word of a class code, as in ``thick_ice``."""
    return SurfaceClass(surface_class).name.lower()
