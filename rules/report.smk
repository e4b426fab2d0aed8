"""Figures and tables of the report. `snakemake --report results/report.html` binds them into one page."""


rule draw_track:
    """Draw the track {wildcards.granule} {wildcards.beam}: classes, sea surfaces and freeboard."""
    input:
        freeboard=batch_table("results/freeboard/{}.parquet"),
        leads=batch_table("results/freeboard/{}_leads.parquet"),
        labels=batch_table("results/labels/{}.parquet"),
        truth=truth_of_granule,
    output:
        figure=report(
            "results/report/tracks/{granule}_{beam}.png",
            category="Tracks",
            labels={"granule": "{granule}", "beam": "{beam}"},
            caption="report/track.rst",
        ),
    log:
        "results/logs/draw_track/{granule}_{beam}.log",
    benchmark:
        "results/benchmarks/draw_track/{granule}_{beam}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(2000),
        runtime=10,
    params:
        segment_length=config["segments"]["window"],
        source=config["acquire"]["source"],
        code=code("draw_track.py"),
    shell:
        "{resources.launcher} $SCRIPTS/draw_track.py --granule {wildcards.granule} --beam {wildcards.beam}"
        " --segment-length {params.segment_length} --source {params.source}"
        " --freeboard {input.freeboard} --labels {input.labels} --leads {input.leads}"
        " --truth {input.truth} --output {output.figure} 2> {log}"


rule summarise_campaign:
    """Sum the campaign up in numbers, tables and figures."""
    input:
        segments=expand(
            "results/segments/{granule}.json", granule=CAMPAIGN.granules.index
        ),
        scenes=expand(
            "results/labels/{scene}.json",
            scene=CAMPAIGN.coincidences["scene"].unique(),
        ),
        overlays=overlays_of(CAMPAIGN.granules.index),
        labels=expand("results/labels/{batch}.json", batch=CAMPAIGN.batches),
        classes=expand(
            "results/classes/{granule}.json", granule=CAMPAIGN.granules.index
        ),
        freeboard=expand("results/freeboard/{batch}.json", batch=CAMPAIGN.batches),
        freeboard_tables=expand(
            "results/freeboard/{batch}.parquet", batch=CAMPAIGN.batches
        ),
        label_tables=expand("results/labels/{batch}.parquet", batch=CAMPAIGN.batches),
        metrics=expand("results/model/{network}_metrics.json", network=NETWORKS),
        descriptions=expand("results/model/{network}.json", network=NETWORKS),
        truth=truth_of_untouched,
        compared=comparisons(".tsv"),
        comparisons=comparisons(".json"),
    output:
        summary=report(
            "results/report/summary.json",
            category="Numbers",
            caption="report/summary.rst",
        ),
        metrics=report(
            "results/report/metrics.tsv",
            category="Classes",
            caption="report/metrics.rst",
        ),
        states=report(
            "results/report/states.tsv", category="Losses", caption="report/states.rst"
        ),
        counts=report(
            "results/report/counts.tsv", category="Losses", caption="report/counts.rst"
        ),
        drift=report(
            "results/report/drift.tsv", category="Labels", caption="report/drift.rst"
        ),
        confusion=report(
            "results/report/confusion.png",
            category="Classes",
            caption="report/confusion.rst",
        ),
        freeboard=report(
            "results/report/freeboard.png",
            category="Freeboard",
            caption="report/freeboard.rst",
        ),
        training=report(
            "results/report/training.png",
            category="Classes",
            caption="report/training.rst",
        ),
    log:
        "results/logs/summarise_campaign.log",
    benchmark:
        "results/benchmarks/summarise_campaign.tsv"
    resources:
        launcher="python",
        mem_mb=memory(2000, by_input=10),
        runtime=30,
    params:
        source=config["acquire"]["source"],
        untouched=CAMPAIGN.of_role("test"),
        left_out=CAMPAIGN.left_out,
        without_product=CAMPAIGN.without_product,
        section_length=config["freeboard"]["section_length"],
        drift=simulated_drift,
        code=code("summarise_campaign.py"),
    shell:
        "{resources.launcher} $SCRIPTS/summarise_campaign.py --source {params.source}"
        " --accounts {input.segments} {input.scenes} {input.labels} {input.classes} {input.freeboard}"
        " {input.comparisons} --compared {input.compared} --without-product {params.without_product}"
        " --section-length {params.section_length} --overlays {input.overlays} --drift {params.drift}"
        " --metrics {input.metrics} --descriptions {input.descriptions} --untouched {params.untouched}"
        " --freeboard {input.freeboard_tables} --labels {input.label_tables} --truth {input.truth}"
        " --left-out {params.left_out:q} --output results/report 2> {log}"


rule report:
    """Make the pages of the report."""
    input:
        rules.summarise_campaign.output,
        rules.comparison.input,
        [
            f"results/report/tracks/{granule}_{beam}.png"
            for granule, beam in CAMPAIGN.tracks
        ],
