"""Labelled windows on disk: a shard holds segments once, and the windows of a batch are gathered from it when due."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

AT_ONCE = 16_384
"""Windows that are gathered together, while those before are worked on."""


@dataclass(frozen=True)
class Shard:
    """A stretch of segments and the windows whose class is to be learned, as arrays in memory or mapped from disk."""

    features: np.ndarray
    """Of each segment, float32 (rows, k)."""
    row: np.ndarray
    """Segment in the middle of each window, int64 (n,)."""
    offset: np.ndarray
    """Where a window's segments lie from that one, int8 (n, 2 reach + 1): a byte each, for no window is copied."""
    classes: np.ndarray
    """Surface class of each window, uint8 (n,)."""

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.row)

    def windows(self, chosen: np.ndarray) -> np.ndarray:
        """Return the features of the chosen windows (...), float32 (..., 2 reach + 1, k)."""
        return self.features[self.row[chosen][..., np.newaxis] + self.offset[chosen]]


def shard(features: np.ndarray, index: np.ndarray, classes: np.ndarray, rows: np.ndarray) -> Shard:
    """Return the windows of some rows of a table and the stretch of segments that they reach over.

    ``features`` (table, k), ``index`` (table, 2 reach + 1), the rows of each segment's window, and ``classes`` (table,)
    are of the whole table, ``rows`` (n,) increase.
    """
    chosen = index[rows]
    first, last = (chosen.min(), chosen.max()) if len(rows) else (0, -1)
    offset = (chosen - rows[:, np.newaxis]).astype(np.int8)
    return Shard(features[first : last + 1], rows - first, offset, classes[rows].astype(np.uint8))


def on_disk(windows: Shard) -> Shard:
    """Return a shard whose arrays are mapped from files in the folder for temporary ones: of them, only what is
    gathered from takes memory. The files have no name once they are mapped, so that no end of the process leaves any.
    """
    with TemporaryDirectory(prefix="leadline-") as folder:
        paths = {field.name: Path(folder) / f"{field.name}.npy" for field in fields(Shard)}
        for name, path in paths.items():
            np.save(path, getattr(windows, name))
        return Shard(**{name: np.load(path, mmap_mode="r") for name, path in paths.items()})


class Feed:
    """Hands out the windows of an epoch some steps at a time; a thread gathers the next ones meanwhile."""

    def __init__(self, shards: dict[int, Shard], share: int, steps: int, seed: int) -> None:
        """Feed from some shards by their numbers ``share`` windows of each in each of ``steps`` steps."""
        self._shards = shards
        self._share = share
        self.steps = steps
        """Steps of an epoch."""
        self._seed = seed
        self.gathering = 0.0
        """Seconds that the thread gathered in the last epoch, while steps went on."""
        self.waiting = 0.0
        """Seconds of the last epoch in which no step went on, for its windows were not there yet."""

    def epoch(self, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield windows (steps, batch, 2 reach + 1, k) and classes (steps, batch) until all steps are fed.

        Each window of a shard comes once, in an order that follows from the seed, the epoch and the shard's number.
        What the last step lacks are windows of the first, so that all shards feed the same number of steps.
        """
        self.gathering = self.waiting = 0.0
        orders = {key: self._order(number, key) for key in self._shards}
        pieces = np.array_split(np.arange(self.steps), -(-self.steps * self._share * len(orders) // AT_ONCE))
        with ThreadPoolExecutor(1) as thread:
            due = thread.submit(self._gather, orders, pieces[0])
            for following in [*pieces[1:], None]:
                began = perf_counter()
                gathered = due.result()
                self.waiting += perf_counter() - began
                if following is not None:
                    due = thread.submit(self._gather, orders, following)
                yield gathered

    def _order(self, epoch: int, key: int) -> np.ndarray:
        shuffled = np.random.default_rng([self._seed, epoch, key]).permutation(len(self._shards[key]))
        return np.resize(shuffled, (self.steps, self._share))

    def _gather(self, orders: dict[int, np.ndarray], steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        began = perf_counter()
        parts = [(self._shards[key], order[steps]) for key, order in orders.items()]
        windows = np.concatenate([of.windows(chosen) for of, chosen in parts], axis=1)
        classes = np.concatenate([of.classes[chosen] for of, chosen in parts], axis=1)
        self.gathering += perf_counter() - began
        return windows, classes
