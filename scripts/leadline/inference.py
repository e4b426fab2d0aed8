"""Classes of segments by a trained network, by one process or by several ranks together, with the same result."""

import os
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from leadline.calibration import Calibration
from leadline.distributed import Ranks
from leadline.domain import Domain
from leadline.features import Inputs, feature_array, windows, with_relative_height
from leadline.names import KEY, SURFACE_CLASSES, SurfaceClass, class_name
from leadline.tables import CLASSES

BATCH_SIZE = 4096
"""Windows at a time."""


def classify(
    network: keras.Model,
    description: dict,
    segments: pd.DataFrame,
    segment_length: float,
    ranks: Ranks,
    batch_size: int = BATCH_SIZE,
) -> pd.DataFrame:
    """Return the classes of the segments (the table CLASSES): the most probable one and all three probabilities.

    ``segments`` are ``segment_length`` m long and sorted by granule, beam and x_atc. ``description`` is the network's:
    its inputs, by which the segments are seen, its calibration, and its domain. A segment outside of that is marked and
    its class is unknown. Each rank works on its part, all return the whole.
    """
    segments = with_relative_height(segments)
    probability = predict(network, description, segments, segment_length, ranks, batch_size)
    outside = Domain.from_dict(description["domain"]).outside(segments)
    return pd.DataFrame(
        {
            **{name: segments[name].to_numpy() for name in KEY},
            "surface_class": np.where(outside, SurfaceClass.UNKNOWN, probability.argmax(axis=1)).astype(np.uint8),
            **{f"probability_{class_name(c)}": probability[:, c] for c in SURFACE_CLASSES},
            "out_of_domain": outside,
        },
        columns=CLASSES.names,
    )


def predict(
    network: keras.Model,
    description: dict,
    table: pd.DataFrame,
    segment_length: float,
    ranks: Ranks,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """Return the calibrated probabilities, float32 (n, 3), of the three classes for each segment of a sorted table."""
    raw = uncalibrated(network, description, table, segment_length, ranks, batch_size)
    return Calibration(**description["calibration"]).applied(raw)


def uncalibrated(
    network: keras.Model,
    description: dict,
    table: pd.DataFrame,
    segment_length: float,
    ranks: Ranks,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """Return the probabilities, float32 (n, 3), as the network itself gives them; else as ``predict``."""
    inputs = Inputs(**description["inputs"])
    index = windows(table, segment_length, inputs.reach)
    return probabilities(tf.function(network), feature_array(table, inputs), index, ranks, batch_size)


def probabilities(
    forward: tf.types.experimental.PolymorphicFunction,
    features: np.ndarray,
    index: np.ndarray,
    ranks: Ranks,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """Return the probabilities, float32 (n, 3), of the windows ``index`` into ``features`` (rows, k).

    ``forward`` is the network as a TensorFlow function. Each rank takes a contiguous stretch of whole batches, and the
    last batch is filled up: a window sits at the same place of a batch of the same shape however many ranks there are,
    so that even its rounding is the same. A rank works on as many batches at a time as it has cores.
    """

    def of_batch(start: int) -> np.ndarray:
        batch = index[start : start + batch_size]
        filled = np.resize(batch, (batch_size, batch.shape[1]))
        return forward(features[filled]).numpy()[: len(batch)]

    own = np.array_split(np.arange(0, len(index), batch_size), ranks.size)[ranks.rank]
    with ThreadPoolExecutor(max(os.cpu_count() // ranks.size, 1)) as pool:
        found = list(pool.map(of_batch, own))
    return ranks.gather(np.concatenate([np.empty((0, len(SURFACE_CLASSES)), np.float32), *found]))
