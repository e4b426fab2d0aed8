import numpy as np
import pytest

from leadline.features import PAPER_INPUTS, feature_array, windows
from leadline.shards import Feed, Shard, on_disk, shard
from simulated_table import SEGMENT_LENGTH, simulated_table


@pytest.fixture(scope="module")
def whole() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = simulated_table(20_001)
    features = feature_array(table, PAPER_INPUTS)
    return features, windows(table, SEGMENT_LENGTH, PAPER_INPUTS.reach), table["surface_class"].to_numpy()


def dealt(whole: tuple[np.ndarray, np.ndarray, np.ndarray], n: int) -> dict[int, Shard]:
    rows = np.flatnonzero(np.arange(len(whole[0])) % 7 > 0)
    return {number: shard(*whole, part) for number, part in enumerate(np.array_split(rows, n))}


def test_a_shard_on_disk_gives_the_windows_of_the_table(whole):
    features, index, classes = whole
    rows = np.arange(5000, 9000, 3)
    mapped = on_disk(shard(features, index, classes, rows))
    assert isinstance(mapped.features, np.memmap)
    assert (mapped.windows(np.arange(len(rows))) == features[index[rows]]).all()
    assert (mapped.classes == classes[rows]).all()


def test_a_shard_holds_segments_once_and_only_those_that_its_windows_reach(whole):
    features, index, classes = whole
    rows = np.arange(5000, 9000)
    of_stretch = shard(features, index, classes, rows)
    assert len(of_stretch.features) == index[rows].max() - index[rows].min() + 1 <= len(rows) + 4
    arrays = (of_stretch.features, of_stretch.row, of_stretch.offset, of_stretch.classes)
    assert sum(array.nbytes for array in arrays) < features[index[rows]].nbytes / 2


def test_a_shard_may_be_without_windows(whole):
    none = on_disk(shard(*whole, np.array([], dtype=np.int64)))
    assert len(none) == 0
    assert none.windows(np.array([], dtype=np.int64)).shape == (0, 5, 6)


def test_an_epoch_feeds_each_window_once_and_what_the_last_step_lacks_again(whole):
    shards = dealt(whole, 2)
    size = len(shards[0])
    assert abs(size - len(shards[1])) <= 1
    feed = Feed(shards, share=100, steps=-(-size // 100), seed=0)
    fed = list(feed.epoch(1))
    assert len(fed) > 1, "the case must need more than one piece"
    assert sum(len(windows) for windows, _ in fed) == feed.steps
    assert all(windows.shape[1:] == (200, 5, 6) and classes.shape[1:] == (200,) for windows, classes in fed)
    found = np.concatenate([windows.reshape(-1, 30) for windows, _ in fed])
    expected = np.concatenate([each.windows(np.arange(len(each))).reshape(-1, 30) for each in shards.values()])
    assert (np.unique(found, axis=0) == np.unique(expected, axis=0)).all()
    assert len(found) - len(expected) < 2 * 100


def test_ranks_feed_together_what_one_process_feeds_alone(whole):
    shards = dealt(whole, 2)
    alone, *ranks = (Feed(own, 64, 100, seed=3) for own in (shards, {0: shards[0]}, {1: shards[1]}))
    windows, first, second = (np.concatenate([piece for piece, _ in feed.epoch(4)]) for feed in (alone, *ranks))
    assert (windows == np.concatenate([first, second], axis=1)).all()


def test_the_order_follows_from_seed_and_epoch_and_shard(whole):
    shards = dealt(whole, 1)

    def first(seed: int, epoch: int, number: int) -> np.ndarray:
        return next(Feed({number: shards[0]}, 64, 4, seed).epoch(epoch))[0]

    assert (first(0, 1, 0) == first(0, 1, 0)).all()
    for other in ((1, 1, 0), (0, 2, 0), (0, 1, 1)):
        assert (first(0, 1, 0) != first(*other)).any()


def test_an_epoch_tells_how_long_it_gathered_and_how_long_it_was_waited_for(whole):
    feed = Feed(dealt(whole, 1), 64, 300, seed=0)
    for _ in feed.epoch(1):
        pass
    assert 0 < feed.gathering < 60
    assert 0 < feed.waiting <= feed.gathering + 1
