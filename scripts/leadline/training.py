"""Training of a network on labelled windows, by one process or by several ranks that average their gradients."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter, process_time

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from leadline import calibration, domain
from leadline.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from leadline.distributed import Ranks
from leadline.errors import ModelError
from leadline.features import (
    PAPER_INPUTS,
    Inputs,
    class_counts,
    feature_array,
    normalisation,
    split,
    windows,
    with_relative_height,
)
from leadline.inference import probabilities
from leadline.log import logger
from leadline.metrics import network_scores
from leadline.models import build, focal_loss
from leadline.names import SURFACE_CLASSES
from leadline.provenance import code_digest
from leadline.shards import Feed, Shard, on_disk, shard
from leadline.steps import Steps, adam, compiled_steps, computing_in, learning_rate


@dataclass(frozen=True)
class TrainingSettings:
    """How to train; the defaults are the paper's."""

    learning_rate: float = 0.003
    """Of Adam at a batch of 32."""
    batch_size: int = 32
    """Windows a step, of all ranks together; rounded up to a multiple of the number of shards."""
    epochs: int = 20
    scaling: str = "root"
    """How the learning rate grows with the batch beyond 32, a key of SCALINGS."""
    warmup: float = 0.0
    """Epochs in which the learning rate rises to its value."""
    decay: bool = False
    """Whether it falls to nothing by the last epoch."""
    inputs: Inputs = PAPER_INPUTS
    gamma: float = 2.0
    """Of the focal loss: how little a window counts whose class is found with certainty."""
    weights: str = "inverse_root"
    """How much the classes count in the loss by how rare they are, a name that ``focal_loss`` knows."""
    precision: str = "float32"
    """What the network computes in while it trains, one of PRECISIONS; it classifies in float32."""
    xla: bool = False
    """Whether XLA compiles the steps."""
    shards: int | None = None
    """Parts that the windows are dealt to, a multiple of the ranks; each step works on an equal share of each. Equal
    shards make equal batches however many ranks there are; None for as many as ranks."""
    minimum_support: float = 0.0
    """How far photons must support a label for it to be learned from, 0 to 1."""
    validation_share: float = 0.2
    """Share of the labelled track, in blocks of 10 km, that is held out to choose the epoch; 0 for none."""
    seed: int = 0


def train(
    table: pd.DataFrame,
    segment_length: float,
    network: str,
    settings: TrainingSettings,
    ranks: Ranks,
    checkpoint: Path | None = None,
) -> tuple[keras.Model, dict]:
    """Return a trained network, and its description: what a user of it must know, ready for JSON.

    ``table`` is a TRAINING_SET, the same on all ranks, sorted by granule, beam and x_atc, of segments that are
    ``segment_length`` m long; ``network`` is a name that ``models.build`` knows. Adam minimises the focal loss; each
    rank works on an equal share of each batch. The weights kept are those of the epoch with the lowest loss on the
    held-out blocks, for the rare classes make single epochs jump; without held-out blocks, those of the last. The
    result is equal, bit by bit, for an equal seed and number of ranks; only the description's ``times`` differ.

    ``checkpoint`` is a file for rank 0 to keep the state of the training in after each epoch; a training of the same
    data, settings and code goes on from it. Who has written the model removes it. Raises ModelError where the loss is
    not finite or the shards cannot be dealt to the ranks.
    """
    keras.utils.set_random_seed(settings.seed + ranks.rank)
    tf.config.experimental.enable_op_determinism()
    settings = replace(settings, shards=settings.shards or ranks.size)
    data = _prepared(table, segment_length, settings, ranks)
    digest = _digest(table, segment_length, network, settings)
    with computing_in(settings.precision):
        model = build(network, settings.inputs, *data.normalisation)
    state = _trained(model, data, settings, ranks, checkpoint, digest)
    model = build(network, settings.inputs, *data.normalisation)
    model.set_weights(state.kept)
    truth, probability = data.validation.classes, _probability(tf.function(model), data.validation, ranks)
    calibrated = calibration.fit(probability, truth)
    return model, {
        "network": network,
        "segment_length": segment_length,
        "inputs": asdict(settings.inputs),
        "domain": data.domain.as_dict(),
        "calibration": asdict(calibrated),
        "training_windows": class_counts(data.classes),
        "settings": asdict(settings),
        "ranks": ranks.size,
        "steps_per_epoch": data.feed.steps,
        "history": state.history,
        "kept_epoch": state.kept_epoch,
        "validation": network_scores(truth, calibrated.applied(probability)),
        "times": _times(state.times, len(data.classes)),
    }


@dataclass(frozen=True)
class _Data:
    """What a rank trains on, and what of the whole it must know."""

    feed: Feed
    """Of the windows to train with that are this rank's."""
    classes: np.ndarray
    """Of the windows to train with, of all ranks."""
    validation: Shard
    """Windows to validate with, of all ranks."""
    normalisation: tuple[np.ndarray, np.ndarray]
    domain: domain.Domain


def _prepared(table: pd.DataFrame, segment_length: float, settings: TrainingSettings, ranks: Ranks) -> _Data:
    """Split the table and put on disk what this rank works on: its shards, and the held-out windows."""
    table = with_relative_height(table)
    features = feature_array(table, settings.inputs)
    index = windows(table, segment_length, settings.inputs.reach)
    classes = table["surface_class"].to_numpy()
    training, held_out = split(table, index, settings.validation_share, settings.seed, settings.minimum_support)
    if settings.shards % ranks.size or settings.shards > len(training):
        raise ModelError(
            f"{settings.shards} shards of {len(training)} windows cannot be dealt to {ranks.size} ranks; "
            "give a multiple of the ranks, no more than there are windows"
        )
    parts = np.array_split(training, settings.shards)
    share = math.ceil(settings.batch_size / settings.shards)
    own = {
        number: on_disk(shard(features, index, classes, parts[number]))
        for number in range(ranks.rank, settings.shards, ranks.size)
    }
    return _Data(
        Feed(own, share, math.ceil(len(parts[0]) / share), settings.seed),
        classes[training],
        on_disk(shard(features, index, classes, held_out)),
        normalisation(features[training]),
        domain.fit(table, training),
    )


def _digest(table: pd.DataFrame, segment_length: float, network: str, settings: TrainingSettings) -> str:
    """Return a sha256 of what a training follows from, but for the number of ranks, which may change on the way."""
    digest = hashlib.sha256(json.dumps([segment_length, network, asdict(settings)]).encode())
    digest.update(code_digest(Path(__file__)).encode())
    digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def _trained(
    model: keras.Model, data: _Data, settings: TrainingSettings, ranks: Ranks, path: Path | None, digest: str
) -> Checkpoint:
    """Train a network from its first epoch, or on from the checkpoint of rank 0, and return where it ends."""
    counts = np.bincount(data.classes, minlength=len(SURFACE_CLASSES))
    loss = focal_loss(counts, settings.gamma, settings.weights)
    warmup_steps = round(settings.warmup * data.feed.steps)
    decay_steps = max(settings.epochs * data.feed.steps - warmup_steps, 0) if settings.decay else 0
    rate = learning_rate(settings.learning_rate, settings.batch_size, settings.scaling, warmup_steps, decay_steps)
    optimizer = adam(rate, model, settings.precision)
    steps = compiled_steps(model, loss, optimizer, ranks, settings.xla)
    forward = tf.function(model)
    variables = [*model.weights, *optimizer.variables]

    found = read_checkpoint(path, digest) if path and ranks.rank == 0 else None
    state = ranks.share(found or Checkpoint(variables=_values(variables)))
    for variable, value in zip(variables, state.variables, strict=True):
        variable.assign(value)
    if state.epoch and ranks.rank == 0:
        logger.info("%s: going on after epoch %d", path, state.epoch)
    for epoch in range(state.epoch + 1, settings.epochs + 1):
        _draw_dropout(model, [settings.seed, epoch, ranks.rank])
        total, times = _fed(steps, data.feed, epoch)
        began = perf_counter()
        record = {"epoch": epoch, "loss": float(ranks.average([tf.constant(total / data.feed.steps)])[0])}
        record |= _validation(loss, data.validation.classes, _probability(forward, data.validation, ranks))
        if not np.isfinite(list(record.values())).all():
            raise ModelError(f"{model.name}: the loss is not finite after epoch {epoch}; lower the learning rate")
        state.times.append({**times, "validation": perf_counter() - began})
        state.advance(record, model.get_weights(), _values(variables))
        if ranks.rank == 0:
            logger.info("%s: %s", model.name, ", ".join(f"{name} {value:.4g}" for name, value in record.items()))
            if path:
                write_checkpoint(path, state, digest)
    return state


def _fed(steps: Steps, feed: Feed, epoch: int) -> tuple[float, dict[str, float]]:
    """Make the steps of an epoch; return the sum of their losses, and the seconds that they took."""
    began, used = perf_counter(), process_time()
    total = sum(float(steps(*map(tf.constant, batches))) for batches in feed.epoch(epoch))
    seconds, spent = perf_counter() - began, process_time() - used
    times = {"steps": seconds - feed.waiting, "waiting": feed.waiting, "gathering": feed.gathering, "processor": spent}
    return total, times


def _values(variables: list[keras.Variable]) -> list[np.ndarray]:
    return [variable.numpy() for variable in variables]


def _draw_dropout(model: keras.Model, seed: list[int]) -> None:
    """Give the network's generators of random numbers, which are no weights of it, a state that follows from a seed."""
    weights = {id(variable) for variable in model.weights}
    states = [variable for variable in model.variables if id(variable) not in weights]
    for number, state in enumerate(states):
        drawn = np.random.default_rng([*seed, number]).integers(2**31, size=state.shape)
        state.assign(drawn.astype(state.dtype))


def _probability(forward: tf.types.experimental.PolymorphicFunction, windows_of: Shard, ranks: Ranks) -> np.ndarray:
    """Return the probabilities (n, 3) of a shard's windows, which all ranks hold and share the work on."""
    index = windows_of.row[:, np.newaxis] + windows_of.offset
    return probabilities(forward, windows_of.features, index, ranks)


def _validation(loss: keras.losses.Loss, classes: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Return loss and accuracy on the held-out windows; nothing where there are none."""
    if not len(classes):
        return {}
    truth = np.eye(len(SURFACE_CLASSES), dtype=np.float32)[classes]
    return {
        "validation_loss": float(loss(truth, probability)),
        "validation_accuracy_percent": 100 * float(np.mean(probability.argmax(axis=1) == classes)),
    }


def _times(times: list[dict[str, float]], n_windows: int) -> dict[str, float]:
    """Return the seconds of all epochs by what they went to, and the windows a second of the median epoch.

    ``steps`` and ``waiting``, for windows that were not there yet, make up the training; ``gathering`` goes on beside
    them in a thread of its own, and ``processor`` is the time of all this process's threads in them.
    """
    training = [each["steps"] + each["waiting"] for each in times]
    return {
        **{f"{name}_seconds": sum(each[name] for each in times) for name in times[0]},
        "training_seconds": sum(training),
        "epoch_seconds": float(np.median(training)),
        "windows_per_second": n_windows / float(np.median(training)),
    }
