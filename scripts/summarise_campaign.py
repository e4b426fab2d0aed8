"""Sum the campaign up: one flat summary and what tells most of it, tables of states and counts, and figures."""

import argparse
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa

from leadline.accounts import read_account
from leadline.figures.classifier import draw_confusion, draw_training
from leadline.figures.comparison import draw_distribution
from leadline.figures.losses import draw_losses
from leadline.files import written_whole
from leadline.label_truth import class_agreement, drift_errors, label_agreement
from leadline.log import run
from leadline.overlay import read_overlay
from leadline.report.key_figures import key_figures
from leadline.report.losses import losses_table
from leadline.report.summary import counts_table, drift_table, states_table, summary, total_counts, without_product
from leadline.tables import FREEBOARD, LABELS, TRUTH, read_table
from leadline.truth import freeboard_errors, open_water_residual, sea_surface_errors, with_truth


def main() -> None:
    """Parse the command line and write the summary, the tables and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, help="acquire.source of the campaign")
    parser.add_argument("--accounts", type=Path, nargs="+", required=True, help="JSON accounts of all stages")
    parser.add_argument("--overlays", type=Path, nargs="*", default=[], help="JSON files of how scenes are laid")
    parser.add_argument("--drift", nargs="*", default=[], help="scene,x,y of the simulated drift of each scene, m")
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="JSON metrics, named after the network")
    parser.add_argument("--descriptions", type=Path, nargs="+", required=True, help="JSON descriptions of the networks")
    parser.add_argument("--untouched", nargs="*", default=[], help="granules that no network was trained on")
    parser.add_argument("--freeboard", type=Path, nargs="+", required=True, help="Parquet folders of freeboard")
    parser.add_argument("--labels", type=Path, nargs="+", required=True, help="Parquet folders of labels")
    parser.add_argument("--truth", type=Path, nargs="*", default=[], help="truth of the simulated untouched granules")
    parser.add_argument("--section-length", type=float, required=True, help="length of a section, m")
    parser.add_argument("--compared", type=Path, nargs="*", default=[], help="numbers of granule_product comparisons")
    parser.add_argument("--without-product", nargs="*", default=[], help="granules without ATL07 and ATL10")
    parser.add_argument("--left-out", nargs="*", default=[], help="lines on what was left out at the start")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    args = parser.parse_args()
    overlays = [read_overlay(path) for path in args.overlays]
    accounts = [*(read_account(path) for path in args.accounts), *(laid.account for laid in overlays)]
    accounts += [without_product(granule) for granule in args.without_product]
    compared = [(path.stem.split("_")[-1], pd.read_csv(path, sep="\t")) for path in args.compared]
    metrics = {path.stem.removesuffix("_metrics"): json.loads(path.read_text()) for path in args.metrics}
    histories = {path.stem: json.loads(path.read_text())["history"] for path in args.descriptions}
    freeboard = _of(args.freeboard, FREEBOARD)
    untouched = freeboard[freeboard["granule"].isin(args.untouched)]
    against_truth = {}
    if args.truth:
        truth = _of(args.truth, TRUTH)
        labels = _of(args.labels, LABELS)
        against_truth = {
            "classes": class_agreement(untouched, truth),
            "labels": label_agreement(labels, truth),
            "drift": drift_errors(overlays, dict(map(_drift, args.drift))),
            "sea_surface": sea_surface_errors(untouched, truth),
            "freeboard": freeboard_errors(untouched, truth, args.section_length),
        }
    figures = summary(args.source, metrics, against_truth, open_water_residual(untouched), compared, accounts)
    _write(args.output / "summary.json", json.dumps(figures, indent=2))
    _write(args.output / "states.tsv", states_table(accounts, args.left_out).to_csv(sep="\t", index=False))
    _write(args.output / "counts.tsv", counts_table(accounts).to_csv(sep="\t", index=False))
    _write(args.output / "drift.tsv", drift_table(overlays).to_csv(sep="\t", index=False, float_format="%.3f"))
    _write(args.output / "key_figures.tsv", key_figures(figures).to_csv(sep="\t", index=False))
    losses = losses_table(total_counts(accounts))
    _write(args.output / "losses.tsv", losses.to_csv(sep="\t", index=False))
    matrices = {f"{name} against labels": _test_keys(values) for name, values in metrics.items()}
    if against_truth:
        matrices["classes against simulated truth"] = against_truth["classes"]
    distributions = {
        "all granules": freeboard["freeboard_raw"].to_numpy(),
        "untouched granules": untouched["freeboard_raw"].to_numpy(),
    }
    if args.truth:
        distributions["simulated truth of the same"] = with_truth(untouched, truth)["freeboard_truth"].to_numpy()
    for name, figure in (
        ("confusion", draw_confusion(matrices)),
        ("freeboard", draw_distribution(distributions)),
        ("losses", draw_losses(losses)),
        ("training", draw_training(histories)),
    ):
        with written_whole(args.output / f"{name}.png") as aside:
            figure.savefig(aside)


def _drift(text: str) -> tuple[str, tuple[float, float]]:
    scene, x, y = text.split(",")
    return scene, (float(x), float(y))


def _of(paths: list[Path], schema: pa.Schema) -> pd.DataFrame:
    return pd.concat([read_table(path, schema) for path in paths], ignore_index=True)


def _write(path: Path, text: str) -> None:
    with written_whole(path) as aside:
        aside.write_text(text.rstrip("\n") + "\n")


def _test_keys(values: dict) -> dict:
    return {name.removeprefix("test_"): value for name, value in values.items() if name.startswith("test_")}


if __name__ == "__main__":
    run(main)
