"""The local sea surface along a track: sections of track whose leads tell the height of the sea.

A section is a window of the track; the leads in it estimate its sea surface by the paper's four methods (Iqrah et al.,
2025: minimum, average, nearest minimum, and NASA's equations) and by a fifth, ``robust``. Between the centres of the
sections the sea surface is linear in along-track distance.

NASA's equations (ATL10 r006) weight the heights in a lead towards their minimum, which is biased low, the more so the
noisier and the more numerous the heights are. An ATL07 height is a mean of 150 photons; a 2 m segment holds 3 to 40. So
the segments of a lead are first joined to groups of about 150 photons; for ``robust`` to footprints, whose median has
no such bias. Monte Carlo of leads in 2 m segments of 10 (and of 3) photons with a spread of 0.10 m, bias of the height
of the lead in cm:

========  =============  =========  ===================  ===============  =========
segments  minimum        average    nasa, each segment   nasa, by groups  robust
========  =============  =========  ===================  ===============  =========
3         -2.7 (-4.9)    0.0 (0.0)  -2.0 (-3.6)          0.0 (0.0)        0.0 (0.0)
10        -4.9 (-8.9)    0.0 (0.0)  -3.5 (-6.3)          0.0 (0.0)        0.0 (0.0)
30        -6.4 (-11.8)   0.0 (0.0)  -4.5 (-8.2)          -0.1 (0.0)       0.0 (0.0)
100       -8.0 (-14.5)   0.0 (0.0)  -5.5 (-10.0)         -0.3 (-0.1)      0.0 (0.0)
1000      -10.2 (-18.8)  0.0 (0.0)  -6.9 (-12.9)         -0.5 (-0.4)      0.0 (0.0)
========  =============  =========  ===================  ===============  =========

Water rough by 3 cm over some metres brings ``nasa, by groups`` to -0.8 (60 m leads) and -3 cm (1 km leads). An average
knows no outliers, though: ice at the ends of leads and ice taken for water raise it. On simulated tracks
(``scripts/validate_sea_surface.py``: half the nominal photons and all of them, borders of classes 3 m out of place) the
sea surface of sections is off by, in mm, and its stated standard error covers:

===============  =====  =====  ========
method           bias   RMSE   coverage
===============  =====  =====  ========
minimum          -204   235    0.06
average          23     29     0.19
nearest_minimum  -107   142    0.19
nasa             1      10     0.59
robust           2      11     0.67
===============  =====  =====  ========
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.leads import USED, LeadSettings
from leadline.references import END_POINT, FROM_LEADS, NO_REFERENCE, OTHER_BEAMS, accepted, combine, filled, smoothed
from leadline.robust import robust_centres, spread_between
from leadline.runs import first_lowest, spread, weighted
from leadline.shared_beams import shared
from leadline.tables import SEA_SURFACE_METHODS, SECTIONS, empty_table

GROUND_SPEED = 7_150.0
"""Along-track distance that ICESat-2 flies over in a second, m: ATL10's limits are times."""


@dataclass(frozen=True)
class SeaSurfaceSettings(LeadSettings):
    """How leads become a sea surface; section and method are the paper's, limits ATL10's."""

    method: str = "nasa"
    """The sea surface that freeboard is measured from, one of ``tables.SEA_SURFACE_METHODS``."""
    section_length: float = 10_000.0
    """Length of a section, m."""
    share_beams: bool = False
    """Whether the leads of other beams stand in where a beam has none; ATL10 does without since r003."""
    correlated_spread: float = 0.05
    """How far the sea surface strays from its mean in the long run, m: references of ATL10 r006 differ by 7 cm from
    100 km on (7 January 2022, Fram Strait, all beams)."""
    correlated_length: float = 100_000.0
    """Distance over which the sea surface forgets itself by a factor e, m: the same differ by 3 cm at 15 km, 4 at 40,
    5.5 at 65 and 6.5 at 100."""


def estimate_sections(leads: pd.DataFrame, extents: pd.DataFrame, settings: SeaSurfaceSettings) -> pd.DataFrame:
    """Return the sections of all beams of one granule, a row each with the columns of ``tables.SECTIONS``.

    ``leads`` has the columns of ``tables.LEADS``; ``extents`` has granule, beam, x_first and x_last, the places (m) of
    each beam's first and last segment. Section centres are the multiples of the step from before the first segment to
    after the last, so that they do not depend on where the track is cut. A used lead belongs to each section that holds
    its centre. Sections without leads are filled as ``references.filled`` says, with ATL10's limits, of times at
    ``GROUND_SPEED``; beyond them they are NaN, with the flag 255. The flag is that of the chosen method.

    ``correlated_error`` tells how much the sea surface may have changed from where its leads are, a distance d away:
    its variance is correlated_spread^2 * (1 - exp(-2 d / correlated_length)), and between leads on both sides the one
    that both together leave.
    """
    leads = leads[leads["lead_flag"] == USED].sort_values(["beam", "x_start"], ignore_index=True)
    between = spread_between(leads, settings.section_step)
    own = [
        _from_leads(extent, leads[leads["beam"] == extent.beam], between, settings) for extent in extents.itertuples()
    ]
    full = [
        shared(beam, [other for other in own if other is not beam]) if settings.share_beams and len(own) > 1 else beam
        for beam in own
    ]
    sections = [_completed(*beams, settings) for beams in zip(own, full, strict=True)]
    return pd.concat(sections, ignore_index=True) if sections else empty_table(SECTIONS)


def sea_surface_at(x: NDArray, sections: pd.DataFrame, method: str) -> dict[str, NDArray]:
    """Return the sea surfaces at along-track distances x (m, increasing) from the sections of their track.

    Columns: ``sea_surface_<method>`` of all methods, ``sea_surface`` by the chosen one, ``sea_surface_error`` and
    ``correlated_error`` (m), and ``sea_surface_flag`` of the nearest section. Heights and variances are linear between
    the centres of sections; where one of the two has none, the other's stands up to the middle, and NaN beyond.
    """
    centre = sections["x_atc"].to_numpy()
    middle = (centre[1:] + centre[:-1]) / 2
    # Each section reaches from the middle before it to its centre, and from there to the middle after it.
    edges = np.sort(np.r_[centre[1:], middle])[:-1]
    number = np.diff(np.searchsorted(x, edges), prepend=0, append=len(x))
    own = np.r_[0, np.repeat(np.arange(1, len(centre) - 1), 2), len(centre) - 1]
    before = np.repeat(np.arange(len(centre) - 1), 2)
    step = np.repeat(np.diff(centre), 2)
    beyond = x - np.repeat(centre[before], number)

    def at(value: NDArray) -> NDArray:
        first, last = value[before], value[before + 1]
        slope = (last - first) / step
        alone = np.isnan(slope)
        first, slope = np.where(alone, value[own], first), np.where(alone, 0, slope)
        return np.repeat(first, number) + np.repeat(slope, number) * beyond

    found = {f"sea_surface_{each}": at(sections[f"sea_surface_{each}"].to_numpy(float)) for each in SEA_SURFACE_METHODS}
    found["sea_surface"] = found[f"sea_surface_{method}"]
    for name in ("sea_surface_error", "correlated_error"):
        found[name] = np.sqrt(at(sections[name].to_numpy(float) ** 2))
    return found | {"sea_surface_flag": np.repeat(sections["sea_surface_flag"].to_numpy()[own], number)}


def _from_leads(extent: tuple, leads: pd.DataFrame, between: float, settings: SeaSurfaceSettings) -> pd.DataFrame:
    """Return the sections of a beam with what its leads tell, NaN where they tell nothing.

    Columns: granule, beam, x_atc, n_leads, place (mean centre of the leads, m), and for each method
    ``sea_surface_<method>`` (m) and ``variance_<method>`` (m2).
    """
    step, half = settings.section_step, settings.section_length / 2
    before = np.floor(extent.x_first / step)
    x = np.arange(before, max(np.ceil(extent.x_last / step), before + 1) + 1) * step
    centre = ((leads["x_start"] + leads["x_end"]) / 2).to_numpy()
    begin, end = np.searchsorted(centre, x - half), np.searchsorted(centre, x + half)
    number = end - begin
    sections = pd.DataFrame({"granule": extent.granule, "beam": extent.beam, "x_atc": x, "n_leads": number})
    seen = number > 0
    first = (np.cumsum(number) - number)[seen]
    rows = np.arange(number.sum()) + spread(begin[seen] - first, first, number.sum())
    within = leads.iloc[rows].assign(centre=centre[rows])
    columns = {"place": np.full(len(x), np.nan)}
    if first.size:
        columns["place"][seen] = np.add.reduceat(centre[rows], first) / number[seen]
    name = f"{extent.granule} {extent.beam}"
    for method in SEA_SURFACE_METHODS:
        height, variance = np.full((2, len(x)), np.nan)
        if first.size:
            height[seen], error = _estimate(method, within, first, x[seen], between, name)
            variance[seen] = error**2
        stands = accepted(height, number, settings)
        columns[f"sea_surface_{method}"] = np.where(stands, height, np.nan)
        columns[f"variance_{method}"] = np.where(stands, variance, np.nan)
    return sections.assign(**columns)


def _estimate(
    method: str, leads: pd.DataFrame, first: NDArray, centre: NDArray, between: float, name: str
) -> tuple[NDArray, NDArray]:
    """Return the sea surfaces and errors (m) of sections whose leads begin at the rows ``first``."""
    nasa, error = leads["height_nasa"].to_numpy(float), leads["height_nasa_error"].to_numpy(float)
    match method:
        case "nasa":
            return combine(nasa, error, first)
        case "robust":
            return robust_centres(leads, first, between, name)
        case "average":
            mean, number = leads["height_mean"].to_numpy(float), leads["n_segments"].to_numpy(float)
            return weighted(mean, error, number, first)
        case "minimum":
            chosen = first_lowest(leads["height_min"].to_numpy(), first)
        case "nearest_minimum":
            chosen = first_lowest(np.abs(leads["centre"].to_numpy() - spread(centre, first, len(leads))), first)
    return leads["height_min"].to_numpy(float)[chosen], error[chosen]


def _completed(own: pd.DataFrame, full: pd.DataFrame, settings: SeaSurfaceSettings) -> pd.DataFrame:
    """Return the sections of a beam filled and smoothed, with the columns of ``tables.SECTIONS``.

    ``own`` has what its leads tell, ``full`` that and what other beams tell.
    """
    x = full["x_atc"].to_numpy()
    columns = {}
    for method in SEA_SURFACE_METHODS:
        height, variance = (full[f"{name}_{method}"].to_numpy() for name in ("sea_surface", "variance"))
        height, variance, flag = filled(x, x / GROUND_SPEED, height, variance, settings)
        smooth = method == "nasa" and settings.refsurf_3pt_smoother
        columns[f"sea_surface_{method}"] = smoothed(height) if smooth else height
        if method == settings.method:
            others = (flag == FROM_LEADS) & own[f"sea_surface_{method}"].isna()
            columns["sea_surface_error"] = np.sqrt(variance)
            columns["correlated_error"] = _correlated_error(x, full["place"].to_numpy(), flag, settings)
            columns["sea_surface_flag"] = np.where(others, OTHER_BEAMS, flag)
    return full.assign(**columns)[SECTIONS.names]


def _correlated_error(x: NDArray, place: NDArray, flag: NDArray, settings: SeaSurfaceSettings) -> NDArray[np.float64]:
    """Return how much the sea surface may have changed from the leads that tell it, m, NaN where none do."""
    rows = np.flatnonzero(flag == FROM_LEADS)
    if not rows.size:
        return np.full(len(x), np.nan)

    def variance(of: NDArray) -> NDArray:
        return settings.correlated_spread**2 * -np.expm1(-2 * np.abs(x - place[of]) / settings.correlated_length)

    after = np.searchsorted(rows, np.arange(len(x)))
    before, after = variance(rows[np.maximum(after - 1, 0)]), variance(rows[np.minimum(after, rows.size - 1)])
    both = before * after / np.maximum(before + after, np.finfo(float).tiny)
    of_sections = np.select(
        [flag == FROM_LEADS, flag == END_POINT, flag == NO_REFERENCE], [after, np.minimum(before, after), np.nan], both
    )
    return np.sqrt(of_sections)
