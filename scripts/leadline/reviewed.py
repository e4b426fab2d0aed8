"""The table of corrections as a review writes it: rows are given and taken back, and all else stays as it stands."""

from collections.abc import Sequence
from pathlib import Path

from leadline.errors import ConfigError
from leadline.files import written_whole
from leadline.hand_labels import read_corrections

FORBIDDEN = set('\t\r\n#"')
"""What would break a row of the table in two, or hide the rest of it."""


def with_row(text: str, given: Sequence[str] | None = None, taken: Sequence[str] | None = None) -> str:
    """Return the text of a table of corrections with a row given, once, and another taken back.

    A row is its seven cells, granule to why. Comments, other rows and their order are kept; a row taken that is not
    there is no fault, nor is a row given that is there already.
    """
    lines = text.removesuffix("\n").split("\n")
    if taken is not None:
        lines = [line for line in lines if line != "\t".join(taken)]
    if given is not None and "\t".join(given) not in lines:
        lines.append("\t".join(given))
    return "".join(f"{line}\n" for line in lines)


def change_corrections(path: Path, given: Sequence[str] | None, taken: Sequence[str] | None) -> str:
    """Give a table of corrections a row, or take one back, or both, and return its text.

    The table is written aside, read as any reader will, and renamed. Raises ``ConfigError`` where it would then have a
    fault, as where the row contradicts another; the table stays as it was.
    """
    if any(set(cell) & FORBIDDEN for cell in given or ()):
        raise ConfigError([f"{path}: a cell holds a tab, a line's end, # or a quotation mark; write it without"])
    text = with_row(path.read_text(), given, taken)
    with written_whole(path) as aside:
        aside.write_text(text)
        try:
            read_corrections(aside)
        except ConfigError as error:
            raise ConfigError([fault.replace(str(aside), str(path)) for fault in error.faults]) from None
    return text
