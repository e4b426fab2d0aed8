"""Training of a network on labelled windows, by one process or by several ranks that average their gradients."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from leadline.distributed import Ranks
from leadline.errors import ModelError
from leadline.features import REACH, class_counts, feature_array, feature_ranges, normalisation, split, windows
from leadline.inference import probabilities
from leadline.log import logger
from leadline.metrics import network_scores
from leadline.models import NETWORKS, focal_loss
from leadline.names import SURFACE_CLASSES
from leadline.tables import FEATURES

LARGE_BATCH = 256
"""Beyond this batch size the learning rate rises to its value during the first epoch instead of starting with it."""


@dataclass(frozen=True)
class TrainingSettings:
    """How to train; the defaults are the paper's."""

    learning_rate: float = 0.003
    """Of Adam, at the batch of all ranks together: it does not grow with their number."""
    batch_size: int = 32
    """Windows a step, of all ranks together; rounded up to a multiple of their number."""
    epochs: int = 20
    validation_share: float = 0.2
    """Share of the labelled track, in blocks of 10 km, that is held out to choose the epoch; 0 for none."""
    seed: int = 0


@dataclass(frozen=True)
class _Windows:
    """Windows with known classes."""

    features: np.ndarray
    """Of all segments, (rows, 6)."""
    index: np.ndarray
    """Rows of each window, (n, 5)."""
    classes: np.ndarray
    """Surface class of each window, (n,)."""

    @property
    def truth(self) -> np.ndarray:
        """The classes as probabilities, 0 or 1, (n, 3)."""
        return np.eye(len(SURFACE_CLASSES), dtype=np.float32)[self.classes]


def train(
    table: pd.DataFrame, segment_length: float, network: str, settings: TrainingSettings, ranks: Ranks
) -> tuple[keras.Model, dict]:
    """Return a trained network, and its description: what a user of it must know, ready for JSON.

    ``table`` is a TRAINING_SET, the same on all ranks, sorted by granule, beam and x_atc, of segments that are
    ``segment_length`` m long; ``network`` is a key of NETWORKS. Adam minimises the focal loss; each rank works on an
    equal share of each batch. The weights kept are those of the epoch with the lowest loss on the held-out blocks, for
    the rare classes make single epochs jump; without held-out blocks, those of the last. The result is equal, bit by
    bit, for an equal seed and number of ranks; only the description's last two entries are times. Raises ModelError
    where the loss is not finite.
    """
    keras.utils.set_random_seed(settings.seed + ranks.rank)  # for dropout; the first weights come from rank 0
    tf.config.experimental.enable_op_determinism()
    features, index, classes = feature_array(table), windows(table, segment_length), table["surface_class"].to_numpy()
    training, validation = (
        _Windows(features, index[rows], classes[rows])
        for rows in split(table, index, settings.validation_share, settings.seed)
    )
    centres = features[training.index[:, REACH]]
    model = NETWORKS[network](*normalisation(centres))
    loss = focal_loss(np.bincount(training.classes, minlength=len(SURFACE_CLASSES)))
    train_epoch = _trainer(model, loss, training, settings, ranks)
    forward = tf.function(model)

    history, seconds, lowest = [], [], np.inf
    for epoch in range(1, settings.epochs + 1):
        began = time.perf_counter()
        record = {"epoch": epoch, "loss": train_epoch(epoch)}
        seconds.append(time.perf_counter() - began)
        probability = probabilities(forward, features, validation.index, ranks)
        record |= _validation(loss, validation, probability)
        if not np.isfinite(list(record.values())).all():
            raise ModelError(f"{network}: the loss is not finite after epoch {epoch}; lower the learning rate")
        if record.get("validation_loss", -epoch) < lowest:
            lowest = record.get("validation_loss", -epoch)
            kept_epoch, kept_weights, kept_probability = epoch, model.get_weights(), probability
        history.append(record)
        if ranks.rank == 0:
            logger.info("%s: %s", network, ", ".join(f"{name} {value:.4g}" for name, value in record.items()))
    model.set_weights(kept_weights)
    return model, {
        "network": network,
        "segment_length": segment_length,
        "features": list(FEATURES),
        "window_segments": 2 * REACH + 1,
        "feature_ranges": feature_ranges(centres),
        "training_windows": class_counts(training.classes),
        "settings": asdict(settings),
        "ranks": ranks.size,
        "history": history,
        "kept_epoch": kept_epoch,
        "validation": network_scores(validation.classes, kept_probability),
        "training_seconds": sum(seconds),
        "windows_per_second": len(training.index) / float(np.median(seconds)),
    }


def _trainer(
    model: keras.Model, loss: keras.losses.Loss, training: _Windows, settings: TrainingSettings, ranks: Ranks
) -> Callable[[int], float]:
    """Return what trains the model for the epoch of a number, with each window once, and returns the mean loss.

    An epoch runs inside TensorFlow, which gathers the windows from the features batch by batch. What a last batch lacks
    is filled with windows of the first, so that all ranks take the same steps.
    """
    steps = -(-len(training.index) // settings.batch_size)
    share = -(-settings.batch_size // ranks.size)
    optimizer = keras.optimizers.Adam(_learning_rate(settings, steps))
    optimizer.build(model.trainable_variables)
    ranks.broadcast([*model.trainable_variables, *optimizer.variables])
    features, index, truth = map(tf.constant, (training.features, training.index, training.truth))

    @tf.function
    def train_steps(batches: tf.Tensor) -> tf.Tensor:
        total = tf.zeros(())
        for batch in batches:
            with tf.GradientTape() as tape:
                probability = model(tf.gather(features, tf.gather(index, batch)), training=True)
                value = loss(tf.gather(truth, batch), probability)
            gradients = ranks.average(tape.gradient(value, model.trainable_variables))
            optimizer.apply(gradients, model.trainable_variables)
            total += value
        return ranks.average([total / steps])[0]

    def train_epoch(epoch: int) -> float:
        shuffled = np.random.default_rng([settings.seed, epoch]).permutation(len(training.index))
        batches = np.resize(shuffled, (steps, ranks.size, share))
        return float(train_steps(tf.constant(batches[:, ranks.rank])))

    return train_epoch


def _validation(loss: keras.losses.Loss, validation: _Windows, probability: np.ndarray) -> dict[str, float]:
    """Return loss and accuracy on the held-out windows; nothing where there are none."""
    if not len(validation.index):
        return {}
    return {
        "validation_loss": float(loss(validation.truth, probability)),
        "validation_accuracy_percent": 100 * float(np.mean(probability.argmax(axis=1) == validation.classes)),
    }


def _learning_rate(settings: TrainingSettings, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the learning rate: constant, or for a large batch rising linearly over the steps of the first epoch."""
    if settings.batch_size <= LARGE_BATCH:
        return settings.learning_rate
    return keras.optimizers.schedules.PolynomialDecay(
        initial_learning_rate=settings.learning_rate / steps,
        decay_steps=steps,
        end_learning_rate=settings.learning_rate,
    )
