"""A granule to its table of segments: piece by piece of the track, in as many processes as there are threads.

Memory is bounded by the pieces at work, however long a beam is.
"""

import logging
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from leadline.accounts import Account, State
from leadline.atl03 import Granule, open_granule, read_beam, read_photons
from leadline.beam import Beam
from leadline.corrections import MSS_OF_GRANULE
from leadline.errors import InputDataError, LeadlineError, named
from leadline.log import share
from leadline.photons import select
from leadline.segments import Resampling, resample
from leadline.tables import SEGMENTS, as_arrow, write_tables
from leadline.track import Piece, Track, pieces_of, track_of

logger = logging.getLogger("leadline.segments")

PIECE = 1_000_000
"""Photons of a piece."""

AHEAD = 2
"""Pieces in work or waiting to be written, for each process."""


@dataclass(frozen=True)
class Job:
    """A beam that is ready to be resampled."""

    path: Path
    granule: str
    name: str
    beam: Beam
    track: Track
    resampling: Resampling


def resample_granule(
    path: Path,
    name: str,
    beams: list[str],
    resampling: Resampling,
    output: Path,
    threads: int = 1,
    photons_per_piece: int = PIECE,
) -> Account:
    """Write the segments of a granule's beams as one table ``tables.SEGMENTS``, and return their account.

    A beam that cannot be used has no rows and is named in the account; where the granule itself cannot be used the
    table is empty. Raises ``LeadlineError`` where a process is killed.
    """
    try:
        with open_granule(path) as granule:
            logger.info("%s: ATL03 release %s, beams %s", name, granule.release or "unknown", " ".join(granule.beams))
            jobs, accounts = _prepared(granule, name, beams, resampling)
    except InputDataError as error:
        logger.warning("%s", error)
        write_tables(output, SEGMENTS, ())
        return Account("segments", name, error.state, str(error))
    while True:
        counts = {beam: Counter(job.track.counts) for beam, job in jobs.items()}
        try:
            write_tables(output, SEGMENTS, _tables(jobs, counts, threads, photons_per_piece))
            break
        except _BrokenBeamError as broken:
            # What was written of it must not stay: the others are made again without it.
            del jobs[broken.beam]
            accounts[broken.beam] = _failed(broken.beam, broken.error)
    accounts |= {beam: _account(beam, jobs[beam], dict(counts[beam])) for beam in jobs}
    return Account("segments", name, parts=tuple(accounts[beam] for beam in beams))


def _prepared(
    granule: Granule, key: str, beams: list[str], resampling: Resampling
) -> tuple[dict[str, Job], dict[str, Account]]:
    """Return the jobs of the beams that can be used, and the accounts of those that cannot."""
    jobs, accounts = {}, {}
    for name in beams:
        try:
            beam = read_beam(granule, name)
            with named(f"{granule.path} {name}"):
                track = track_of(beam, resampling.selection, mean_sea_surface_of(beam, resampling.selection.mss))
            jobs[name] = Job(granule.path, key, name, beam, track, resampling)
        except InputDataError as error:
            accounts[name] = _failed(name, error)
    return jobs, accounts


def mean_sea_surface_of(beam: Beam, source: str) -> NDArray | None:
    """Return the MSS of the user's grid at the reference photons; None where the granule's own serves."""
    if source in MSS_OF_GRANULE:
        return None
    from leadline.mean_sea_surface import sample_mss  # here: its readers take as long to load as a piece does

    places = [beam.reference_segments.get(f"reference_photon_{axis}") for axis in ("lat", "lon")]
    unknown = np.full(len(beam.reference_segments), np.nan)
    return sample_mss(Path(source), *(unknown if place is None else place.to_numpy() for place in places))


def _tables(
    jobs: dict[str, Job], counts: dict[str, Counter], threads: int, photons_per_piece: int
) -> Iterator[pa.Table]:
    """Yield the segments of piece after piece of beam after beam, and add up what each kept and dropped."""
    tasks = [
        (beam, piece)
        for beam, job in jobs.items()
        for piece in pieces_of(job.track, job.resampling.window, photons_per_piece)
    ]
    for (beam, _), (segments, of_piece) in zip(tasks, _in_order(jobs, tasks, threads), strict=True):
        if isinstance(of_piece, InputDataError):
            raise _BrokenBeamError(beam, of_piece)
        counts[beam].update(of_piece)
        yield segments


def _in_order(jobs: dict[str, Job], tasks: list[tuple[str, Piece]], threads: int) -> Iterator[tuple]:
    """Yield the results of the tasks in their order; no more than ``AHEAD`` a process are in work or wait."""
    processes = min(threads, len(tasks))
    if processes < 2:
        _take(jobs)
        yield from map(_resample_piece, tasks)
        return
    with ProcessPoolExecutor(processes, initializer=_take, initargs=(jobs,)) as pool:
        running: deque[Future] = deque()
        for task in tasks:
            running.append(pool.submit(_resample_piece, task))
            if len(running) == AHEAD * processes:
                yield _result(running.popleft())
        while running:
            yield _result(running.popleft())


def _result(future: Future) -> tuple:
    try:
        return future.result()
    except BrokenProcessPool:
        message = "a process that resampled photons was killed, most likely for want of memory"
        raise LeadlineError(f"{message}; give resample_segments more mem_mb or fewer threads") from None


_jobs: dict[str, Job] = {}
"""What a process of the pool was given at its start: too much to be sent with each piece."""


def _take(jobs: dict[str, Job]) -> None:
    _jobs.clear()
    _jobs.update(jobs)


def _resample_piece(task: tuple[str, Piece]) -> tuple[pa.Table | None, dict[str, int] | InputDataError]:
    """Return segments and counts of a piece, or what is wrong with it."""
    job, piece = _jobs[task[0]], task[1]
    try:
        with open_granule(job.path) as granule:
            photons = read_photons(granule, job.name, piece.photons)
    except InputDataError as error:
        return None, error
    selected, dropped = select(photons, piece, job.track, job.resampling.selection, job.beam.release)
    segments, trimmed = resample(selected, piece, job.track, job.beam, job.resampling)
    segments["granule"], segments["beam"] = job.granule, job.name
    return as_arrow(segments[SEGMENTS.names], SEGMENTS), dropped | trimmed


class _BrokenBeamError(Exception):
    """A beam of which a piece cannot be read."""

    def __init__(self, beam: str, error: InputDataError) -> None:
        super().__init__(beam, error)
        self.beam, self.error = beam, error


def _failed(beam: str, error: InputDataError) -> Account:
    logger.warning("%s", error)
    return Account("segments", beam, error.state, str(error))


def _account(beam: str, job: Job, counts: dict[str, int]) -> Account:
    """Return the account of a beam that was resampled."""
    if not counts["segments"]:
        dropped = (name for name in counts if name.startswith("photons_") and name != "photons_kept")
        found = ", ".join(f"{counts[name]:,} {name.removeprefix('photons_').replace('_', ' ')}" for name in dropped)
        message = f"{job.path} {beam}: expected signal photons, none of {counts['photons']:,} is left ({found})"
        message += "; choose another beam or a lower segments.minimum_confidence"
        return Account("segments", beam, State.NO_PHOTONS_KEPT, message, counts)
    kept = counts["photons_kept"] - counts["photons_trimmed_above"] - counts["photons_trimmed_below"]
    logger.info(
        "%s: %s beam, kept %s photons in %s segments",
        *(beam, job.beam.kind, share(kept, counts["photons"]), f"{counts['segments']:,}"),
    )
    stand_ins = "; ".join(job.track.fallback.meanings)
    if stand_ins:
        logger.info("%s: %s", beam, stand_ins)
    return Account("segments", beam, State.OK, stand_ins, counts)
