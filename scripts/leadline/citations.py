"""What a campaign stands on: the data and methods to cite, and the versions of the software that made it."""

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from leadline import __version__, paper

MEASURED_DATA = "Contains NASA ICESat-2 ATL03 data (NSIDC) and modified Copernicus Sentinel data"
SIMULATED_DATA = "No satellite measured these data: photons and scenes are simulated"
"""What a product acknowledges."""
PRODUCTS = {
    "ATL03": "Global Geolocated Photon Data",
    "ATL07": "Sea Ice Height",
    "ATL10": "Sea Ice Freeboard",
}
NSIDC = "ATLAS/ICESat-2 {title}, release {release}. NASA National Snow and Ice Data Center, Boulder, Colorado USA"
NSIDC_DOI = "https://doi.org/10.5067/ATLAS/{product}.{release}"
"""NSIDC's DOIs of ICESat-2 products, by product and release."""
NATURAL_EARTH = "Natural Earth, land 1:50m. Made with Natural Earth, naturalearthdata.com"

PACKAGES = (
    *("snakemake", "numpy", "scipy", "pandas", "pyarrow", "h5py", "numba", "xarray", "netCDF4", "rasterio", "pyproj"),
    *("opencv-python-headless", "pyspark", "tensorflow", "keras", "horovod", "scikit-learn", "matplotlib", "bokeh"),
)
"""Those whose version can change a result or how it looks."""


def citations(
    source: str, releases: Iterable[str], products: Iterable[tuple[str, str]], scenes: Iterable[str]
) -> pd.DataFrame:
    """Return what to cite: what, use, citation and where, a row each.

    ``source`` is acquire.source, ``releases`` those of the granules, ``products`` product and release of NASA's files
    that are compared, ``scenes`` the scenes' names. A simulated campaign holds no data of NASA's or of Copernicus, only
    their formats.
    """
    simulated = source == "simulated"
    use = "format only: the campaign is simulated" if simulated else "data"
    of_nasa = [("ATL03", release) for release in sorted(set(releases))] + sorted(set(products))
    rows = [
        (
            product,
            use,
            NSIDC.format(title=PRODUCTS[product], release=release),
            NSIDC_DOI.format(product=product, release=release),
        )
        for product, release in of_nasa
    ]
    if simulated:
        credit = "Copernicus Sentinel-2 products"
    else:
        years = ", ".join(sorted({scene.split("_")[-1][:4] for scene in scenes}))
        credit = f"Contains modified Copernicus Sentinel data {years}"
    rows += [
        ("Sentinel-2", use, credit, "https://dataspace.copernicus.eu"),
        ("coast", "the map", NATURAL_EARTH, "https://www.naturalearthdata.com (public domain)"),
        ("method", "classes and freeboard", paper.CITATION, "https://arxiv.org/abs/2502.02700"),
        ("software", "everything", f"leadline {__version__}", "CITATION.cff"),
    ]
    return pd.DataFrame(rows, columns=["what", "use", "citation", "where"])


def versions(digests: Mapping[str, str], machine: Mapping[str, object]) -> pd.DataFrame:
    """Return name and version of the software, its digests and the machine, a row each.

    ``digests`` tell code and config, by what they are digests of; ``machine`` is that of ``benchmarks.measures``.
    """
    rows = [("leadline", __version__), *digests.items(), ("Python", machine["python"])]
    rows += [(name, _version(name)) for name in PACKAGES]
    memory = f"{machine['memory_bytes'] / 2**30:.0f} GiB"
    rows += [("system", machine["system"]), ("processor", machine["processor"])]
    rows += [("cores", machine["cores"]), ("memory", memory)]
    return pd.DataFrame(rows, columns=["name", "version"])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
