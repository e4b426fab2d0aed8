"""Stretches of a track whose label or class is in doubt, and how much a person's word on each would matter.

Pure functions over a table of one track, sorted by x_atc: ``surface_class`` and ``out_of_domain`` of the network with
its three probabilities, and ``label``, ``why``, ``confidence`` and ``scene`` of the label.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name

KINDS = {
    "disagreement": "scene and network disagree",
    "label": "label of low confidence",
    "class": "network unsure",
    "transition": "border of classes",
    "cloud_edge": "edge of a cloud",
    "out_of_domain": "unlike all that trained",
}
"""Why a segment is in doubt, in words for people."""

LEAST_CONFIDENCE = 0.85
"""Confidence of a label below which it is in doubt: more than one of nine pixels disagrees, or drift may reach it."""
LEAST_PROBABILITY = 0.8
"""Probability of a class below which it is in doubt."""
BORDER_DOUBT = 0.24
"""Share of classes at borders, which have no label to learn from, that are wrong (simulated), however sure they are."""
CLOUD_DOUBT = 0.15
"""Share of leads under the thin rim of a cloud that are labelled thin ice (simulated)."""
CLOUD_REACH = 200.0
"""How far a cloud's rim and its shadow's reach, m."""
STRANGE_DOUBT = 1 - 1 / len(SURFACE_CLASSES)
"""Doubt where the network knows nothing: any of its classes may be the right one."""

BRIDGED = 6.0
"""Longest gap inside a stretch, m."""
SMOOTHED = 21.0
"""Length over which a network's probabilities are averaged to tell one stretch from the next, m."""
SHORTEST, LONGEST = 10.0, 500.0
"""Stretches that are worth a look, m: a pixel or more; longer ones are cut in equal parts."""

NOTABLE = 0.2
"""Least share of the greatest doubt of a stretch that another kind of doubt has to be told."""

PROBABILITIES = [f"probability_{class_name(surface_class)}" for surface_class in SURFACE_CLASSES]
NO_STRETCHES = pd.DataFrame(
    columns=[
        "granule",
        "beam",
        "x_start",
        "x_end",
        "kind",
        "kinds",
        "label",
        "surface_class",
        "probability",
        "confidence",
        "scene",
        "weight",
    ]
)
"""What ``doubtful_stretches`` returns of a track without doubt; x_start, x_end and weight are metres."""


def doubts(track: pd.DataFrame) -> pd.DataFrame:
    """Return how doubtful each segment is (0 to 1) for each of ``KINDS``; 0 where not, and where a person has spoken.

    A disagreement is as doubtful as the network says the label is improbable; a label, as its confidence lacks; a
    class, as its probability lacks. At borders and under the rims of clouds doubt is at least the share that is wrong
    there.
    """
    x = track["x_atc"].to_numpy()
    probability = track[PROBABILITIES].to_numpy(np.float64)
    label, why = track["label"].to_numpy(), track["why"].to_numpy()
    confidence = track["confidence"].to_numpy(np.float64)
    strange = track["out_of_domain"].to_numpy()
    improbable = 1 - probability.max(axis=1)
    labelled = label != SurfaceClass.UNKNOWN
    of_label = probability[np.arange(len(label)), np.where(labelled, label, 0)]
    disagreeing = labelled & (probability.argmax(axis=1) != label) & ~strange
    hidden = np.isin(why, ("cloud", "shadow"))
    in_doubt = {
        "disagreement": (disagreeing, 1 - of_label),
        "label": (labelled & (confidence < LEAST_CONFIDENCE), 1 - confidence),
        "class": ((improbable > 1 - LEAST_PROBABILITY) & ~strange, improbable),
        "transition": (np.isin(why, ("mixed", "transition", "drift")), np.maximum(improbable, BORDER_DOUBT)),
        "cloud_edge": (labelled & (_distance(x, x[hidden]) <= CLOUD_REACH), np.maximum(improbable, CLOUD_DOUBT)),
        "out_of_domain": (strange, STRANGE_DOUBT),
    }
    by_hand = why == "manual"
    return pd.DataFrame({kind: np.where(where & ~by_hand, much, 0.0) for kind, (where, much) in in_doubt.items()})


def doubtful_stretches(track: pd.DataFrame, segment_length: float) -> pd.DataFrame:
    """Return the stretches of a track in doubt, in the columns of ``NO_STRETCHES`` and the order of the track.

    A stretch has one label, or none, and one class, by the mean of the network's probabilities nearby. ``kind`` is what
    most of its doubt comes from, ``kinds`` all that give at least a fifth as much, in words of ``KINDS``.
    ``probability`` is that of its class (``surface_class``, by the highest mean), ``confidence`` the mean of its
    labels', and ``weight`` the metres that are likely to be wrong: doubt times length. Segments are
    ``segment_length`` m long.
    """
    of_kind = doubts(track)
    doubt = of_kind.max(axis=1).to_numpy()
    rows = np.flatnonzero(doubt > 0)
    if not rows.size:
        return NO_STRETCHES
    stretch = _stretch_of(track, rows, segment_length)
    doubtful = track.iloc[rows].assign(doubt=doubt[rows])
    groups = doubtful.groupby(stretch)
    means = groups[PROBABILITIES].mean().to_numpy()
    sums = of_kind.iloc[rows].groupby(stretch).sum()
    found = pd.DataFrame(
        {
            "granule": groups["granule"].first(),
            "beam": groups["beam"].first(),
            "x_start": groups["x_atc"].min() - segment_length / 2,
            "x_end": groups["x_atc"].max() + segment_length / 2,
            "kind": sums.idxmax(axis=1),
            "kinds": [" ".join(sums.columns[row >= NOTABLE * row.max()]) for row in sums.to_numpy()],
            "label": groups["label"].first(),
            "surface_class": np.array(SURFACE_CLASSES, np.uint8)[means.argmax(axis=1)],
            "probability": means.max(axis=1),
            "confidence": groups["confidence"].mean(),
            "scene": groups["scene"].first(),
            "weight": groups["doubt"].sum() * segment_length,
        }
    )
    return found[found["x_end"] - found["x_start"] >= SHORTEST].reset_index(drop=True)


def most_doubtful(stretches: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Return the ``limit`` stretches that matter most, the heaviest first.

    Each kind has its heaviest among them, so that many of one kind do not crowd out the others.
    """
    heaviest = stretches.sort_values("weight", ascending=False, kind="stable")
    place = heaviest.groupby("kind").cumcount().to_numpy()
    chosen = np.sort(np.argsort(place, kind="stable")[:limit])
    return heaviest.iloc[chosen].reset_index(drop=True)


def _stretch_of(track: pd.DataFrame, rows: NDArray, segment_length: float) -> NDArray[np.intp]:
    """Return the number of the stretch that each of the rows in doubt belongs to."""
    x = track["x_atc"].to_numpy()[rows]
    said_by_hand = (track["why"] == "manual").cumsum().to_numpy()
    begins = np.diff(x, prepend=x[0]) > BRIDGED + 1.5 * segment_length
    begins |= _changes(track["label"].to_numpy()[rows]) | _changes(said_by_hand[rows])
    window = max(1, round(SMOOTHED / segment_length))
    alike = track[PROBABILITIES].iloc[rows].groupby(np.cumsum(begins))
    begins |= _changes(alike.rolling(window, center=True, min_periods=1).mean().to_numpy().argmax(axis=1))
    run = np.cumsum(begins)
    first, last = (pd.Series(x).groupby(run).transform(end).to_numpy() for end in ("first", "last"))
    length = last - first + segment_length
    part = np.floor((x - first) / length * np.ceil(length / LONGEST))
    return np.cumsum(begins | _changes(part))


def _changes(values: NDArray) -> NDArray[np.bool_]:
    """Return where a value differs from the one before."""
    return np.diff(values, prepend=values[:1]) != 0


def _distance(x: NDArray, places: NDArray) -> NDArray[np.float64]:
    """Return how far each x is from the nearest of the places, both sorted; infinite where there are none."""
    fenced = np.concatenate([[-np.inf], places, [np.inf]])
    after = np.searchsorted(fenced, x)
    return np.minimum(fenced[after] - x, x - fenced[after - 1])
