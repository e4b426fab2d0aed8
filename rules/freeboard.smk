"""The local sea surface and the freeboard above it, one NetCDF product a track, and one GeoParquet file of all."""


rule compute_freeboard:
    """Find the leads of batch {wildcards.batch}, its sea surface by five methods, and the freeboard (Spark)."""
    input:
        segments=segments_of_batch,
        classes=classes_of_batch,
    output:
        freeboard=directory("results/freeboard/{batch}.parquet"),
        leads=directory("results/freeboard/{batch}_leads.parquet"),
        sections=directory("results/freeboard/{batch}_sections.parquet"),
        account="results/freeboard/{batch}.json",
    log:
        "results/logs/compute_freeboard/{batch}.log",
    benchmark:
        "results/benchmarks/compute_freeboard/{batch}.tsv"
    threads: 2
    resources:
        launcher="python",
        mem_mb=memory(4000),
        runtime=60,
        spark=1,
    params:
        segment_length=config["segments"]["window"],
        settings=options(config["freeboard"]),
        code=code("compute_freeboard.py"),
    shell:
        "{resources.launcher} $SCRIPTS/compute_freeboard.py --segments {input.segments} --classes {input.classes}"
        " --segment-length {params.segment_length} {params.settings} --batch {wildcards.batch}"
        " --leads {output.leads} --sections {output.sections}"
        " --output {output.freeboard} --account {output.account} 2> {log}"


rule write_product:
    """Write the track {wildcards.granule} {wildcards.beam} as a CF NetCDF trajectory."""
    input:
        freeboard=batch_table("results/freeboard/{}.parquet"),
        leads=batch_table("results/freeboard/{}_leads.parquet"),
        sections=batch_table("results/freeboard/{}_sections.parquet"),
        account="results/segments/{granule}.json",
        description=f"results/model/{config['model']['network']}.json",
    output:
        product="results/freeboard/{granule}_{beam}.nc",
    log:
        "results/logs/write_product/{granule}_{beam}.log",
    benchmark:
        "results/benchmarks/write_product/{granule}_{beam}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(2000),
        runtime=10,
    params:
        projection=config["projection"],
        provenance=provenance,
        code=code("write_product.py"),
    shell:
        "{resources.launcher} $SCRIPTS/write_product.py --granule {wildcards.granule} --beam {wildcards.beam}"
        " --freeboard {input.freeboard} --leads {input.leads} --sections {input.sections} --account {input.account}"
        " --description {input.description} --projection {params.projection} --provenance {params.provenance:q}"
        " --output {output.product} 2> {log}"


rule write_tracks:
    """Write the freeboard of the whole campaign as one GeoParquet file."""
    input:
        expand("results/freeboard/{batch}.parquet", batch=CAMPAIGN.batches),
    output:
        tracks="results/freeboard/tracks.parquet",
    log:
        "results/logs/write_tracks.log",
    benchmark:
        "results/benchmarks/write_tracks.tsv"
    resources:
        launcher="python",
        mem_mb=2000,
        runtime=60,
    params:
        code=code("write_tracks.py"),
    shell:
        "{resources.launcher} $SCRIPTS/write_tracks.py --freeboard {input} --output {output.tracks} 2> {log}"


rule freeboard:
    """Make the product of every track."""
    input:
        [f"results/freeboard/{granule}_{beam}.nc" for granule, beam in CAMPAIGN.tracks],
