"""The paper's two networks, their loss, and the files that keep a trained one."""

import hashlib
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
from keras import layers

from leadline.errors import ModelError
from leadline.features import REACH
from leadline.files import written_whole
from leadline.names import SURFACE_CLASSES
from leadline.tables import FEATURES


def lstm(mean: np.ndarray, variance: np.ndarray) -> keras.Model:
    """Return the paper's LSTM (section III.B.2; 19,475 weights): windows (n, 5, 6) in, probabilities (n, 3) out.

    An LSTM of 16 with ELU, dropout 0.2, dense layers of 32, 96, 32, 16, 112, 48 and 64 with ELU, softmax of the three
    classes. ``mean`` and ``variance`` (6,) of the features normalise them. The five steps are unrolled: the same sums
    without a loop, 1.5 times as fast at the paper's batch of 32.
    """
    units = (32, 96, 32, 16, 112, 48, 64)
    return _network(
        "lstm",
        mean,
        variance,
        [
            layers.LSTM(16, activation="elu", unroll=True, name="lstm"),
            layers.Dropout(0.2, name="dropout"),
            *(layers.Dense(n, activation="elu", name=f"dense_{place}") for place, n in enumerate(units, start=1)),
        ],
    )


def mlp(mean: np.ndarray, variance: np.ndarray) -> keras.Model:
    """Return the paper's MLP: one dense layer of 32 with ReLU over the window's 30 features, then softmax."""
    hidden = [layers.Flatten(name="flatten"), layers.Dense(32, activation="relu", name="dense")]
    return _network("mlp", mean, variance, hidden)


NETWORKS: dict[str, Callable[[np.ndarray, np.ndarray], keras.Model]] = {"lstm": lstm, "mlp": mlp}
"""The networks by the name that a config gives them."""


def _network(name: str, mean: np.ndarray, variance: np.ndarray, hidden: list[layers.Layer]) -> keras.Model:
    """Put the hidden layers between normalisation and softmax; all have names, lest Keras number them by process."""
    window = layers.Input((2 * REACH + 1, len(FEATURES)), name="window")
    normalised = layers.Normalization(mean=mean, variance=variance, name="normalisation")
    classes = layers.Dense(len(SURFACE_CLASSES), activation="softmax", name="classes")
    return keras.Sequential([window, normalised, *hidden, classes], name=name)


def focal_loss(counts: np.ndarray) -> keras.losses.Loss:
    """Return the focal loss with gamma 2, for classes that occur ``counts`` times (3,) among the training rows.

    The weights alpha go with the inverse square root of the counts. The inverse itself would make all classes count the
    same and buy recall of open water with false leads, to which a sea surface is sensitive; no weight at all would
    leave out the rare ones. On simulated tracks this gave the highest macro F1 of the three. (At the counts of the
    paper's data the weights are as 1 : 4 : 6; its authors' notebook has 1 : 9 : 12.)
    """
    rarity = 1 / np.sqrt(np.maximum(counts, 1))
    return keras.losses.CategoricalFocalCrossentropy(alpha=(rarity / rarity.sum()).tolist(), gamma=2.0)


def write_model(path: Path, description_path: Path, network: keras.Model, description: dict) -> None:
    """Write a network as a Keras file and its description; equal weights make equal bytes.

    The description (JSON) gets the Keras file's SHA-256 under ``digest``, by which ``read_model`` knows them as a pair.
    """
    with TemporaryDirectory() as folder, written_whole(path) as aside:
        network.save(Path(folder) / "saved.keras")
        with zipfile.ZipFile(Path(folder) / "saved.keras") as saved, zipfile.ZipFile(aside, "w") as settled:
            for name in sorted(saved.namelist()):
                settled.writestr(zipfile.ZipInfo(name), _settled(name, saved.read(name)))
    with written_whole(description_path) as aside:
        aside.write_text(json.dumps({**description, "digest": _digest(path)}, indent=2) + "\n")


def read_model(path: Path, description_path: Path, segment_length: float) -> tuple[keras.Model, dict]:
    """Read what ``write_model`` wrote: the network, ready to classify segments of a length (m), and its description.

    Raises ModelError where the two files do not belong together, or the network learned from segments of another
    length: its photons, heights and neighbours would mean something else.
    """
    description = json.loads(Path(description_path).read_text())
    if description["digest"] != _digest(path):
        raise ModelError(f"{path}: is not the model that {description_path} describes; train it again")
    if description["segment_length"] != segment_length:
        raise ModelError(
            f"{path}: learned from segments of {description['segment_length']:g} m, these are of {segment_length:g} m; "
            "train it on segments of their length"
        )
    return keras.saving.load_model(path, compile=False), description


def _settled(name: str, content: bytes) -> bytes:
    """Return a member of a Keras file without what differs from process to process: its date, and memory addresses."""
    if name == "metadata.json":
        return json.dumps({**json.loads(content), "date_saved": ""}).encode()
    if name == "config.json":
        places: dict[bytes, int] = {}
        return re.sub(
            rb'(?<="shared_object_id": )\d+',
            lambda address: str(places.setdefault(address[0], len(places))).encode(),
            content,
        )
    return content


def _digest(path: Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
