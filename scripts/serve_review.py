"""Serve the review page to the person at this machine and write the labels they set to the table of corrections."""

import argparse
from contextlib import suppress
from pathlib import Path

from leadline.log import logger, run
from leadline.pages.review_server import ReviewServer


def main() -> None:
    """Parse the command line and serve until the person is done, or presses Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, required=True, help="HTML page of the review")
    parser.add_argument("--corrections", type=Path, required=True, help="table of labels set by hand, to be written")
    args = parser.parse_args()
    with ReviewServer(args.page, args.corrections) as server, suppress(KeyboardInterrupt):
        logger.info("open %s in a browser on this machine; Done on the page, or Ctrl-C here, ends it", server.address)
        server.serve_forever()
    logger.info("the review has ended; what was set is in %s", args.corrections)


if __name__ == "__main__":
    run(main)
