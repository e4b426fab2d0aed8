"""What a beam's photons look like in numbers and in a picture, for simulated beside real ones."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from scipy.ndimage import median_filter

SEA_ICE = 2


@dataclass(frozen=True)
class Look:
    """Photons of one beam."""

    kind: str
    x: np.ndarray
    height: np.ndarray
    time: np.ndarray
    confidence: np.ndarray
    quality: np.ndarray
    background_rate: np.ndarray

    @property
    def window(self) -> float:
        """Height of the telemetered window, m."""
        return float(np.ptp(np.percentile(self.height, (0.5, 99.5))))

    @property
    def high_a_shot(self) -> float:
        """High-confidence photons per shot that returned any photon."""
        return float((self.confidence == 4).sum() / np.unique(self.time).size)

    @property
    def spread(self) -> float:
        """Median over 2 m bins of the standard deviation of high-confidence heights, m."""
        high = self.confidence == 4
        bins = np.floor(self.x[high] / 2)
        order = np.argsort(bins, kind="stable")
        parts = np.split(self.height[high][order], np.flatnonzero(np.diff(bins[order])) + 1)
        return float(np.median([part.std(ddof=1) for part in parts if part.size > 2]))

    @property
    def in_order(self) -> float:
        """Share of steps from photon to photon that do not go back along the track."""
        return float(np.mean(np.diff(self.x) >= 0))

    def share(self, confidence: int) -> float:
        """Share of the photons with a confidence."""
        return float(np.mean(self.confidence == confidence))

    def share_on_side(self, confidence: int, side: int) -> float:
        """Share of the photons with a confidence that lie above (side 1) or below (-1) the surface around them."""
        high = np.flatnonzero(self.confidence == 4)
        surface = np.interp(np.arange(self.height.size), high, median_filter(self.height[high], 101, mode="nearest"))
        return float(np.mean((self.confidence == confidence) & (side * (self.height - surface) > 0)))


def look(path: Path) -> list[Look]:
    """Read the photons of every beam of an ATL03 file."""
    looks = []
    with h5py.File(path) as file:
        for beam in (name for name in file if name.startswith("gt")):
            group = file[beam]
            count = group["geolocation/segment_ph_cnt"][...]
            kind = group.attrs["atlas_beam_type"]
            looks.append(
                Look(
                    kind.decode() if isinstance(kind, bytes) else kind,
                    np.repeat(group["geolocation/segment_dist_x"][...], count) + group["heights/dist_ph_along"][...],
                    group["heights/h_ph"][...],
                    group["heights/delta_time"][...],
                    group["heights/signal_conf_ph"][:, SEA_ICE],
                    group["heights/quality_ph"][...],
                    group["bckgrd_atlas/bckgrd_rate"][...],
                )
            )
    return looks


def longest_run(x: np.ndarray) -> float:
    """Return where the longest run without a gap of 20 m begins."""
    x = np.sort(x)
    begins = np.r_[0, np.flatnonzero(np.diff(x) > 20) + 1]
    ends = np.r_[begins[1:], x.size] - 1
    return float(x[begins[np.argmax(x[ends] - x[begins])]])


def draw_side_by_side(real: Look, simulated: Look, path: Path) -> None:
    """Draw 250 m of each beam: photons by confidence, the window above, the surface below."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(16, 9), sharey="row")
    for column, (name, beam) in enumerate({"real (Arctic, summer)": real, "simulated": simulated}.items()):
        surface = np.median(beam.height[beam.confidence == 4])
        start = beam.x[beam.x.size // 2]
        for row, reach in enumerate((50, 2.5)):
            axis = axes[row, column]
            for confidence, colour in enumerate(("0.8", "0.6", "tab:orange", "tab:green", "tab:blue")):
                chosen = beam.confidence == confidence
                axis.plot(beam.x[chosen] - start, beam.height[chosen] - surface, ".", color=colour, markersize=2)
            axis.set(xlim=(0, 250), ylim=(-min(reach, 20), reach), title=f"{name}, {beam.kind} beam")
            axis.set(xlabel="along track (m)", ylabel="height (m)")
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)
