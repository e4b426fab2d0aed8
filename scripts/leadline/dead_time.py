"""The first-photon bias from the dead time of the detector alone: what CAL-19 tabulates, by the detector's equation.

A channel whose true photon rate is ``rate * f(t)`` records

    r(t) = rate * f(t) * (1 - integral of r over the dead time before t),

because the bracket is exactly the chance that the channel is awake (non-extending dead time).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.special import ndtr

from leadline.first_photon_bias import WIDTH_OF_GAUSSIAN, Calibration


def dead_time_calibration(dead_time: float, n_channels: int) -> Calibration:
    """Compute a calibration for one dead time (ns) from the detector's equation, for granules without CAL-19."""
    strength = np.linspace(0.05, 2 * n_channels, 80)[None]
    width = np.geomspace(0.3, 60.0, 80)[None]
    times = np.array([dead_time])
    correction = calibration_table(times, strength, width, n_channels)
    return Calibration(times, strength, width, correction, from_granule=False)


def calibration_table(dead_time: NDArray, strength: NDArray, width: NDArray, n_channels: int) -> NDArray[np.float64]:
    """Compute the bias in picoseconds, shape (d, s, w), as CAL-19 tabulates it, from the detector's equation.

    ``dead_time`` (d,) in ns; ``strength`` (d, s) in recorded photons per shot; ``width`` (d, w) in ns between 10 and
    90 % of the recorded photons. Strength and width are those of the record, so the true ones are solved for.
    A Gaussian return is taken; a strength that the channels cannot reach gets the bias of the strongest return.
    """
    response = _response()
    shape = (dead_time.size, strength.shape[1], width.shape[1])
    recorded = np.broadcast_to(strength[:, :, None], shape) / n_channels
    recorded_width = np.broadcast_to(width[:, None, :], shape)
    blind = np.broadcast_to(dead_time[:, None, None], shape)
    rate, sigma = recorded, recorded_width / WIDTH_OF_GAUSSIAN
    for _ in range(_SOLVER_STEPS):
        photons, _, relative_width = response(rate, blind / sigma)
        rate = np.clip(rate * recorded / photons, _RATES[0], _RATES[-1])
        sigma = recorded_width / relative_width
    _, bias, _ = response(rate, blind / sigma)
    return bias * sigma * 1e3


_RATES = np.geomspace(1e-3, 40.0, 70)
_DEAD_TIMES = np.geomspace(0.02, 12.0, 60)
_SOLVER_STEPS = 25


class _Response:
    """What a channel records of a Gaussian return, by true rate and by dead time in standard deviations."""

    def __init__(self) -> None:
        records = _record(_RATES[:, None], _DEAD_TIMES[None, :])
        axes = np.log(_RATES), np.log(_DEAD_TIMES)
        self._tables = [RegularGridInterpolator(axes, record) for record in records]

    def __call__(self, rate: NDArray, dead_time: NDArray) -> list[NDArray]:
        rate = np.clip(rate, _RATES[0], _RATES[-1])
        dead_time = np.clip(dead_time, _DEAD_TIMES[0], _DEAD_TIMES[-1])
        points = np.stack([np.log(rate), np.log(dead_time)], axis=-1)
        return [table(points) for table in self._tables]


@cache
def _response() -> _Response:
    return _Response()


def _record(rate: NDArray, dead_time: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Return recorded photons, lead of their mean and 10 to 90 % width, in standard deviations of the return."""
    step = 0.01
    time = np.arange(-6.0, 6.0 + step, step)
    arriving = np.diff(ndtr(np.append(time, time[-1] + step) - step / 2))
    shape = np.broadcast_shapes(rate.shape, dead_time.shape)
    lag = np.broadcast_to(dead_time / step, shape)
    whole, part = np.floor(lag).astype(int), lag - np.floor(lag)
    recorded = np.zeros((time.size + 1, *shape))
    grid = np.indices(shape, sparse=True)
    for k in range(time.size):
        near, far = (np.where(k >= back, recorded[(np.maximum(k - back, 0), *grid)], 0) for back in (whole, whole + 1))
        awake = 1 - (recorded[k] - ((1 - part) * near + part * far))
        # Within one step the chance to be awake falls as photons come in: exact for a step without recovery.
        recorded[k + 1] = recorded[k] + awake * -np.expm1(-rate * arriving[k])
    total = recorded[-1]
    density = np.diff(recorded, axis=0)
    lead = -np.tensordot(time, density, axes=1) / total
    edges = np.append(time - step / 2, time[-1] + step / 2)
    low, high = (_crossing(recorded, edges, share * total) for share in (0.1, 0.9))
    return total, lead, high - low


def _crossing(cumulative: NDArray, edges: NDArray, level: NDArray) -> NDArray:
    """Return where each rising column of ``cumulative`` reaches its ``level``, linear inside the step."""
    after = np.argmax(cumulative >= level, axis=0)
    grid = np.indices(level.shape, sparse=True)
    below, above = cumulative[(after - 1, *grid)], cumulative[(after, *grid)]
    return edges[after - 1] + (level - below) / (above - below) * (edges[after] - edges[after - 1])
