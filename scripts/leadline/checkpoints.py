"""Checkpoints: what a training that was cut short needs to go on as if it had not been."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from leadline.files import written_whole


@dataclass
class Checkpoint:
    """Where a training stands after an epoch.

    The order of the windows and dropout follow from seed, epoch and rank, so the number of the epoch is the random
    state too.
    """

    epoch: int = 0
    """Epochs that are behind."""
    history: list[dict[str, float]] = field(default_factory=list)
    """Losses and scores of each epoch."""
    times: list[dict[str, float]] = field(default_factory=list)
    """Seconds of each epoch by what they went to."""
    kept_epoch: int = 0
    """Epoch with the lowest loss so far."""
    lowest: float = np.inf
    """That loss."""
    kept: list[np.ndarray] = field(default_factory=list)
    """Weights of that epoch."""
    variables: list[np.ndarray] = field(default_factory=list)
    """Weights as they are now, and what the optimizer holds: its moments and its number of steps."""

    def advance(self, record: dict[str, float], weights: list[np.ndarray], variables: list[np.ndarray]) -> None:
        """Go on by an epoch; its weights are kept if its validation loss is the lowest, or if there is none."""
        self.epoch = record["epoch"]
        loss = record.get("validation_loss", -self.epoch)
        if loss < self.lowest:
            self.lowest, self.kept_epoch, self.kept = loss, self.epoch, weights
        self.variables = variables
        self.history.append(record)


_ARRAYS = ("kept", "variables")


def write_checkpoint(path: Path, checkpoint: Checkpoint, digest: str) -> None:
    """Write a checkpoint whole in the place of the one before; ``digest`` says of which training it is."""
    told: dict[str, Any] = {name: value for name, value in vars(checkpoint).items() if name not in _ARRAYS}
    counts = {name: len(getattr(checkpoint, name)) for name in _ARRAYS}
    arrays = {f"{name}_{n}": array for name in _ARRAYS for n, array in enumerate(getattr(checkpoint, name))}
    with written_whole(path) as aside:
        np.savez(aside, told=json.dumps({"digest": digest, "counts": counts, "told": told}), **arrays)


def read_checkpoint(path: Path, digest: str) -> Checkpoint | None:
    """Return what ``write_checkpoint`` wrote; None where there is nothing, or it is of a training unlike this one."""
    if not Path(path).exists():
        return None
    with np.load(path) as saved:
        header = json.loads(str(saved["told"]))
        if header["digest"] != digest:
            return None
        arrays = {name: [saved[f"{name}_{n}"] for n in range(count)] for name, count in header["counts"].items()}
    return Checkpoint(**header["told"], **arrays)
