"""The paper's two networks, for any inputs, their loss, and the files that keep a trained one."""

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
from leadline.features import Inputs
from leadline.files import written_whole
from leadline.names import SURFACE_CLASSES


def lstm(inputs: Inputs, mean: np.ndarray, variance: np.ndarray) -> keras.Model:
    """Return the paper's LSTM (section III.B.2): windows (n, 2 reach + 1, k) in, probabilities (n, 3) out.

    An LSTM of 16 with ELU, dropout 0.2, dense layers of 32, 96, 32, 16, 112, 48 and 64 with ELU, softmax of the three
    classes; 19,475 weights with the paper's inputs. ``mean`` and ``variance`` (k,) of the features normalise them. The
    steps are unrolled: the same sums without a loop, 1.5 times as fast at the paper's batch of 32.
    """
    units = (32, 96, 32, 16, 112, 48, 64)
    return _network(
        "lstm",
        inputs,
        (mean, variance),
        [
            layers.LSTM(16, activation="elu", unroll=True, name="lstm"),
            layers.Dropout(0.2, name="dropout"),
            *(layers.Dense(n, activation="elu", name=f"dense_{place}") for place, n in enumerate(units, start=1)),
        ],
    )


def mlp(inputs: Inputs, mean: np.ndarray, variance: np.ndarray) -> keras.Model:
    """Return the paper's MLP: one dense layer of 32 with ReLU over all features of the window, then softmax."""
    hidden = [layers.Flatten(name="flatten"), layers.Dense(32, activation="relu", name="dense")]
    return _network("mlp", inputs, (mean, variance), hidden)


NETWORKS: dict[str, Callable[[Inputs, np.ndarray, np.ndarray], keras.Model]] = {"lstm": lstm, "mlp": mlp}
"""The networks by the name that a config gives them."""


def build(network: str, inputs: Inputs, mean: np.ndarray, variance: np.ndarray) -> keras.Model:
    """Return the network of a name in NETWORKS, its features normalised by mean and variance (k,)."""
    return NETWORKS[network](inputs, mean, variance)


def _network(
    name: str, inputs: Inputs, moments: tuple[np.ndarray, np.ndarray], hidden: list[layers.Layer]
) -> keras.Model:
    """Put the hidden layers between normalisation and softmax; all have names, lest Keras number them by process.

    The probabilities are float32 whatever the precision inside: the loss takes their logarithm.
    """
    mean, variance = moments
    window = layers.Input((2 * inputs.reach + 1, len(inputs.features)), name="window")
    normalised = layers.Normalization(mean=mean, variance=variance, dtype="float32", name="normalisation")
    classes = layers.Dense(len(SURFACE_CLASSES), activation="softmax", dtype="float32", name="classes")
    return keras.Sequential([window, normalised, *hidden, classes], name=name)


WEIGHTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "equal": np.ones_like,
    "inverse_root": lambda counts: 1 / np.sqrt(counts),
    "inverse": lambda counts: 1 / counts,
}
"""Weights of classes that occur so many times among the training rows, by the rule's name, up to a factor."""


def focal_loss(counts: np.ndarray, gamma: float = 2.0, weights: str = "inverse_root") -> keras.losses.Loss:
    """Return the focal loss, for classes that occur ``counts`` times (3,) among the training rows.

    ``weights`` is a rule of WEIGHTS for alpha. The inverse of the counts makes all classes count the same and buys
    recall of open water with false leads, to which a sea surface is sensitive; equal weights leave out the rare ones;
    the inverse root is between. (At the counts of the paper's data its weights are as 1 : 4 : 6; its authors' notebook
    has 1 : 9 : 12.)
    """
    rarity = WEIGHTS[weights](np.maximum(counts, 1).astype(np.float64))
    return keras.losses.CategoricalFocalCrossentropy(alpha=(rarity / rarity.sum()).tolist(), gamma=gamma)


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
