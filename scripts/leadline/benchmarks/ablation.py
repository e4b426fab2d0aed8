"""What each choice of a preset is worth: the same training without it, on untouched granules, for several seeds.

Beside the preset and what is left of it stand gradient-boosted trees with its inputs, labels and split, the paper's
preset, and that one measured as the paper did: on a random fifth of windows whose neighbours trained.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from leadline.calibration import Calibration, fit
from leadline.distributed import Ranks
from leadline.features import Inputs, feature_array, split, windows
from leadline.inference import predict
from leadline.metrics import network_scores
from leadline.names import SurfaceClass
from leadline.training import TrainingSettings, train
from leadline.trees import fit_trees, tree_probabilities

logger = logging.getLogger("leadline.benchmarks")

PLAIN = {
    "relative_height": ("height_mean",),
    "relative_background": ("background_rate",),
    "log_photon_rate": ("photon_rate",),
    "log_return_width": (),
}
"""The paper's feature in the place of one of ours, or none."""
SCORES = (
    "accuracy_percent",
    "balanced_accuracy_percent",
    *(f"{score}_{name}_percent" for name in ("thin_ice", "open_water") for score in ("precision", "recall")),
    "expected_calibration_error_percent",
)
RANDOM_SHARE = 0.2
"""Of the labelled windows that the paper tests with."""


@dataclass(frozen=True)
class Data:
    """What is trained with and what is measured on; tables TRAINING_SET, sorted by granule, beam and x_atc."""

    training: pd.DataFrame
    untouched: pd.DataFrame
    truth: np.ndarray
    """Surface class of each untouched segment, by the simulated truth or by labels."""
    segment_length: float
    """m."""


def settings_of(preset: Mapping) -> TrainingSettings:
    """Return the settings of a preset of the config, in which features and reach make the inputs."""
    paper = TrainingSettings()
    rest = {name: value for name, value in preset.items() if name not in ("features", "reach")}
    features, reach = preset.get("features", paper.inputs.features), preset.get("reach", paper.inputs.reach)
    return TrainingSettings(**{**rest, "inputs": Inputs(tuple(features), reach)})


def without_one_choice(preset: TrainingSettings) -> dict[str, TrainingSettings]:
    """Return the settings that lack one choice of a preset each, and have the paper's in its place, by their name."""
    paper, inputs = TrainingSettings(), preset.inputs
    plainer = {
        f"without {name}": replace(preset, inputs=replace(inputs, features=_swapped(inputs.features, name)))
        for name in inputs.features
        if name in PLAIN
    }
    choices = {
        "window of the paper": replace(preset, inputs=replace(inputs, reach=paper.inputs.reach)),
        "unsupported labels too": replace(preset, minimum_support=0.0),
        "equal weights": replace(preset, weights="equal"),
        "cross-entropy": replace(preset, gamma=0.0),
    }
    return {name: settings for name, settings in {**plainer, **choices}.items() if settings != preset}


def ablation(data: Data, network: str, preset: TrainingSettings, seeds: Sequence[int]) -> pd.DataFrame:
    """Return the scores of each variant, its mean and spread over the seeds, with the columns of ``summarised``."""
    return summarised(_rows(data, network, preset, seeds))


def summarised(rows: Iterable[dict]) -> pd.DataFrame:
    """Return mean and standard deviation over the seeds of each variant's scores, and what the first has over each.

    The columns are variant, seeds, for each of SCORES its mean and ``_std``, and the ``gain_`` in some of them: the
    first variant's less this one's.
    """
    table = pd.DataFrame(rows)
    groups = table.groupby("variant", sort=False)
    means, spreads = groups[list(SCORES)].mean(), groups[list(SCORES)].std(ddof=0)
    result = pd.DataFrame({"seeds": groups.size()})
    for name in SCORES:
        result[name], result[f"{name}_std"] = means[name], spreads[name]
    for name in ("balanced_accuracy_percent", "precision_open_water_percent", "recall_open_water_percent"):
        result[f"gain_{name}"] = means[name].iloc[0] - means[name]
    return result.reset_index()


def _rows(data: Data, network: str, preset: TrainingSettings, seeds: Sequence[int]) -> Iterable[dict]:
    paper = TrainingSettings()
    other = "mlp" if network == "lstm" else "lstm"
    variants: dict[str, Callable[[int], dict]] = {
        "preset": lambda seed: _trained(data, network, replace(preset, seed=seed)),
        other: lambda seed: _trained(data, other, replace(preset, seed=seed)),
        "trees": lambda seed: _boosted(data, replace(preset, seed=seed)),
        "paper": lambda seed: _trained(data, network, replace(paper, seed=seed), calibrated=False),
        "paper, its random split": lambda seed: _randomly_split(data, network, replace(paper, seed=seed)),
    }
    for name, settings in without_one_choice(preset).items():
        variants[name] = lambda seed, settings=settings: _trained(data, network, replace(settings, seed=seed))
    for variant, measured in variants.items():
        for seed in seeds:
            row = measured(seed)
            logger.info("%s, seed %d: balanced %.2f %%", variant, seed, row["balanced_accuracy_percent"])
            yield {"variant": variant, "seed": seed, **{name: row[name] for name in SCORES}}


def _trained(data: Data, network: str, settings: TrainingSettings, calibrated: bool = True) -> dict:
    """Return the scores on the untouched granules of a network that was trained on the others."""
    model, description = train(data.training, data.segment_length, network, settings, Ranks())
    if not calibrated:
        description["calibration"] = asdict(Calibration())
    return network_scores(data.truth, predict(model, description, data.untouched, data.segment_length, Ranks()))


def _randomly_split(data: Data, network: str, settings: TrainingSettings) -> dict:
    """Return the scores on a random fifth of the labelled windows: their neighbours, which they overlap, trained."""
    classes = data.training["surface_class"].to_numpy()
    labelled = np.flatnonzero(classes != SurfaceClass.UNKNOWN)
    random = np.random.default_rng(settings.seed)
    held_out = random.choice(labelled, round(RANDOM_SHARE * len(labelled)), replace=False)
    hidden = classes.copy()
    hidden[held_out] = SurfaceClass.UNKNOWN
    table = data.training.assign(surface_class=hidden)
    model, description = train(table, data.segment_length, network, settings, Ranks())
    description["calibration"] = asdict(Calibration())
    probability = predict(model, description, table, data.segment_length, Ranks())
    return network_scores(classes[held_out], probability[held_out])


def _boosted(data: Data, settings: TrainingSettings) -> dict:
    """Return the scores of calibrated trees that see what the network sees."""
    features, index = _seen(data.training, data.segment_length, settings.inputs)
    classes = data.training["surface_class"].to_numpy()
    training, held_out = split(data.training, index, settings.validation_share, settings.seed, settings.minimum_support)
    trees = fit_trees(features, index[training], classes[training], settings.seed)
    calibration = fit(tree_probabilities(trees, features, index[held_out]), classes[held_out])
    untouched = tree_probabilities(trees, *_seen(data.untouched, data.segment_length, settings.inputs))
    return network_scores(data.truth, calibration.applied(untouched))


def _seen(table: pd.DataFrame, segment_length: float, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    return feature_array(table, inputs), windows(table, segment_length, inputs.reach)


def _swapped(features: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(each for feature in features for each in (PLAIN[name] if feature == name else (feature,)))
