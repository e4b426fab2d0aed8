"""Granules and scenes, simulated or fetched. A person's own files (source local) are used where they stand."""


rule simulate_granule:
    """Simulate the world and the flight of {wildcards.granule} over it as an ATL03 granule."""
    output:
        granule="results/simulated/{granule}.h5",
    log:
        "results/logs/simulate_granule/{granule}.log",
    benchmark:
        "results/benchmarks/simulate_granule/{granule}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(3000),
        runtime=10,
    params:
        settings=simulated_granule,
        code=code("simulate_granule.py"),
    shell:
        "{resources.launcher} $SCRIPTS/simulate_granule.py {params.settings} --granule {output.granule} 2> {log}"


rule simulate_truth:
    """Cut the simulated world below {wildcards.granule} into segments: what is true of them."""
    output:
        truth="results/simulated/{granule}_truth.parquet",
    log:
        "results/logs/simulate_truth/{granule}.log",
    benchmark:
        "results/benchmarks/simulate_truth/{granule}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(3000),
        runtime=10,
    params:
        settings=simulated_granule,
        segment_length=config["segments"]["window"],
        code=code("simulate_truth.py"),
    shell:
        "{resources.launcher} $SCRIPTS/simulate_truth.py {params.settings}"
        " --segment-length {params.segment_length} --truth {output.truth} 2> {log}"


rule simulate_scene:
    """Simulate what Sentinel-2 sees of the ice under a granule, drifted, in {wildcards.scene}."""
    output:
        scene="results/simulated/{scene}.tif",
    log:
        "results/logs/simulate_scene/{scene}.log",
    benchmark:
        "results/benchmarks/simulate_scene/{scene}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(3000),
        runtime=10,
    params:
        settings=simulated_scene,
        code=code("simulate_scene.py"),
    shell:
        "{resources.launcher} $SCRIPTS/simulate_scene.py {params.settings} --scene {output.scene} 2> {log}"


# A fetched file is the archive's: no code of ours makes it stale, so the rules that fetch carry no digest of it.
rule fetch_granule:
    """Fetch {wildcards.granule} from Earthdata: whole, or the beams and the stretch of track that the region needs."""
    output:
        granule=protected("results/acquire/{granule}.h5"),
    log:
        "results/logs/fetch_granule/{granule}.log",
    benchmark:
        "results/benchmarks/fetch_granule/{granule}.tsv"
    retries: 2
    resources:
        launcher="python",
        mem_mb=memory(1000),
        runtime=120,
        connections=1,
    params:
        release=release_of_granule,
        part=part_of_granule,
    shell:
        "{resources.launcher} $SCRIPTS/fetch_granule.py --granule {wildcards.granule} --release {params.release}"
        " {params.part} --output {output.granule} 2> {log}"


rule fetch_product:
    """Fetch the {wildcards.product} of the pass of {wildcards.granule} from Earthdata."""
    output:
        product=protected("results/acquire/{granule}_{product}.h5"),
    log:
        "results/logs/fetch_product/{granule}_{product}.log",
    benchmark:
        "results/benchmarks/fetch_product/{granule}_{product}.tsv"
    retries: 2
    resources:
        launcher="python",
        mem_mb=1000,
        runtime=120,
        connections=1,
    params:
        release=release_of_granule,
    shell:
        "{resources.launcher} $SCRIPTS/fetch_product.py --granule {wildcards.granule} --release {params.release}"
        " --product {wildcards.product} --output {output.product} 2> {log}"


rule fetch_scene:
    """Fetch {wildcards.scene} from its archive: a STAC item, and the 10 m bands beside it."""
    output:
        scene=protected(directory("results/acquire/{scene}")),
    log:
        "results/logs/fetch_scene/{scene}.log",
    benchmark:
        "results/benchmarks/fetch_scene/{scene}.tsv"
    retries: 2
    resources:
        launcher="python",
        mem_mb=memory(1000),
        runtime=120,
        connections=1,
    params:
        archive=archive,
        part=part_of_scene,
    shell:
        "{resources.launcher} $SCRIPTS/fetch_scene.py --scene {wildcards.scene} {params.archive}"
        " {params.part} --output {output.scene} 2> {log}"


rule search:
    """Search the region for granules and the scenes under them, and write the tables of the campaign."""
    log:
        "results/logs/search.log",
    localrule: True
    resources:
        launcher="python",
        mem_mb=1000,
        runtime=60,
        connections=1,
    params:
        settings=options({key: config["acquire"][key] for key in SEARCH_SETTINGS}),
        archive=archive,
        region=options({"region": json.dumps(config["acquire"]["region"])}),
        tables=options({"tables": json.dumps(config["tables"])}),
        maximum_lag=config["labels"]["maximum_lag"],
        projection=config["projection"],
    shell:
        "{resources.launcher} $SCRIPTS/search.py {params.region} {params.settings} {params.archive} {params.tables}"
        " --maximum-lag {params.maximum_lag} --projection {params.projection} 2>&1 | tee {log}"
