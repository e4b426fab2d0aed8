"""Classes of segments by a trained network, by one process or by several ranks together, with the same result."""

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from leadline.distributed import Ranks
from leadline.features import feature_array, out_of_domain, windows
from leadline.names import KEY, SURFACE_CLASSES, class_name
from leadline.tables import CLASSES

BATCH_SIZE = 4096
"""Windows at a time."""


def classify(
    network: keras.Model,
    ranges: dict[str, tuple[float, float]],
    segments: pd.DataFrame,
    segment_length: float,
    ranks: Ranks,
    batch_size: int = BATCH_SIZE,
) -> pd.DataFrame:
    """Return the classes of the segments (the table CLASSES): the most probable one and all three probabilities.

    ``segments`` are ``segment_length`` m long and sorted by granule, beam and x_atc; ``ranges`` are the feature ranges
    that the network saw in training, outside of which a segment is marked. Each rank works on its part, all return the
    whole.
    """
    probability = predict(network, segments, segment_length, ranks, batch_size)
    return pd.DataFrame(
        {
            **{name: segments[name].to_numpy() for name in KEY},
            "surface_class": probability.argmax(axis=1).astype(np.uint8),
            **{f"probability_{class_name(c)}": probability[:, c] for c in SURFACE_CLASSES},
            "out_of_domain": out_of_domain(feature_array(segments), ranges),
        },
        columns=CLASSES.names,
    )


def predict(
    network: keras.Model, table: pd.DataFrame, segment_length: float, ranks: Ranks, batch_size: int = BATCH_SIZE
) -> np.ndarray:
    """Return the probabilities, float32 (n, 3), of the three classes for each segment of a sorted table."""
    index = windows(table, segment_length)
    return probabilities(tf.function(network), feature_array(table), index, ranks, batch_size)


def probabilities(
    forward: tf.types.experimental.PolymorphicFunction,
    features: np.ndarray,
    index: np.ndarray,
    ranks: Ranks,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """Return the probabilities, float32 (n, 3), of the windows ``index`` (n, 5) into ``features`` (rows, 6).

    ``forward`` is the network as a TensorFlow function. Each rank takes a contiguous stretch of whole batches, and the
    last batch is filled up: a window sits at the same place of a batch of the same shape however many ranks there are,
    so that even its rounding is the same.
    """
    own = [np.empty((0, len(SURFACE_CLASSES)), np.float32)]
    for start in np.array_split(np.arange(0, len(index), batch_size), ranks.size)[ranks.rank]:
        batch = index[start : start + batch_size]
        filled = np.resize(batch, (batch_size, batch.shape[1]))
        own.append(forward(features[filled]).numpy()[: len(batch)])
    return ranks.gather(np.concatenate(own))
