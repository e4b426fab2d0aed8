"""Compare the tracks of a granule with NASA's ATL07 or ATL10 of the same pass."""

import argparse
from pathlib import Path

import pandas as pd

from leadline.accounts import Account, write_account
from leadline.comparison import NOTHING, compare
from leadline.errors import InputDataError
from leadline.figures.comparison import draw_comparison
from leadline.files import written_whole
from leadline.log import logger, run
from leadline.names import NASA_PRODUCTS
from leadline.nasa_products import read_product, require_pass
from leadline.tables import FREEBOARD, read_track


def main() -> None:
    """Parse the command line and write the numbers, the figure and the account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granule", required=True, help="granule key, yyyymmddhhmmss_ttttccss")
    parser.add_argument("--beams", nargs="+", required=True, help="beams to compare")
    parser.add_argument("--product", choices=NASA_PRODUCTS, required=True, help="product of NASA's")
    parser.add_argument("--file", type=Path, required=True, help="file of the product")
    parser.add_argument("--freeboard", type=Path, required=True, help="Parquet folder of freeboard")
    parser.add_argument("--section-length", type=float, required=True, help="length of a section, m")
    parser.add_argument("--source", required=True, help="where the photons come from")
    parser.add_argument("--numbers", type=Path, required=True, help="tab-separated numbers of the comparison")
    parser.add_argument("--figure", type=Path, required=True, help="PNG to write")
    parser.add_argument("--account", type=Path, required=True, help="JSON account")
    args = parser.parse_args()
    nasa = f"simulated {args.product}" if args.source == "simulated" else args.product
    title, subject = f"{args.granule}, photons {args.source}", f"{args.granule} {args.product}"
    try:
        product = read_product(args.file, args.product, args.beams)
        require_pass(product, args.granule)
        tracks = [read_track(args.freeboard, FREEBOARD, args.granule, beam) for beam in args.beams]
        freeboard = pd.concat(tracks, ignore_index=True)
        comparison = compare(product.segments, product.beams, freeboard, args.section_length)
        account = Account("comparison", subject, parts=comparison.beams)
        title = f"{title}, beside {nasa} release {product.release}"
    except InputDataError as error:
        logger.warning("%s", error)
        comparison, account = NOTHING, Account("comparison", subject, error.state, str(error))
    figure = draw_comparison(title, nasa, comparison)
    with written_whole(args.figure) as aside:
        figure.savefig(aside)
    with written_whole(args.numbers) as aside:
        comparison.numbers.to_csv(aside, sep="\t", index=False, float_format="%.6g")
    write_account(args.account, account)


if __name__ == "__main__":
    run(main)
