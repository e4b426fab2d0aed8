"""How a scene is laid on a track: by the shift that a person gives, by the estimated drift, or as it stands."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from leadline.accounts import Account
from leadline.drift import Drift
from leadline.files import written_whole

BY_HAND, ESTIMATED, AS_IT_STANDS = "by hand", "estimated", "as it stands"


@dataclass(frozen=True)
class Overlay:
    """The shift of a scene that labels the segments of a granule, and the estimate beside it."""

    granule: str
    scene: str
    lag: float
    """Scene minus track, min."""
    shift_x: float
    """Shift of the scene along x of the campaign's projection, m."""
    shift_y: float
    """The same along y."""
    uncertainty: float
    """Standard error of the shifted scene's place, m."""
    source: str
    """``by hand``, ``estimated``, or ``as it stands`` where the estimate is refused."""
    drift: Drift

    @property
    def account(self) -> Account:
        """The account of the coincidence; it says so where the scene is laid as it stands."""
        subject = f"{self.granule} {self.scene}"
        reason = (
            f"{subject}: its drift is not known: {self.drift.reason}; the scene is laid as it stands and labels only"
            f" what is {self.uncertainty:.0f} m from another class; give a shift in the table of coincidences"
        )
        return Account("labels", subject, reason=reason if self.source == AS_IT_STANDS else "")


def overlay(
    granule: str,
    scene: str,
    lag: float,
    by_hand: tuple[float, float] | None,
    drift: Drift,
    *,
    hand_error: float,
    ice_speed: float,
) -> Overlay:
    """Choose the shift: a person's wins, then the estimate; where it is refused, none.

    ``hand_error`` (m) is the uncertainty of a shift by hand. Without any, the scene errs no less, and the ice may have
    drifted as far as ``ice_speed`` (m/s) takes it during the lag (min).
    """
    if by_hand is not None:
        return Overlay(granule, scene, lag, *by_hand, hand_error, BY_HAND, drift)
    if drift.accepted:
        return Overlay(granule, scene, lag, drift.shift_x, drift.shift_y, drift.uncertainty, ESTIMATED, drift)
    uncertainty = math.hypot(hand_error, 60 * lag * ice_speed)
    return Overlay(granule, scene, lag, 0.0, 0.0, uncertainty, AS_IT_STANDS, drift)


def write_overlay(path: Path, laid: Overlay) -> None:
    """Write an overlay as JSON."""
    with written_whole(path) as aside:
        aside.write_text(json.dumps(asdict(laid), indent=2) + "\n")


def read_overlay(path: Path) -> Overlay:
    """Read an overlay that ``write_overlay`` wrote."""
    fields = json.loads(Path(path).read_text())
    return Overlay(**{**fields, "drift": Drift(**fields["drift"])})
