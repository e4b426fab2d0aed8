"""Photons to segments: one table a granule, a row for every 2 m of each beam."""


rule resample_segments:
    """Resample the photons of {wildcards.granule} into 2 m segments."""
    input:
        granule=granule_file,
    output:
        segments="results/segments/{granule}.parquet",
        account="results/segments/{granule}.json",
    log:
        "results/logs/resample_segments/{granule}.log",
    benchmark:
        "results/benchmarks/resample_segments/{granule}.tsv"
    threads: 3
    resources:
        launcher="python",
        mem_mb=memory(500, by_input=0.2, by_thread=500),
        runtime=30,
    params:
        beams=beams_of_granule,
        settings=options(config["segments"]),
        code=code("resample_segments.py"),
    shell:
        "{resources.launcher} $SCRIPTS/resample_segments.py --granule {input.granule} --name {wildcards.granule}"
        " --beams {params.beams} {params.settings} --threads {threads} --output {output.segments} --account {output.account} 2> {log}"


rule segments:
    """Make the segments of every granule."""
    input:
        expand("results/segments/{granule}.parquet", granule=CAMPAIGN.granules.index),
