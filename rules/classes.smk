"""The class of every segment, by the trained network."""


rule classify_segments:
    """Classify every segment of {wildcards.granule} (Horovod)."""
    input:
        segments="results/segments/{granule}.parquet",
        model=f"results/model/{config['model']['network']}.keras",
        description=f"results/model/{config['model']['network']}.json",
    output:
        classes="results/classes/{granule}.parquet",
        account="results/classes/{granule}.json",
    log:
        "results/logs/classify_segments/{granule}.log",
    benchmark:
        "results/benchmarks/classify_segments/{granule}.tsv"
    threads: 2
    resources:
        launcher="horovodrun -np 2 --gloo python",
        mem_mb=memory(4000, by_input=20),
        runtime=60,
    params:
        segment_length=config["segments"]["window"],
        code=code("classify_segments.py"),
    shell:
        "{resources.launcher} $SCRIPTS/classify_segments.py --segments {input.segments}"
        " --segment-length {params.segment_length} --model {input.model}"
        " --description {input.description} --granule {wildcards.granule}"
        " --output {output.classes} --account {output.account} > {log} 2>&1"


rule classes:
    """Classify the segments of every granule."""
    input:
        expand("results/classes/{granule}.parquet", granule=CAMPAIGN.granules.index),
