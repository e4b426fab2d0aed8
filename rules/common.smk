"""What the rules share: the checked config, the campaign's tables, and input functions. No rules here."""

import json
import math
import shlex
import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from leadline.catalog import ROLES, SEARCHED, read_campaign
from leadline.config import check, contradictions, read_yaml
from leadline.errors import ConfigError
from leadline.maps.grids import grids_of
from leadline.names import GRANULE_PATTERN, SCENE_PATTERN
from leadline.maps.periods import KINDS, by_period
from leadline.report.paper_tables import BENCHMARKS
from leadline.provenance import code_digest, config_digest

SCRIPTS = Path(workflow.basedir) / "scripts"
SCHEMA = read_yaml(Path(workflow.basedir) / "config" / "schema.yaml")
NETWORKS = SCHEMA["properties"]["model"]["properties"]["network"]["enum"]
SCENE_SETTINGS = [
    "scale",
    "filtered_by",
    "white",
    "thick_cloud_brightness",
    "thick_cloud_flatness",
    "transition",
]
SEARCH_SETTINGS = [
    "start",
    "end",
    "release",
    "beams",
    "cloud",
    "tiles",
    "least_overlap",
]
DRIFT_SETTINGS = ["drift_reach", "hand_shift_error", "ice_speed"]

# in a container the first Python on the PATH is its own
shell.prefix(
    f'[ "$APPTAINER_CONTAINER" ] || export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; '
    f"set -euo pipefail; export SCRIPTS={shlex.quote(str(SCRIPTS))} TF_CPP_MIN_LOG_LEVEL=3; "
)


def config_files():
    """Return the config files in the order in which they are laid over each other."""
    base = [
        path
        for path in workflow.configfiles
        if path not in workflow.overwrite_configfiles
    ]
    return [*base, *workflow.overwrite_configfiles]


def read_checked_campaign():
    """Check the config and read the tables it names, or stop with all their faults, one line each."""
    try:
        check(config, SCHEMA, config_files())
        folder = (
            config["acquire"].get("folder")
            if config["acquire"]["source"] == "local"
            else None
        )
        campaign = read_campaign(
            config["tables"], folder, config["labels"]["maximum_lag"]
        )
        if faults := contradictions(
            config,
            campaign.granules.index,
            campaign.scenes.index,
            list(campaign.products["file"]),
        ):
            raise ConfigError(faults)
        return campaign
    except ConfigError as error:
        raise WorkflowError(str(error))


CAMPAIGN = read_checked_campaign()
for line in CAMPAIGN.left_out:
    logger.warning(line)
SIMULATED = config["acquire"]["source"] == "simulated"
GRIDS = grids_of(config["maps"]["grids"], config["projection"])
PERIODS = by_period(CAMPAIGN.granules.index, KINDS)
MAPPED = by_period(CAMPAIGN.granules.index, config["maps"]["periods"])
DRAWN = by_period(CAMPAIGN.granules.index, config["maps"]["periods"][:1])
workflow.register_resource("connections", config["acquire"]["connections"])


@cache
def code(script):
    """Return the digest of a script and of the library modules it uses: its rule is stale when they change."""
    return code_digest(SCRIPTS / script)


def options(values):
    """Return values as command-line options: a key's underscores become dashes, a list's items follow each other."""
    words = []
    for key, value in values.items():
        items = value if isinstance(value, (list, tuple)) else [value]
        words += [
            f"--{key.replace('_', '-')}",
            *(shlex.quote(str(item)) for item in items),
        ]
    return " ".join(words)


def memory(least, by_input=0, by_thread=0):
    """Return an input function of the memory that a job asks for, MB: by its input's size and threads, more each try."""

    def of_job(wildcards, input, threads, attempt):
        size = input.size_mb if by_input else 0
        return attempt * math.ceil(least + by_input * size + by_thread * threads)

    return of_job


def source_file(name, simulated, fetched, own):
    """Return where a granule or scene stands: where it is made or fetched, or the person's own file."""
    places = {
        "simulated": f"results/simulated/{name}{simulated}",
        "earthdata": f"results/acquire/{name}{fetched}",
        "local": own.loc[name, "file"],
    }
    return places[config["acquire"]["source"]]


def granule_file(wildcards):
    """Return where the granule's ATL03 file stands."""
    return source_file(wildcards.granule, ".h5", ".h5", CAMPAIGN.granules)


def scene_file(wildcards):
    """Return where the scene's file, or its folder, stands."""
    return source_file(wildcards.scene, ".tif", "", CAMPAIGN.scenes)


def archive(wildcards):
    """Return the options that tell the archive of scenes, and the level that is taken from it."""
    name, level = config["acquire"]["archive"], config["acquire"]["level"]
    return options(
        {"archive": json.dumps(config["acquire"]["archives"][name]), "level": level}
    )


def release_of_granule(wildcards):
    """Return the release of a granule's ATL03 file."""
    return CAMPAIGN.granules.loc[wildcards.granule, "release"]


def part_of_granule(wildcards):
    """Return the options that tell the beams and the region of a subset, or nothing where the granule is whole."""
    if config["acquire"]["download"] == "whole":
        return ""
    beams, region = beams_of_granule(wildcards), config["acquire"]["region"]
    return options({"beams": beams, "region": json.dumps(region)})


def part_of_scene(wildcards):
    """Return the options that name what is fetched of a scene that is COGs: nothing where it is fetched whole."""
    if config["acquire"]["download"] == "whole":
        return ""
    table = CAMPAIGN.coincidences
    granules = list(table.loc[table["scene"] == wildcards.scene, "granule"])
    return options({"granules": granules, "reach": config["acquire"]["reach"]})


def flight_options(granule):
    """Return the options of one simulated granule's flight."""
    simulated = config["acquire"]["simulated"]
    common = {key: simulated[key] for key in ("seed", "length", "signal", "background")}
    return options({"name": granule, **common, **simulated["granules"][granule]})


def simulated_granule(wildcards):
    """Return the options of the flight that a granule, and the truth below it, are simulated from."""
    return flight_options(wildcards.granule)


def simulated_scene(wildcards):
    """Return the options that simulate a scene, and the flight over the ice that it sees."""
    scene = dict(config["acquire"]["simulated"]["scenes"][wildcards.scene])
    granule = scene.pop("granule")
    return (
        f"{flight_options(granule)} {options({'scene_name': wildcards.scene, **scene})}"
    )


def beams_of_granule(wildcards):
    """Return the beams of a granule that become tracks."""
    return CAMPAIGN.granules.loc[wildcards.granule, "beams"]


def segments_of_batch(wildcards):
    """Return the segment tables of a batch's granules."""
    return [
        f"results/segments/{granule}.parquet"
        for granule in CAMPAIGN.of_batch(wildcards.batch)
    ]


def classes_of_batch(wildcards):
    """Return the class tables of a batch's granules."""
    return [
        f"results/classes/{granule}.parquet"
        for granule in CAMPAIGN.of_batch(wildcards.batch)
    ]


def segments_of_role(wildcards):
    """Return the segment tables of the granules of a role."""
    return [
        f"results/segments/{granule}.parquet" for granule in granules_of_role(wildcards)
    ]


def labels_of_role(wildcards):
    """Return the label tables of the batches that hold the granules of a role."""
    return [
        f"results/labels/{batch}.parquet"
        for batch in CAMPAIGN.batches_of(granules_of_role(wildcards))
    ]


def granules_of_role(wildcards):
    """Return the granules of a role whose labels, or simulated truth, can train or test a network."""
    return CAMPAIGN.labelled(wildcards.role, config["acquire"]["source"])


def scene_classes_of_batch(wildcards):
    """Return the class rasters of the scenes that coincide with a batch's granules."""
    return [
        f"results/labels/{scene}.tif"
        for scene in CAMPAIGN.scenes_of(CAMPAIGN.of_batch(wildcards.batch))
    ]


def overlays_of_batch(wildcards):
    """Return how the scenes that coincide with a batch's granules are laid on their tracks."""
    return overlays_of(CAMPAIGN.of_batch(wildcards.batch))


def overlays_of(granules):
    """Return how the scenes that coincide with granules are laid on their tracks."""
    return [
        f"results/drift/{granule}_{scene}.json"
        for granule in granules
        for scene in CAMPAIGN.scenes_of([granule])
    ]


def scenes_of_granule(wildcards):
    """Return the class rasters of the scenes that coincide with a granule."""
    return [
        f"results/labels/{scene}.tif"
        for scene in CAMPAIGN.scenes_of([wildcards.granule])
    ]


def overlays_of_granule(wildcards):
    """Return how the scenes that coincide with a granule are laid on its tracks."""
    return overlays_of([wildcards.granule])


def measured_benchmarks(wildcards):
    """Return those tables of the paper's measurements that somebody has run on this machine."""
    paths = [f"results/benchmarks/{name}.tsv" for name in BENCHMARKS]
    return [path for path in paths if Path(path).with_suffix(".json").exists()]


def coincidence(wildcards):
    """Return the options that tell the lag of a coincidence and, where it is given by hand, its shift."""
    row = CAMPAIGN.coincidence(wildcards.granule, wildcards.scene)
    by_hand = (
        {}
        if math.isnan(row["shift_x"])
        else {"by_hand": [row["shift_x"], row["shift_y"]]}
    )
    return options({"lag": row["lag"], **by_hand})


def batch_table(name):
    """Return an input function for a file of the batch that a granule belongs to."""

    def of_granule(wildcards):
        return name.format(CAMPAIGN.granules.loc[wildcards.granule, "batch"])

    return of_granule


def nasa_file(wildcards):
    """Return where a product of NASA's of the granule's pass stands: the person's own, or where it is made or fetched."""
    own = CAMPAIGN.product_file(wildcards.granule, wildcards.product)
    if own != "-":
        return own
    if SIMULATED:
        return f"results/simulated/{wildcards.granule}_simulated_ATL10.h5"
    return f"results/acquire/{wildcards.granule}_{wildcards.product}.h5"


def comparisons(ending):
    """Return the files with an ending that the comparisons with NASA's products make."""
    return [
        f"results/comparison/{row.granule}_{row.product}{ending}"
        for row in CAMPAIGN.products.itertuples()
    ]


def provenance(wildcards):
    """Return key=value pairs that a track's product carries: what it was made from, with which config and code."""
    granule = wildcards.granule
    return [
        f"release={CAMPAIGN.granules.loc[granule, 'release']}",
        f"scenes={' '.join(CAMPAIGN.scenes_of([granule]))}",
        *made_with("write_product.py"),
    ]


def made_with(script):
    """Return key=value pairs of the config and the code that a product is made with."""
    pairs = {
        "network": config["model"]["network"],
        "source": config["acquire"]["source"],
        "segment_length": f"{config['segments']['window']:g} m",
        "sea_surface_method": config["freeboard"]["method"],
        "config_digest": config_digest(config),
        "code_digest": code(script),
    }
    return [f"{key}={value}" for key, value in pairs.items()]


def cells_of_period(name):
    """Return an input function for the files, one each batch, of the granules of a period."""

    def of_period(wildcards):
        batches = CAMPAIGN.batches_of(PERIODS[wildcards.period])
        return [name.format(grid=wildcards.grid, batch=batch) for batch in batches]

    return of_period


def truth_of_granule(wildcards):
    """Return the simulated truth of a granule, or nothing where the campaign is real."""
    return [f"results/simulated/{wildcards.granule}_truth.parquet"] if SIMULATED else []


def truth_of_untouched(wildcards):
    """Return the simulated truth of the granules that no network was trained on, or nothing."""
    return [
        f"results/simulated/{granule}_truth.parquet"
        for granule in CAMPAIGN.of_role("test")
        if SIMULATED
    ]


def simulated_drift(wildcards):
    """Return the drift of each simulated scene as scene,x,y, or nothing where the campaign is real."""
    scenes = config["acquire"]["simulated"]["scenes"] if SIMULATED else {}
    return [
        f"{name},{scene['drift_x']},{scene['drift_y']}"
        for name, scene in scenes.items()
    ]


def estimate_options():
    """Return the options that tell an estimate what the campaign's tables do not."""
    preset = config["model"]["presets"][config["model"]["preset"]]
    values = {
        "maximum_lag": config["labels"]["maximum_lag"],
        "source": config["acquire"]["source"],
        "segment_length": config["segments"]["window"],
        "epochs": preset["epochs"],
        "grids": len(config["maps"]["grids"]),
    }
    if SIMULATED:
        values["simulated_length"] = config["acquire"]["simulated"]["length"]
    if values["source"] == "local":
        values["folder"] = config["acquire"]["folder"]
    pages = " --track-pages" if config["report"]["track_pages"] else ""
    return options(values) + pages
