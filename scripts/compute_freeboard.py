"""Find the leads, the sea surface and the freeboard of a batch of granules (Spark)."""

import argparse
from dataclasses import fields
from pathlib import Path

from leadline.accounts import write_account
from leadline.freeboard import account_of_freeboard
from leadline.log import run
from leadline.sea_surface import SeaSurfaceSettings
from leadline.spark.freeboard import compute_freeboard

_TYPES = {bool: "True".__eq__}
"""How a word of the command line becomes a setting where its type does not tell."""


def main() -> None:
    """Parse the command line and write leads, sections, freeboard and their account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=Path, nargs="+", required=True, help="tables of segments")
    parser.add_argument("--classes", type=Path, nargs="+", required=True, help="tables of classes")
    for setting in fields(SeaSurfaceSettings):
        parser.add_argument(
            f"--{setting.name.replace('_', '-')}",
            type=_TYPES.get(setting.type, setting.type),
            required=True,
            help=f"SeaSurfaceSettings.{setting.name}, told by config/schema.yaml",
        )
    parser.add_argument("--batch", required=True, help="name of the batch")
    parser.add_argument("--leads", type=Path, required=True, help="Parquet folder of leads")
    parser.add_argument("--sections", type=Path, required=True, help="Parquet folder of sections")
    parser.add_argument("--output", type=Path, required=True, help="Parquet folder of freeboard")
    parser.add_argument("--account", type=Path, required=True, help="JSON account")
    args = parser.parse_args()
    settings = SeaSurfaceSettings(
        **{setting.name: getattr(args, setting.name) for setting in fields(SeaSurfaceSettings)}
    )
    counts = compute_freeboard(args.segments, args.classes, settings, args.leads, args.sections, args.output)
    write_account(args.account, account_of_freeboard(args.batch, counts))


if __name__ == "__main__":
    run(main)
