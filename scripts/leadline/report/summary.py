"""What the report says in numbers: one flat summary, and the tables of states, counts and shifts.

Pure functions over the accounts, metrics and tables of the campaign.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from leadline.accounts import Account, State
from leadline.metrics import SIMULATED_TRUTH
from leadline.overlay import Overlay
from leadline.truth import or_none

LAID = ["granule", "scene", "lag_min", "laid", "shift_x_m", "shift_y_m", "uncertainty_m"]
"""The first columns of ``drift_table``."""


def summary(
    source: str,
    metrics: Mapping[str, Mapping[str, float]],
    against_truth: Mapping[str, Mapping[str, float]],
    open_water: Mapping[str, float],
    compared: Iterable[tuple[str, pd.DataFrame]],
    accounts: Iterable[Account],
) -> dict[str, float | str]:
    """Return the campaign's figures as one flat table, each key with its unit in its name.

    ``metrics`` are those of each network against labels; ``against_truth`` those of classes, labels, sea surface and
    freeboard against the truth, empty where the campaign is real; ``open_water`` tells the residual freeboard of open
    water; ``compared`` holds product and numbers of each comparison with NASA's.
    """
    accounts = list(accounts)
    figures: dict[str, float | str] = {"source": source}
    for network, values in metrics.items():
        figures |= {f"{network}_{name}": value for name, value in values.items()}
    for what, values in against_truth.items():
        figures |= {f"{SIMULATED_TRUTH}_{what}_{name}": value for name, value in values.items()}
    figures |= open_water
    figures |= product_numbers(source, compared)
    figures |= {f"total_{name}": value for name, value in total_counts(accounts).items()}
    states = states_table(accounts, ())
    states = states[states["state"] != State.OK]
    figures |= {f"n_{state}": int(n) for state, n in states["state"].value_counts().sort_index().items()}
    return figures


def product_numbers(source: str, compared: Iterable[tuple[str, pd.DataFrame]]) -> dict[str, float | None]:
    """Return the numbers of all beams together of each product, counts as sums and all else as means over granules.

    ``compared`` holds product and ``Comparison.numbers`` of each granule; a simulated product is called so.
    """
    by_product: dict[str, list[pd.Series]] = {}
    for product, numbers in compared:
        if "all" in numbers:
            by_product.setdefault(product.lower(), []).append(numbers.set_index("quantity")["all"])
    figures: dict[str, float | None] = {}
    for product, columns in by_product.items():
        prefix = f"simulated_{product}" if source == "simulated" else product
        table = pd.concat(columns, axis=1)
        is_sum = table.index.str.startswith("n_") | (table.index == "stretch_km")
        values = table.mean(axis=1).where(~is_sum, table.sum(axis=1))
        figures[f"{prefix}_n_granules"] = len(columns)
        figures |= {f"{prefix}_{name}": or_none(value) for name, value in values.items()}
    return figures


def without_product(granule: str) -> Account:
    """Return the account of a granule that has no ATL07 or ATL10 to be compared with."""
    reason = f"{granule}: no ATL07 or ATL10 of its pass is given; name one in the table of products to compare with it"
    return Account("comparison", granule, State.NO_NASA_PRODUCT, reason)


def total_counts(accounts: Iterable[Account]) -> dict[str, int]:
    """Return the sum of each count over all granules, beams and scenes, named by stage."""
    totals: dict[str, int] = {}
    for account in accounts:
        for inner in account.everything():
            for name, count in inner.counts.items():
                key = f"{account.stage}_{name}"
                totals[key] = totals.get(key, 0) + count
    return totals


def states_table(accounts: Iterable[Account], left_out: Iterable[str]) -> pd.DataFrame:
    """Return stage, subject, state and reason of all that did not end well or took a stand-in for what was absent.

    What was left out at the start comes first.
    """
    rows = [("acquire", line.split(": ")[0], State.MISSING_FILE, line) for line in left_out]
    for account in accounts:
        for inner in account.everything():
            if inner.state is not State.OK or inner.reason:
                subject = inner.subject if inner is account else f"{account.subject} {inner.subject}"
                rows.append((inner.stage, subject, inner.state, inner.reason))
    return pd.DataFrame(rows, columns=["stage", "subject", "state", "reason"])


def counts_table(accounts: Iterable[Account]) -> pd.DataFrame:
    """Return what each stage kept and dropped of each granule, beam and scene, a row a count."""
    rows = [
        (account.stage, account.subject, inner.subject, name, count)
        for account in accounts
        for inner in account.everything()
        for name, count in inner.counts.items()
    ]
    return pd.DataFrame(rows, columns=["stage", "subject", "part", "what", "count"])


def drift_table(overlays: Iterable[Overlay]) -> pd.DataFrame:
    """Return how each scene is laid on its track, with the estimate beside the shift that was taken, a row each.

    How well scene and track agree stands there for the scene as it stands, at the estimate, and at the shift by hand.
    """
    rows = [
        {
            "granule": laid.granule,
            "scene": laid.scene,
            "lag_min": laid.lag,
            "laid": laid.source,
            "shift_x_m": laid.shift_x,
            "shift_y_m": laid.shift_y,
            "uncertainty_m": laid.uncertainty,
            "estimated_x_m": laid.drift.shift_x,
            "estimated_y_m": laid.drift.shift_y,
            "estimated_uncertainty_m": laid.drift.uncertainty,
            "peak_ratio": laid.drift.peak_ratio,
            "half_width_m": laid.drift.half_width,
            "disagreement_of_beams_m": laid.drift.disagreement,
            "refused": laid.drift.reason,
            **{
                f"{name}_{when}": agreement[name]
                for when, agreement in (
                    ("as_it_stands", laid.drift.before),
                    ("estimated", laid.drift.after),
                    ("by_hand", laid.drift.given),
                )
                if agreement
                for name in ("information", "correlation_height", "correlation_photon_rate")
            },
        }
        for laid in overlays
    ]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=LAID)
