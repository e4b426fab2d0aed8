"""Our segments beside those of ATL07 and ATL10: the same pass, the same beam, the same stretch of track.

NASA's segments are 10 to 300 m long, ours 2 m. So each of theirs is set beside the mean of ours whose centres lie in
it; all differences are ours minus NASA's. Pure functions over tables.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from leadline.accounts import Account, State
from leadline.errors import InputDataError
from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name
from leadline.truth import LEAST_SHARE

EARTH_RADIUS = 6_371_000.0
"""m."""

REACH = 50.0
"""Farthest that a segment of NASA's lies from the track, m: beams of a pair are 90 m apart."""

AGREEMENT = 20.0
"""Farthest that seg_dist_x may lie from where the place of the segment is along our track, m."""

CATEGORIES = {
    "ice": (1,),
    "specular_lead": (2, 3, 4, 5),
    "dark_lead": (6, 7, 8, 9),
    "cloud": (0,),
}
"""NASA's height_segment_type in the words of our comparison."""

USED_AS_REFERENCE = 2
"""height_segment_ssh_flag of segments that ATL10 takes its reference from; before release 006 1 said so."""


class Comparison(NamedTuple):
    """A product of NASA's beside our tracks of the same pass."""

    beside: pd.DataFrame
    """NASA's segments of all beams on the common stretches, from ``set_beside``."""
    ours: pd.DataFrame
    """Our segments of the same stretches."""
    numbers: pd.DataFrame
    """A row a quantity, its column ``quantity``, and a column of values for each beam and for all together."""
    beams: tuple[Account, ...]
    """How each beam ended."""


NOTHING = Comparison(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(columns=["quantity"]), ())
"""The comparison with a product that cannot be used."""


def compare(
    theirs: pd.DataFrame, beams: Iterable[Account], freeboard: pd.DataFrame, section_length: float
) -> Comparison:
    """Set the segments of a product beside ours, beam by beam.

    ``theirs`` and ``beams`` are those of a ``NasaProduct``, ``freeboard`` is our table of the granule; sections are
    ``section_length`` m long. A beam that cannot be compared has a named state in place of numbers.
    """
    pairs, accounts, columns = [], [], {}
    for account in beams:
        beam = account.subject
        try:
            if account.state is State.OK:
                ours = freeboard[freeboard["beam"] == beam].sort_values("x_atc")
                both = on_common_stretch(set_beside(theirs[theirs["beam"] == beam], ours), ours)
                columns[beam] = agreement(*both, section_length)
                pairs.append(both)
                account = replace(account, counts=account.counts | {"segments_compared": len(both[0])})
        except InputDataError as error:
            account = replace(account, state=error.state, reason=f"{beam}: {error}")
        accounts.append(account)
    empty = theirs[:0], freeboard[:0]
    beside, ours = (pd.concat(tables, ignore_index=True) for tables in zip(*(pairs or [empty]), strict=True))
    if pairs:
        columns["all"] = agreement(beside, ours, section_length)
    numbers = pd.DataFrame(columns).rename_axis("quantity").reset_index()
    return Comparison(beside, ours, numbers, tuple(accounts))


def along_track(theirs: pd.DataFrame, ours: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return where NASA's segments lie along our track, m, and which of them were placed by latitude and longitude.

    ``theirs`` and ``ours`` hold x_atc, latitude and longitude of the segments of one beam. seg_dist_x counts from the
    same equator crossing as ours and is taken where it agrees with the place; where it is absent or wrong (in some
    processed files it does not grow) the x_atc of our nearest segment stands in. NaN off our track.
    """
    distance, nearest = cKDTree(_on_sphere(ours)).query(_on_sphere(theirs))
    placed = ours["x_atc"].to_numpy()[nearest]
    told = theirs["x_atc"].to_numpy()
    # In a gap of our track the nearest segment is as far along the track as it is away.
    agrees = np.abs(told - placed) <= AGREEMENT + distance
    x = np.where(agrees, told, placed)
    near = distance <= REACH
    if near.any():
        near |= agrees & (told >= x[near].min()) & (told <= x[near].max())
    return np.where(near, x, np.nan), near & ~agrees


def set_beside(theirs: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """Return NASA's segments of one beam that have a height and lie on our track, each beside what we have in it.

    ``theirs`` has the columns of ``NasaProduct.segments``, ``ours`` those of ``tables.FREEBOARD`` in the order of
    x_atc. Added are x (m along our track, in whose order they are) and by_place (see ``along_track``), n_ours, the
    means height_ours, sea_surface_ours, freeboard_ours and freeboard_raw_ours (m, NaN where none of ours has one), and
    n_<class>_ours. Raises ``InputDataError`` where the two have no stretch in common.
    """
    if ours.empty:
        raise InputDataError(
            State.NO_COMMON_STRETCH, "expected segments of ours, found none; the track's state says why"
        )
    theirs = theirs[theirs["height"].notna()]
    if theirs.empty:
        raise InputDataError(State.EMPTY_BEAM, "expected heights, none of its segments has one; fetch it again")
    x, by_place = along_track(theirs, ours)
    beside = theirs.assign(x=x, by_place=by_place)[np.isfinite(x)].sort_values("x", ignore_index=True)
    if beside.empty:
        message = f"expected segments within {REACH:g} m of the track, found none of {len(theirs):,}; "
        raise InputDataError(State.NO_COMMON_STRETCH, f"{message}give the product that covers the granule")
    half = beside["length"].fillna(0) / 2
    begin, end = (np.searchsorted(ours["x_atc"], beside["x"] + side * half) for side in (-1, 1))
    means = {"height": "height_mean"} | {name: name for name in ("sea_surface", "freeboard", "freeboard_raw")}
    added = {f"{name}_ours": _means(ours[column].to_numpy(float), begin, end) for name, column in means.items()}
    codes = ours["surface_class"].to_numpy()
    added |= {f"n_{class_name(each)}_ours": _counts(codes == each, begin, end) for each in SURFACE_CLASSES}
    return beside.assign(n_ours=end - begin, **added)


def on_common_stretch(beside: pd.DataFrame, ours: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables of a beam cut to the stretch of track that both cover."""
    first = max(beside["x"].iloc[0], ours["x_atc"].iloc[0])
    last = min(beside["x"].iloc[-1], ours["x_atc"].iloc[-1])
    return beside[beside["x"].between(first, last)], ours[ours["x_atc"].between(first, last)]


def agreement(beside: pd.DataFrame, ours: pd.DataFrame, section_length: float) -> dict[str, float]:
    """Return the numbers of a comparison over the common stretch of one or more beams.

    ``beside`` is from ``set_beside``, ``ours`` are our segments; both have the column beam. Lengths of sections in m.
    NaN where a product or a track has no such quantity.
    """
    kilometres = ours.groupby("beam")["x_atc"].agg(np.ptp).sum() / 1000
    counted = beside["n_ours"] > 0
    numbers = {
        "stretch_km": kilometres,
        "n_segments_nasa": len(beside),
        "n_segments_leadline": len(ours),
        "n_segments_nasa_beside_ours": int(counted.sum()),
        "n_segments_nasa_placed_by_latitude_longitude": int(beside["by_place"].sum()),
        "density_nasa_per_km": len(beside) / kilometres if kilometres else np.nan,
        "density_leadline_per_km": len(ours) / kilometres if kilometres else np.nan,
    }
    pairs = beside[counted]
    numbers |= _differences("height", pairs["height_ours"] - pairs["height"])
    numbers |= _differences("sea_surface", pairs["sea_surface_ours"] - pairs["sea_surface"])
    numbers |= _freeboards(pairs, section_length)
    return numbers | _classes(pairs)


def class_shares(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return what our classes say of NASA's kinds of segments: a row a kind, percent of our segments by class.

    The last row, reference, holds the segments that ATL10 took its sea surface from, or the candidates where the
    release does not tell them. The column n counts our segments that have a class.
    """
    kinds = {name: pairs["type"].isin(codes) for name, codes in CATEGORIES.items()}
    flag = pairs["ssh_flag"]
    kinds["reference"] = flag == min(USED_AS_REFERENCE, flag.max())
    kinds["reference"] &= flag > 0
    columns = [f"n_{class_name(each)}_ours" for each in SURFACE_CLASSES]
    counts = pd.DataFrame({kind: pairs.loc[of_kind, columns].sum() for kind, of_kind in kinds.items()}).T
    n = counts.sum(axis=1)
    shares = counts.div(n.where(n > 0), axis=0) * 100
    return shares.set_axis([class_name(each) for each in SURFACE_CLASSES], axis=1).assign(n=n)


def _on_sphere(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return places in metres from the centre of a sphere, far away where they are unknown, shape (n, 3)."""
    latitude, longitude = (np.radians(table[name].to_numpy(float)) for name in ("latitude", "longitude"))
    level = np.cos(latitude)
    places = np.column_stack([level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)])
    return np.nan_to_num(EARTH_RADIUS * places, nan=0.0)


def _means(values: NDArray, begin: NDArray, end: NDArray) -> NDArray[np.float64]:
    """Return the means of the finite values from ``begin`` to before ``end``, NaN where there are none."""
    known = np.isfinite(values)
    n = _counts(known, begin, end)
    total = _counts(np.where(known, values, 0), begin, end)
    return np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)


def _counts(values: NDArray, begin: NDArray, end: NDArray) -> NDArray:
    """Return the sums of values from ``begin`` to before ``end``."""
    total = np.concatenate([[0], np.cumsum(values)])
    return total[end] - total[begin]


def _differences(name: str, difference: pd.Series) -> dict[str, float]:
    difference = difference.dropna()
    return {
        f"n_{name}_differences": len(difference),
        f"{name}_difference_mean_m": difference.mean(),
        f"{name}_difference_median_m": difference.median(),
        f"{name}_difference_rmse_m": np.sqrt((difference**2).mean()),
    }


def _freeboards(pairs: pd.DataFrame, section_length: float) -> dict[str, float]:
    """Return means and medians of both freeboards where both have one, and how the means of sections differ.

    Negative freeboards are 0 in both; a mean counts each of NASA's segments by its length. A section with less than
    ``LEAST_SHARE`` of what the fullest has of them does not count.
    """
    both = pairs.dropna(subset=["freeboard", "freeboard_ours"])
    weight = both["length"].fillna(0)
    names = {"nasa": "freeboard", "leadline": "freeboard_ours"}
    numbers = {f"freeboard_{who}_median_m": both[column].median() for who, column in names.items()}
    section = [both["beam"], both["x"] // section_length]
    total = weight.groupby(section).sum()
    full = total[total >= LEAST_SHARE * total.max()]
    means = {who: (weight * both[column]).groupby(section).sum()[full.index] / full for who, column in names.items()}
    for who, column in names.items():
        numbers[f"freeboard_{who}_mean_m"] = (weight * both[column]).sum() / weight.sum() if weight.sum() else np.nan
    numbers |= _differences("freeboard", both["freeboard_ours"] - both["freeboard"])
    return numbers | _differences("section_mean_freeboard", means["leadline"] - means["nasa"])


def _classes(pairs: pd.DataFrame) -> dict[str, float]:
    shares = class_shares(pairs)
    water = class_name(SurfaceClass.OPEN_WATER)
    is_lead = pairs["type"].isin((*CATEGORIES["specular_lead"], *CATEGORIES["dark_lead"]))
    n_water = pairs[f"n_{water}_ours"]
    numbers = {
        f"nasa_{kind}_as_{name}_percent": shares.loc[kind, name]
        for kind in ("ice", "specular_lead", "dark_lead", "reference")
        for name in shares.columns.drop("n")
    }
    in_leads = 100 * n_water[is_lead].sum() / n_water.sum() if n_water.sum() else np.nan
    return numbers | {f"{water}_in_nasa_leads_percent": in_leads}
