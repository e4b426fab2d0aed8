"""Find the leads, the sea surface and the freeboard of a batch of granules (Spark)."""

import argparse
from pathlib import Path

from leadline.accounts import write_account
from leadline.freeboard import account_of_freeboard
from leadline.log import run
from leadline.sea_surface import SeaSurfaceSettings
from leadline.spark.freeboard import compute_freeboard
from leadline.tables import SEA_SURFACE_METHODS


def main() -> None:
    """Parse the command line and write leads, sections, freeboard and their account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=Path, nargs="+", required=True, help="tables of segments")
    parser.add_argument("--classes", type=Path, nargs="+", required=True, help="tables of classes")
    parser.add_argument("--segment-length", type=float, required=True, help="length of a segment, m")
    parser.add_argument("--method", choices=SEA_SURFACE_METHODS, required=True, help="sea surface of the freeboard")
    parser.add_argument("--section-length", type=float, required=True, help="length of a section, m")
    parser.add_argument("--section-step", type=float, required=True, help="distance between two sections, m")
    parser.add_argument("--lead-length", type=float, required=True, help="shortest lead, m")
    parser.add_argument("--lead-gap", type=float, required=True, help="longest gap inside a lead, m")
    parser.add_argument("--photons-per-group", type=int, required=True, help="photons joined before ATL10's weights")
    parser.add_argument("--batch", required=True, help="name of the batch")
    parser.add_argument("--leads", type=Path, required=True, help="Parquet folder of leads")
    parser.add_argument("--sections", type=Path, required=True, help="Parquet folder of sections")
    parser.add_argument("--output", type=Path, required=True, help="Parquet folder of freeboard")
    parser.add_argument("--account", type=Path, required=True, help="JSON account")
    args = parser.parse_args()
    settings = SeaSurfaceSettings(
        segment_length=args.segment_length,
        method=args.method,
        section_length=args.section_length,
        section_step=args.section_step,
        lead_length=args.lead_length,
        lead_gap=args.lead_gap,
        photons_per_group=args.photons_per_group,
    )
    counts = compute_freeboard(args.segments, args.classes, settings, args.leads, args.sections, args.output)
    write_account(args.account, account_of_freeboard(args.batch, counts))


if __name__ == "__main__":
    run(main)
