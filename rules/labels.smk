"""Scenes to classes, their drift, and the classes laid on the tracks as labels of segments."""


rule segment_scene:
    """Filter thin cloud and shadow out of {wildcards.scene} and segment it by colour into classes."""
    input:
        scene=scene_file,
    output:
        classes="results/labels/{scene}.tif",
        account="results/labels/{scene}.json",
    log:
        "results/logs/segment_scene/{scene}.log",
    benchmark:
        "results/benchmarks/segment_scene/{scene}.tsv"
    threads: 2
    resources:
        launcher="python",
        mem_mb=memory(4000),
        runtime=30,
    params:
        settings=options({key: config["labels"][key] for key in SCENE_SETTINGS}),
        code=code("segment_scene.py"),
    shell:
        "{resources.launcher} $SCRIPTS/segment_scene.py --scene {input.scene} --name {wildcards.scene}"
        " {params.settings} --output {output.classes} --account {output.account} 2> {log}"


rule estimate_drift:
    """Find the shift that lays {wildcards.scene} on the tracks of {wildcards.granule}."""
    input:
        segments="results/segments/{granule}.parquet",
        classes="results/labels/{scene}.tif",
    output:
        overlay="results/drift/{granule}_{scene}.json",
    log:
        "results/logs/estimate_drift/{granule}_{scene}.log",
    benchmark:
        "results/benchmarks/estimate_drift/{granule}_{scene}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(3000),
        runtime=30,
    params:
        coincidence=coincidence,
        settings=options({key: config["labels"][key] for key in DRIFT_SETTINGS}),
        projection=config["projection"],
        code=code("estimate_drift.py"),
    shell:
        "{resources.launcher} $SCRIPTS/estimate_drift.py --segments {input.segments} --classes {input.classes}"
        " --granule {wildcards.granule} --scene {wildcards.scene} {params.coincidence} {params.settings}"
        " --projection {params.projection} --output {output.overlay} 2> {log}"


rule label_tracks:
    """Label the segments of batch {wildcards.batch} from the scenes that coincide with it, and by hand (Spark)."""
    input:
        segments=segments_of_batch,
        scenes=scene_classes_of_batch,
        overlays=overlays_of_batch,
        corrections=config["tables"]["corrections"],
    output:
        labels=directory("results/labels/{batch}.parquet"),
        account="results/labels/{batch}.json",
    log:
        "results/logs/label_tracks/{batch}.log",
    benchmark:
        "results/benchmarks/label_tracks/{batch}.tsv"
    threads: 2
    resources:
        launcher="python",
        mem_mb=memory(4000),
        runtime=60,
        spark=1,
    params:
        projection=config["projection"],
        minimum_confidence=config["labels"]["minimum_confidence"],
        code=code("label_tracks.py"),
    shell:
        "{resources.launcher} $SCRIPTS/label_tracks.py --segments {input.segments} --scenes {input.scenes}"
        " --overlays {input.overlays} --corrections {input.corrections} --projection {params.projection}"
        " --minimum-confidence {params.minimum_confidence} --batch {wildcards.batch}"
        " --output {output.labels} --account {output.account} 2> {log}"


rule labels:
    """Label the segments of every granule."""
    input:
        expand("results/labels/{batch}.parquet", batch=CAMPAIGN.batches),
