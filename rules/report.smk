"""Figures and tables of the report. `snakemake --report results/report.html` binds them into one page."""

from leadline.provenance import file_digest

TABLES = {
    "key_figures": ("1 Campaign", "key figures"),
    "paper": ("1 Campaign", "beside the paper's Tables I to V"),
    "drift": ("3 Labels", "shifts of the scenes"),
    "groups": ("4 Classes", "scores by why a segment has its label"),
    "losses": ("8 Losses", "kept and dropped at each stage"),
    "counts": ("8 Losses", "kept and dropped by granule, beam and scene"),
    "states": ("8 Losses", "what did not end well, and what to do"),
    "resources": ("9 Run", "time and memory by rule"),
    "versions": ("9 Run", "versions"),
    "citations": ("9 Run", "data and methods to cite"),
}
TABLE_PAGES = expand("results/report/tables/{table}.html", table=TABLES)
TABLE_PARTS = sorted((SCRIPTS / "leadline" / "pages").glob("table_page.[!p]*"))
TRACK_FIGURES = [
    f"results/report/tracks/{granule}_{beam}{what}.png"
    for granule, beam in CAMPAIGN.tracks
    for what in ("", "_on_scene")
]


wildcard_constraints:
    table="|".join(TABLES),


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
            category="2 Tracks",
            labels={
                "granule": "{granule}",
                "beam": "{beam}",
                "what": "heights, sea surface, freeboard",
            },
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


rule draw_on_scene:
    """Draw the track {wildcards.granule} {wildcards.beam} on its scene, before and after the shift."""
    input:
        freeboard=batch_table("results/freeboard/{}.parquet"),
        labels=batch_table("results/labels/{}.parquet"),
        truth=truth_of_granule,
        scenes=scenes_of_granule,
        overlays=overlays_of_granule,
    output:
        figure=report(
            "results/report/tracks/{granule}_{beam}_on_scene.png",
            category="2 Tracks",
            labels={"granule": "{granule}", "beam": "{beam}", "what": "on its scene"},
            caption="report/on_scene.rst",
        ),
    log:
        "results/logs/draw_on_scene/{granule}_{beam}.log",
    benchmark:
        "results/benchmarks/draw_on_scene/{granule}_{beam}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(2000),
        runtime=10,
    params:
        segment_length=config["segments"]["window"],
        source=config["acquire"]["source"],
        projection=config["projection"],
        code=code("draw_on_scene.py"),
    shell:
        "{resources.launcher} $SCRIPTS/draw_on_scene.py --granule {wildcards.granule} --beam {wildcards.beam}"
        " --segment-length {params.segment_length} --source {params.source} --projection {params.projection}"
        " --freeboard {input.freeboard} --labels {input.labels} --truth {input.truth}"
        " --scenes {input.scenes} --overlays {input.overlays} --output {output.figure} 2> {log}"


rule draw_map:
    """Draw the map of the campaign."""
    input:
        segments=expand(
            "results/segments/{granule}.parquet", granule=CAMPAIGN.granules.index
        ),
        scenes=expand(
            "results/labels/{scene}.tif",
            scene=CAMPAIGN.coincidences["scene"].unique(),
        ),
    output:
        figure=report(
            "results/report/map.png",
            category="1 Campaign",
            labels={"what": "map"},
            caption="report/map.rst",
        ),
    log:
        "results/logs/draw_map.log",
    benchmark:
        "results/benchmarks/draw_map.tsv"
    resources:
        launcher="python",
        mem_mb=memory(2000),
        runtime=30,
    params:
        source=config["acquire"]["source"],
        projection=config["projection"],
        roles=[f"{name}={role}" for name, role in CAMPAIGN.granules["role"].items()],
        code=code("draw_map.py"),
    shell:
        "{resources.launcher} $SCRIPTS/draw_map.py --source {params.source} --projection {params.projection}"
        " --segments {input.segments} --roles {params.roles} --scenes {input.scenes}"
        " --output {output.figure} 2> {log}"


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
        key_figures="results/report/key_figures.tsv",
        summary=report(
            "results/report/summary.json",
            category="1 Campaign",
            labels={"what": "all figures"},
            caption="report/summary.rst",
        ),
        drift="results/report/drift.tsv",
        confusion=report(
            "results/report/confusion.png",
            category="4 Classes",
            labels={"what": "confusion matrices"},
            caption="report/confusion.rst",
        ),
        training=report(
            "results/report/training.png",
            category="4 Classes",
            labels={"what": "training"},
            caption="report/training.rst",
        ),
        freeboard=report(
            "results/report/freeboard.png",
            category="5 Freeboard",
            labels={"what": "distribution"},
            caption="report/freeboard.rst",
        ),
        losses_figure=report(
            "results/report/losses.png",
            category="8 Losses",
            labels={"what": "kept and dropped at each stage, figure"},
            caption="report/losses.rst",
        ),
        losses="results/report/losses.tsv",
        counts="results/report/counts.tsv",
        states="results/report/states.tsv",
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


rule tabulate_paper:
    """Lay the paper's tables beside what the campaign and the benchmarks came to."""
    input:
        summary="results/report/summary.json",
        drift="results/report/drift.tsv",
        benchmarks=measured_benchmarks,
    output:
        table="results/report/paper.tsv",
    log:
        "results/logs/tabulate_paper.log",
    benchmark:
        "results/benchmarks/tabulate_paper.tsv"
    resources:
        launcher="python",
        mem_mb=1000,
        runtime=10,
    params:
        source=config["acquire"]["source"],
        code=code("tabulate_paper.py"),
    shell:
        "{resources.launcher} $SCRIPTS/tabulate_paper.py --source {params.source} --summary {input.summary}"
        " --drift {input.drift} --benchmarks {input.benchmarks} --output {output.table} 2> {log}"


rule tabulate_run:
    """Tell what all other jobs took, and which versions, data and methods the campaign stands on."""
    input:
        rules.summarise_campaign.output,
        rules.tabulate_paper.output,
        rules.draw_map.output,
        rules.comparison.input,
        rules.freeboard.input,
        rules.write_tracks.output,
        rules.model.input,
        rules.maps.input,
        rules.write_review.output,
        TRACK_FIGURES,
    output:
        figure=report(
            "results/report/resources.png",
            category="9 Run",
            labels={"what": "time and memory by rule, figure"},
            caption="report/resources.rst",
        ),
        resources="results/report/resources.tsv",
        versions="results/report/versions.tsv",
        citations="results/report/citations.tsv",
    log:
        "results/logs/tabulate_run.log",
    benchmark:
        "results/benchmarks/tabulate_run.tsv"
    resources:
        launcher="python",
        mem_mb=1000,
        runtime=10,
    params:
        source=config["acquire"]["source"],
        rules=[rule.name for rule in workflow.rules],
        subjects=[
            *CAMPAIGN.granules.index,
            *CAMPAIGN.scenes.index,
            *CAMPAIGN.batches,
            *ROLES,
            *NETWORKS,
        ],
        releases=list(CAMPAIGN.granules["release"].unique()),
        products=list(CAMPAIGN.products["product"].unique()),
        product_release=config["acquire"]["release"],
        scenes=list(CAMPAIGN.coincidences["scene"].unique()),
        digests=[
            f"config={config_digest(config)}",
            f"code of the products={code('write_product.py')}",
        ],
        code=code("tabulate_run.py"),
    shell:
        "{resources.launcher} $SCRIPTS/tabulate_run.py --source {params.source} --benchmarks results/benchmarks"
        " --rules {params.rules} --subjects {params.subjects} --releases {params.releases}"
        " --products {params.products} --product-release {params.product_release} --scenes {params.scenes}"
        " --digests {params.digests:q} --output results/report 2> {log}"


rule show_table:
    """Show the table {wildcards.table} as a page."""
    input:
        table="results/report/{table}.tsv",
    output:
        page=report(
            "results/report/tables/{table}.html",
            category=lambda wildcards: TABLES[wildcards.table][0],
            labels=lambda wildcards: {"what": TABLES[wildcards.table][1]},
            caption="report/table.rst",
        ),
    log:
        "results/logs/show_table/{table}.log",
    benchmark:
        "results/benchmarks/show_table/{table}.tsv"
    resources:
        launcher="python",
        mem_mb=1000,
        runtime=10,
    params:
        title=lambda wildcards: TABLES[wildcards.table][1],
        code=code("show_table.py"),
        parts=[file_digest(path) for path in TABLE_PARTS],
    shell:
        "{resources.launcher} $SCRIPTS/show_table.py --table {input.table} --title {params.title:q}"
        " --output {output.page} 2> {log}"


rule report:
    """Make the pages of the report."""
    input:
        rules.summarise_campaign.output,
        rules.tabulate_paper.output,
        rules.draw_map.output,
        rules.comparison.input,
        rules.write_review.output,
        TRACK_FIGURES,
        rules.tabulate_run.output,
        TABLE_PAGES,
