"""How a command line speaks: log lines to standard error, and errors for people as one line."""

import logging
import sys
from collections.abc import Callable

from leadline.errors import LeadlineError

logger = logging.getLogger("leadline")


def run(main: Callable[[], None]) -> None:
    """Run a command line: log to standard error, end with 1 and one line where a person can mend it."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
        force=True,
    )
    try:
        main()
    except LeadlineError as error:
        logger.error("%s", error)
        sys.exit(1)


def share(part: int, whole: int) -> str:
    """Return counts as people read them: ``1,234 of 2,000 (61.7%)``."""
    return f"{part:,} of {whole:,} ({100 * part / whole:.1f}%)" if whole else "0 of 0"
