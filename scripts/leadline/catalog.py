"""The campaign's tables: granules, scenes, the coincidences between them, and NASA's products of the same passes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from leadline.errors import ConfigError
from leadline.hand_labels import NO_CORRECTIONS, read_corrections
from leadline.names import BEAMS, GRANULE_PATTERN, NASA_PRODUCTS, SCENE_PATTERN
from leadline.tsv import matches, read_tsv

ROLES = ("train", "test")
"""What a granule is for: to train the network, or never to be seen by it."""

SEARCHED = ("granules", "scenes", "coincidences")
"""The tables that a search finds."""


@dataclass(frozen=True)
class Campaign:
    """What is to be made of which granules and scenes."""

    granules: pd.DataFrame
    """granule, release, beams (a list), role, batch, file; indexed by granule."""
    scenes: pd.DataFrame
    """scene, file; indexed by scene."""
    coincidences: pd.DataFrame
    """granule, scene, lag (scene minus track, min), shift_x, shift_y (m, of the scene in the projection, or NaN)."""
    products: pd.DataFrame
    """granule, product (ATL07 or ATL10), file (- where it is fetched or simulated)."""
    hand_labelled: tuple[str, ...]
    """Granules that have labels set by hand."""
    left_out: tuple[str, ...]
    """One line for each granule, scene, coincidence or product that was left out, and why."""

    @property
    def batches(self) -> list[str]:
        """The batches of granules that one Spark application serves."""
        return list(self.granules["batch"].unique())

    @property
    def tracks(self) -> list[tuple[str, str]]:
        """Granule and beam of each track that a product is made of."""
        return [(granule, beam) for granule, beams in self.granules["beams"].items() for beam in beams]

    def of_role(self, role: str) -> list[str]:
        """Return the granules of a role."""
        return list(self.granules.index[self.granules["role"] == role])

    def labelled(self, role: str, source: str) -> list[str]:
        """Return the granules of a role that scenes or people label: no others can train or test a network.

        What is true of simulated granules (``source`` is acquire.source) is known of all. Where there are none, they
        are all of the role, and whoever looks for their labels will say so.
        """
        granules = self.of_role(role)
        if source == "simulated":
            return granules
        by_any = self._scenes_of_granules.keys() | set(self.hand_labelled)
        return [granule for granule in granules if granule in by_any] or granules

    def of_batch(self, batch: str) -> list[str]:
        """Return the granules of a batch."""
        return self._granules_of_batches.get(batch, [])

    def batches_of(self, granules: list[str]) -> list[str]:
        """Return the batches that hold the granules."""
        return list(self.granules.loc[granules, "batch"].unique())

    def scenes_of(self, granules: list[str]) -> list[str]:
        """Return the scenes that coincide with any of the granules."""
        return list(dict.fromkeys(scene for granule in granules for scene in self._scenes_of_granules.get(granule, ())))

    def coincidence(self, granule: str, scene: str) -> dict[str, float]:
        """Return lag, shift_x and shift_y of a coincidence."""
        return self._numbers_of_coincidences[granule, scene]

    def product_file(self, granule: str, product: str) -> str:
        """Return the file of a product of NASA's, - where it is fetched or simulated."""
        return self._files_of_products[granule, product]

    @property
    def without_product(self) -> list[str]:
        """Return the granules that have no ATL07 or ATL10 to be compared with."""
        return list(self.granules.index[~self.granules.index.isin(self.products["granule"])])

    # Rules ask for each of these once a job: a year of the polar oceans has many.
    @cached_property
    def _granules_of_batches(self) -> dict[str, list[str]]:
        return self.granules.groupby("batch")["granule"].agg(list).to_dict()

    @cached_property
    def _scenes_of_granules(self) -> dict[str, list[str]]:
        return self.coincidences.groupby("granule")["scene"].agg(list).to_dict()

    @cached_property
    def _numbers_of_coincidences(self) -> dict[tuple[str, str], dict[str, float]]:
        return self.coincidences.set_index(["granule", "scene"])[list(_NUMBERS)].to_dict("index")

    @cached_property
    def _files_of_products(self) -> dict[tuple[str, str], str]:
        return self.products.set_index(["granule", "product"])["file"].to_dict()


def read_campaign(tables: Mapping[str, str], folder: Path | None, maximum_lag: float) -> Campaign:
    """Read the tables whose paths stand under granules, scenes, coincidences, corrections and products.

    ``folder`` is given where the files are a person's own: a granule or scene whose file is not in it is left out, and
    so are a product whose file is not there and a coincidence with more than ``maximum_lag`` minutes between;
    ``left_out`` names them. Where there are no granules, scenes and coincidences yet, the campaign is empty. Raises
    ``ConfigError`` with all the faults of all the tables, one line each.
    """
    if not any(Path(tables[name]).exists() for name in SEARCHED):
        return _not_searched_yet(tables)
    faults: list[str] = []
    granules = read_tsv(tables["granules"], _GRANULE_COLUMNS, faults)
    scenes = read_tsv(tables["scenes"], _SCENE_COLUMNS, faults)
    coincidences = read_tsv(tables["coincidences"], _COINCIDENCE_COLUMNS, faults)
    products = read_tsv(tables["products"], _PRODUCT_COLUMNS, faults)
    corrections = NO_CORRECTIONS
    try:
        corrections = read_corrections(tables["corrections"])
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(faults)
    faults += _duplicates(tables["granules"], granules, ["granule"])
    faults += _duplicates(tables["scenes"], scenes, ["scene"])
    faults += _duplicates(tables["coincidences"], coincidences, ["granule", "scene"])
    faults += _duplicates(tables["products"], products, ["granule", "product"])
    faults += _unknown(tables["products"], products["granule"], granules["granule"], tables["granules"])
    faults += _unknown(tables["coincidences"], coincidences["granule"], granules["granule"], tables["granules"])
    faults += _unknown(tables["coincidences"], coincidences["scene"], scenes["scene"], tables["scenes"])
    faults += _unknown(tables["corrections"], corrections["granule"], granules["granule"], tables["granules"])
    faults += _half_shifts(tables["coincidences"], coincidences)
    if faults:
        raise ConfigError(faults)
    granules["beams"] = granules["beams"].str.split(",")
    granules["batch"] = granules["batch"].where(granules["batch"] != "-", granules["granule"])
    granules, lost_granules = _present(granules, tables["granules"], folder)
    scenes, lost_scenes = _present(scenes, tables["scenes"], folder)
    simulated = products["file"] == "-"
    given, lost_products = _present(products[~simulated], tables["products"], folder or Path())
    products = pd.concat([products[simulated], given])
    coincidences = coincidences.replace({name: {"-": "nan"} for name in _SHIFT}).astype(dict.fromkeys(_NUMBERS, float))
    known = coincidences["granule"].isin(granules["granule"]) & coincidences["scene"].isin(scenes["scene"])
    late = coincidences["lag"].abs() > maximum_lag
    lost_coincidences = [
        f"{tables['coincidences']}: row {row + 1}: lag: {lag}: more than {maximum_lag} minutes; it is left out"
        for row, lag in coincidences.loc[late, "lag"].items()
    ]
    return Campaign(
        granules.set_index("granule", drop=False),
        scenes.set_index("scene", drop=False),
        coincidences[known & ~late],
        products[products["granule"].isin(granules["granule"])],
        tuple(corrections["granule"].unique()),
        (*lost_granules, *lost_scenes, *lost_products, *lost_coincidences),
    )


def _not_searched_yet(tables: Mapping[str, str]) -> Campaign:
    """Return a campaign of nothing, so that what there is can be searched for."""
    places = ", ".join(tables[name] for name in SEARCHED)
    columns = (_GRANULE_COLUMNS, _SCENE_COLUMNS, _COINCIDENCE_COLUMNS, _PRODUCT_COLUMNS)
    granules, scenes, coincidences, products = (pd.DataFrame(columns=list(names)) for names in columns)
    left_out = f"{places}: there are no such tables yet; `snakemake search` finds granules and scenes and writes them"
    indexed = granules.set_index("granule", drop=False), scenes.set_index("scene", drop=False)
    return Campaign(*indexed, coincidences, products, (), (left_out,))


def _duplicates(path: str, table: pd.DataFrame, key: list[str]) -> list[str]:
    again = table[table.duplicated(key)]
    return [
        f"{path}: row {row + 1}: {' '.join(values)}: stands there twice" for row, *values in again[key].itertuples()
    ]


def _unknown(path: str, used: pd.Series, known: pd.Series, known_path: str) -> list[str]:
    strange = used[~used.isin(known)]
    return [f"{path}: row {row + 1}: {used.name}: {value!r}: not in {known_path}" for row, value in strange.items()]


def _half_shifts(path: str, coincidences: pd.DataFrame) -> list[str]:
    given = coincidences[list(_SHIFT)] != "-"
    half = coincidences[given.any(axis=1) & ~given.all(axis=1)]
    return [
        f"{path}: row {row + 1}: shift_x, shift_y: {x!r}, {y!r}: must be two numbers, or - twice"
        for row, x, y in half[list(_SHIFT)].itertuples()
    ]


def _present(table: pd.DataFrame, path: str, folder: Path | None) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows whose file is in the folder, with its whole path, and a line for each that is not."""
    if folder is None:
        return table, []
    table = table.assign(file=[str(Path(folder) / name) for name in table["file"]])
    there = table["file"].map(lambda name: Path(name).exists())
    lost = [
        f"{path}: row {row + 1}: file: {name}: there is no such file; it is left out"
        for row, name in table.loc[~there, "file"].items()
    ]
    return table[there], lost


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d*)?", text) is not None


def _is_number_or_open(text: str) -> bool:
    return text == "-" or _is_number(text)


def _are_beams(text: str) -> bool:
    beams = text.split(",")
    return set(beams) <= set(BEAMS) and len(set(beams)) == len(beams)


_GRANULE = (matches(GRANULE_PATTERN), "must be yyyymmddhhmmss_ttttccss of the ATL03 file name")
_SCENE = (
    matches(SCENE_PATTERN),
    "must be S2_Ttile_yyyymmddThhmmss, or S2_yyyymmddThhmmss where the tile is not known",
)
_FILE = (bool, "must be a path below acquire.folder, or - where the file is fetched or simulated")
_GRANULE_COLUMNS = {
    "granule": _GRANULE,
    "release": (matches(r"\d{3}"), "must be three digits, as in 006"),
    "beams": (_are_beams, f"must be some of {','.join(BEAMS)}, without blanks"),
    "role": (lambda text: text in ROLES, f"must be one of {', '.join(ROLES)}"),
    "batch": (matches(r"[\w-]+"), "must be a word, or - where the granule is its own batch"),
    "file": _FILE,
}
_SCENE_COLUMNS = {"scene": _SCENE, "file": _FILE}
_COINCIDENCE_COLUMNS = {
    "granule": _GRANULE,
    "scene": _SCENE,
    "lag": (_is_number, "must be minutes, scene minus track"),
    "shift_x": (_is_number_or_open, "must be metres along x of the projection, or - where it is to be estimated"),
    "shift_y": (_is_number_or_open, "must be metres along y of the projection, or - where it is to be estimated"),
}
_PRODUCT_COLUMNS = {
    "granule": _GRANULE,
    "product": (lambda text: text in NASA_PRODUCTS, f"must be one of {', '.join(NASA_PRODUCTS)}"),
    "file": _FILE,
}
_SHIFT = ("shift_x", "shift_y")
_NUMBERS = ("lag", *_SHIFT)
