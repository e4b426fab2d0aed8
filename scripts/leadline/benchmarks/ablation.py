"""What each choice of a preset is worth: the same training without it, on untouched granules, for several seeds.

Beside the preset and what is left of it stand gradient-boosted trees with its inputs, labels and split, and the paper's
preset.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from leadline.calibration import Calibration, fit
from leadline.distributed import Ranks
from leadline.features import Inputs, feature_array, split, windows
from leadline.inference import predict
from leadline.metrics import network_scores
from leadline.paper import TABLE_III
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
GAINS = ("balanced_accuracy_percent", "precision_open_water_percent", "recall_open_water_percent")
"""Scores of which the table says what each choice gained."""


@dataclass(frozen=True)
class Data:
    """What is trained with and what is measured on; tables TRAINING_SET, sorted by granule, beam and x_atc."""

    training: pd.DataFrame
    untouched: pd.DataFrame
    truth: np.ndarray
    """Surface class of each untouched segment, by the simulated truth or by labels."""
    segment_length: float
    """m."""


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
        "constant learning rate": replace(preset, decay=paper.decay),
    }
    return {name: settings for name, settings in {**plainer, **choices}.items() if settings != preset}


def ablation(data: Data, network: str, preset: TrainingSettings, seeds: Sequence[int]) -> pd.DataFrame:
    """Return the scores of each variant and seed on the untouched granules, a row each: variant, seed, scores.

    The first variant, ``preset``, is the network trained by the preset; those called after the other network and
    ``trees`` have its inputs, labels and split; ``paper`` is the network trained as the paper did.
    """
    other = "mlp" if network == "lstm" else "lstm"
    variants: dict[str, Callable[[int], dict]] = {
        "preset": lambda seed: _trained(data, network, replace(preset, seed=seed)),
        other: lambda seed: _trained(data, other, replace(preset, seed=seed)),
        "trees": lambda seed: _boosted(data, replace(preset, seed=seed)),
        "paper": lambda seed: _trained(data, network, TrainingSettings(seed=seed), calibrated=False),
    }
    for name, settings in without_one_choice(preset).items():
        variants[name] = lambda seed, settings=settings: _trained(data, network, replace(settings, seed=seed))
    rows = []
    for variant, measured in variants.items():
        for seed in seeds:
            rows.append({"variant": variant, "seed": seed, **measured(seed)})
            logger.info("%s, seed %d: balanced %.2f %%", variant, seed, rows[-1]["balanced_accuracy_percent"])
    return pd.DataFrame(rows)


def over_seeds(rows: pd.DataFrame, by: list[str], names: Sequence[str]) -> pd.DataFrame:
    """Return, for each group of rows, how many seeds it has, and of each named score the mean and ``_std`` over them.

    Groups come in the order of their first rows. The standard deviation is that of the seeds themselves.
    """
    groups = rows.groupby(by, sort=False)
    means, spreads = groups[list(names)].mean(), groups[list(names)].std(ddof=0)
    columns = {"seeds": groups.size()}
    for name in names:
        columns |= {name: means[name], f"{name}_std": spreads[name]}
    return pd.DataFrame(columns).reset_index()


def gains(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table of an ablation: SCORES ``over_seeds`` of each variant, and what the first has over each.

    The last is in the columns ``gain_``: the first variant's mean less this one's.
    """
    table = over_seeds(rows, ["variant"], SCORES)
    return table.assign(**{f"gain_{name}": table[name].iloc[0] - table[name] for name in GAINS})


def beside_table_iii(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean and standard deviation over the seeds of what the paper's Table III and Figure 4 give, beside these.

    A row for each variant that is trained by a whole preset, and score.
    """
    whole = rows[rows["variant"].isin(["preset", "lstm", "mlp", "paper"])]
    table = over_seeds(whole, ["variant"], TABLE_III.keys()).set_index("variant")
    return pd.DataFrame(
        [
            (variant, name, int(each["seeds"]), each[name], each[f"{name}_std"], published.get("lstm"))
            for variant, each in table.iterrows()
            for name, published in TABLE_III.items()
        ],
        columns=["variant", "metric", "seeds", "mean", "std", "paper_lstm_own_data_random_split"],
    )


def _trained(data: Data, network: str, settings: TrainingSettings, calibrated: bool = True) -> dict:
    """Return the scores on the untouched granules of a network that was trained on the others."""
    model, description = train(data.training, data.segment_length, network, settings, Ranks())
    if not calibrated:
        description["calibration"] = asdict(Calibration())
    return network_scores(data.truth, predict(model, description, data.untouched, data.segment_length, Ranks()))


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
