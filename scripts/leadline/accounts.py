"""Accounts: what a stage kept and dropped of a granule, beam or scene, and the state it ended in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from leadline.files import written_whole


class State(StrEnum):
    """How a granule, beam, scene or track ended; everything but ``ok`` is listed in the report."""

    OK = "ok"
    MISSING_FILE = "missing_file"
    UNREADABLE = "unreadable"
    MISSING_BEAM = "missing_beam"
    MISSING_DATASET = "missing_dataset"
    EMPTY_BEAM = "empty_beam"
    NO_SEA_ICE = "no_sea_ice"
    ORIENTATION_TRANSITION = "orientation_transition"
    ORIENTATION_CONFLICT = "orientation_conflict"
    NO_PHOTONS_KEPT = "no_photons_kept"
    MISSING_BAND = "missing_band"
    ALL_NODATA = "all_nodata"
    ALL_CLOUD = "all_cloud"
    OFF_SCENE = "off_scene"
    NO_SCENE = "no_scene"
    NO_OPEN_WATER = "no_open_water"
    NO_NASA_PRODUCT = "no_nasa_product"
    WRONG_PASS = "wrong_pass"
    NO_COMMON_STRETCH = "no_common_stretch"


@dataclass(frozen=True)
class Account:
    """One stage's account of one subject, with those of its parts (the beams of a granule)."""

    stage: str
    """The stage's word, as in ``segments``."""
    subject: str
    """The granule, beam, scene or track."""
    state: State = State.OK
    reason: str = ""
    """One line for a person where the state is not ``ok``, or where something stands in for what was absent."""
    counts: dict[str, float] = field(default_factory=dict)
    """What was kept, what was dropped and why, in numbers."""
    parts: tuple[Account, ...] = ()

    def everything(self) -> list[Account]:
        """Return this account and those of all its parts, outermost first."""
        return [self, *(inner for part in self.parts for inner in part.everything())]


def write_account(path: Path, account: Account) -> None:
    """Write an account as JSON."""
    with written_whole(path) as aside:
        aside.write_text(json.dumps(asdict(account), indent=2) + "\n")


def read_account(path: Path) -> Account:
    """Read an account that ``write_account`` wrote."""
    return _account(json.loads(Path(path).read_text()))


def _account(fields: dict) -> Account:
    parts = tuple(_account(part) for part in fields["parts"])
    return Account(**{**fields, "state": State(fields["state"]), "parts": parts})
