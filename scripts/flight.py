"""The options of a flight over simulated ice, which a granule and its scenes share."""

import argparse

from leadline.simulate.world import GranuleSettings


def add_flight(parser: argparse.ArgumentParser) -> None:
    """Add the options of a flight over simulated ice."""
    parser.add_argument("--name", required=True, help="granule key, yyyymmddhhmmss_ttttccss")
    parser.add_argument("--seed", type=int, required=True, help="seed of the campaign")
    parser.add_argument("--length", type=float, required=True, help="length of the track, m")
    parser.add_argument("--signal", type=float, required=True, help="signal photons, times the nominal ones")
    parser.add_argument("--background", type=float, required=True, help="background photons, times the nominal ones")
    parser.add_argument("--latitude", type=float, required=True, help="middle of the track, degrees north")
    parser.add_argument("--longitude", type=float, required=True, help="middle of the track, degrees east")
    parser.add_argument("--heading", type=float, required=True, help="flight direction, degrees clockwise from north")


def flight(args: argparse.Namespace) -> GranuleSettings:
    """Return the settings of a flight from the options of ``add_flight``."""
    return GranuleSettings(
        name=args.name,
        seed=args.seed,
        length=args.length,
        latitude=args.latitude,
        longitude=args.longitude,
        heading=args.heading,
        signal=args.signal,
        background=args.background,
    )
