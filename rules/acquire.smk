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
        mem_mb=4000,
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
        mem_mb=4000,
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
        mem_mb=4000,
        runtime=10,
    params:
        settings=simulated_scene,
        code=code("simulate_scene.py"),
    shell:
        "{resources.launcher} $SCRIPTS/simulate_scene.py {params.settings} --scene {output.scene} 2> {log}"


rule fetch_granule:
    """Fetch {wildcards.granule} from Earthdata."""
    output:
        "results/acquire/{granule}.h5",
    log:
        "results/logs/fetch_granule/{granule}.log",
    benchmark:
        "results/benchmarks/fetch_granule/{granule}.tsv"
    resources:
        launcher="python",
        mem_mb=1000,
        runtime=120,
    params:
        code=code("fetch.py"),
    shell:
        "{resources.launcher} $SCRIPTS/fetch.py --wanted {wildcards.granule} --output {output} 2> {log}"


rule fetch_scene:
    """Fetch {wildcards.scene} from a Sentinel-2 archive."""
    output:
        "results/acquire/{scene}.tif",
    log:
        "results/logs/fetch_scene/{scene}.log",
    benchmark:
        "results/benchmarks/fetch_scene/{scene}.tsv"
    resources:
        launcher="python",
        mem_mb=1000,
        runtime=120,
    params:
        code=code("fetch.py"),
    shell:
        "{resources.launcher} $SCRIPTS/fetch.py --wanted {wildcards.scene} --output {output} 2> {log}"
