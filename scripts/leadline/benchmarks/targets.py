"""What the measures must come to, and the table that shows it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from leadline.benchmarks.measures import Time, ratio

GIB = 2**30


class Figure(NamedTuple):
    """A measure, and what it must come to where it has a target."""

    name: str
    measured: float | None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.at_most is None and self.at_least is None:
            return None
        if self.measured is None:
            return False
        return self.measured <= self.at_most if self.at_least is None else self.measured >= self.at_least


def against_targets(times: Sequence[Time], peaks: Mapping[int, int], power: float | None) -> list[Figure]:
    """Return the figures that have targets, and others that belong beside them.

    ``times`` are those of the ways read, stage and pandas; ``peaks`` holds the memory in bytes by photons, first of
    the beam and then of a longer one; ``power`` is the exponent of the cost.
    """
    of_beam, of_longer = peaks.values()
    return [
        Figure("stage / reading", ratio(times, "stage", "read"), at_most=1.3),
        Figure("stage / reading, without their start", ratio(times, "stage", "read", "seconds_inside")),
        Figure("pandas / stage", ratio(times, "pandas", "stage"), at_least=2.0),
        Figure("pandas / stage, without their start", ratio(times, "pandas", "stage", "seconds_inside")),
        *(Figure(f"GiB for {n:,} photons", peak / GIB, at_most=1.5) for n, peak in peaks.items()),
        Figure("memory of the longer beam / of the other", of_longer / of_beam),
        Figure("exponent of the cost (1 is linear)", power, at_most=1.05),
    ]


def as_text(figures: Sequence[Figure]) -> str:
    """Return the figures as a table, a line each."""
    return "".join(_line(figure) for figure in figures)


def _line(figure: Figure) -> str:
    measured = "unknown" if figure.measured is None else f"{figure.measured:.2f}"
    target = ""
    if figure.met is not None:
        limit = f"at most {figure.at_most}" if figure.at_least is None else f"at least {figure.at_least}"
        target = f"  {limit:14}{'met' if figure.met else 'not met'}"
    return f"{figure.name:42}{measured:>8}{target}".rstrip() + "\n"
