"""The truth below a simulated granule: its world as each beam crosses it, cut into segments."""

from pathlib import Path

import numpy as np
import pandas as pd

from leadline.names import SurfaceClass
from leadline.simulate.atlas import Beam, make_beams
from leadline.simulate.flight import Flight, plan_flight
from leadline.simulate.world import GranuleSettings, build_world, generator, sea_level
from leadline.tables import TRUTH, write_table

SPACING = 0.4
"""Distance between the places of a segment that its freeboard is the mean of, m; the world's cells are larger."""


def simulate_truth(path: Path, settings: GranuleSettings, segment_length: float) -> None:
    """Write the truth of segments of a length (m) below all beams of a granule, as the table ``tables.TRUTH``."""
    flight = plan_flight(settings, build_world(settings))
    beams = make_beams(generator(settings, "dead time"))
    write_table(path, pd.concat([truth(flight, beam, segment_length) for beam in beams], ignore_index=True), TRUTH)


def truth(flight: Flight, beam: Beam, segment_length: float) -> pd.DataFrame:
    """Return class, freeboard and sea surface of each segment under a beam, with the columns of ``tables.TRUTH``.

    The class is that of the segment's centre; the freeboard is the mean over the segment, 0 on open water.
    """
    end = flight.start + flight.settings.length
    first, last = np.ceil(flight.start / segment_length), np.floor(end / segment_length)
    centre = (np.arange(first, last) + 0.5) * segment_length
    n_places = 2 * (int(segment_length / SPACING) // 2) + 1  # odd: one lies at the centre
    outermost = 0.5 - 0.5 / n_places
    inside = np.linspace(-outermost, outermost, n_places) * segment_length
    x = (centre[:, None] + inside - flight.start).ravel()
    ice, track = flight.world.ice, flight.world.track
    cell = flight.world.cells(*track.in_world(*track.on_map(x, beam.across).T)).reshape(-1, n_places)
    surface_class = ice.surface_class.ravel()[cell[:, n_places // 2]]
    freeboard = ice.freeboard.ravel()[cell].mean(axis=1)
    return pd.DataFrame(
        {
            "granule": flight.settings.name,
            "beam": beam.name,
            "x_atc": centre,
            "surface_class": surface_class,
            "freeboard": np.where(surface_class == SurfaceClass.OPEN_WATER, 0, freeboard),
            "sea_surface": sea_level(flight.settings, centre - flight.start)["residual"].to_numpy(),
        }
    )
