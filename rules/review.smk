"""The page on which a person sets the class of doubtful stretches, and the server that writes what they set."""

from leadline.provenance import file_digest

SELECTION = [
    "minimum_confidence",
    "quality_before_007",
    "quality_from_007",
    "podppd_flags",
    "mss",
]
PAGE_PARTS = sorted((SCRIPTS / "leadline" / "pages").glob("review*.[!p]*"))


rule write_review:
    """Write the page of the stretches whose label or class is most in doubt."""
    input:
        labels=expand("results/labels/{batch}.parquet", batch=CAMPAIGN.batches),
        freeboard=expand("results/freeboard/{batch}.parquet", batch=CAMPAIGN.batches),
        segments=expand(
            "results/segments/{granule}.parquet", granule=CAMPAIGN.granules.index
        ),
        granules=[
            source_file(granule, ".h5", ".h5", CAMPAIGN.granules)
            for granule in CAMPAIGN.granules.index
        ],
        scenes=expand(
            "results/labels/{scene}.tif", scene=CAMPAIGN.coincidences["scene"].unique()
        ),
        overlays=overlays_of(CAMPAIGN.granules.index),
        corrections=config["tables"]["corrections"],
    output:
        # not in report.html: browsers show no page of this size inside another
        page="results/report/review.html",
    log:
        "results/logs/write_review.log",
    benchmark:
        "results/benchmarks/write_review.tsv"
    resources:
        launcher="python",
        mem_mb=memory(3000),
        runtime=30,
    params:
        photons=lambda wildcards, input: [
            f"{granule}={path}"
            for granule, path in zip(CAMPAIGN.granules.index, input.granules)
        ],
        selection=options({key: config["segments"][key] for key in SELECTION}),
        segment_length=config["segments"]["window"],
        projection=config["projection"],
        limit=config["report"]["review_stretches"],
        source=config["acquire"]["source"],
        digest=config_digest({"granules": list(CAMPAIGN.granules.index)}),
        code=code("write_review.py"),
        parts=[file_digest(path) for path in PAGE_PARTS],
    shell:
        "{resources.launcher} $SCRIPTS/write_review.py --labels {input.labels} --freeboard {input.freeboard}"
        " --segments {input.segments} --scenes {input.scenes} --overlays {input.overlays}"
        " --photons {params.photons:q} {params.selection}"
        " --corrections {input.corrections} --segment-length {params.segment_length}"
        " --projection {params.projection} --limit {params.limit} --source {params.source}"
        " --digest {params.digest} --output {output.page} 2> {log}"


rule review:
    """Serve the review to the person at this machine. A page that is there is served as it is: no training in between."""
    input:
        branch(
            exists("results/report/review.html"),
            then=[],
            otherwise="results/report/review.html",
        ),
    log:
        "results/logs/review.log",
    localrule: True
    params:
        corrections=config["tables"]["corrections"],
    shell:
        "python $SCRIPTS/serve_review.py --page results/report/review.html --corrections {params.corrections}"
        " 2>&1 | tee --ignore-interrupts {log}"
