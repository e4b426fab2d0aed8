"""A granule from Earthdata onto disk: whole and looked into before it is named, or the part that a region needs."""

import logging
from collections.abc import Sequence
from pathlib import Path

import h5py
import requests

from leadline.archives.download import download
from leadline.archives.earthdata import Box, Granule
from leadline.archives.remote_file import RemoteFile
from leadline.archives.remote_granule import cut_granule
from leadline.errors import LeadlineError
from leadline.log import share
from leadline.names import BEAMS

logger = logging.getLogger("leadline.archives.granule_fetch")


def fetch_whole(granule: Granule, path: Path, session: requests.Session) -> None:
    """Download a granule; raises ``LeadlineError`` as ``download`` does."""
    download(
        granule.url, path, session=session, size=granule.size, checksum=granule.checksum, check=refuse_without_beams
    )


def fetch_part(granule: Granule, path: Path, session: requests.Session, beams: Sequence[str], box: Box) -> None:
    """Cut the stretch in the box out of a granule's beams where it stands; raises as ``cut_granule`` does."""
    remote = RemoteFile(granule.url, session)
    cut_granule(remote, path, beams, box)
    logger.info("%s: %s bytes moved in %d requests", granule.name, share(remote.fetched, remote.size), remote.requests)


def refuse_without_beams(path: Path) -> None:
    """Raise ``LeadlineError`` where a file is no whole HDF5 file with beams in it."""
    try:
        with h5py.File(path) as file:
            n_beams = sum(beam in file for beam in BEAMS)
    except OSError as error:
        raise LeadlineError(f"what came is no whole HDF5 file ({str(error).splitlines()[0]})") from None
    if not n_beams:
        raise LeadlineError("what came holds no beam gt1l to gt3r")
    logger.info("%s: HDF5 with %d beams", path.name.removeprefix(".").removesuffix(".partial"), n_beams)
