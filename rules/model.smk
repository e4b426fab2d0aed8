"""The training set, the networks trained on it, and how well they do on granules they never saw."""


rule build_training_set:
    """Join segments and labels of the granules of role {wildcards.role}: train, or test which no network sees."""
    input:
        segments=segments_of_role,
        labels=labels_of_role,
    output:
        training_set="results/model/{role}_set.parquet",
    log:
        "results/logs/build_training_set/{role}.log",
    benchmark:
        "results/benchmarks/build_training_set/{role}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(1000, by_input=30),
        runtime=30,
    params:
        granules=granules_of_role,
        segment_length=config["segments"]["window"],
        code=code("build_training_set.py"),
    shell:
        "{resources.launcher} $SCRIPTS/build_training_set.py --segments {input.segments} --labels {input.labels}"
        " --granules {params.granules} --segment-length {params.segment_length}"
        " --role {wildcards.role} --output {output.training_set} 2> {log}"


rule train_model:
    """Train the {wildcards.network} on the granules of role train (Horovod)."""
    input:
        training_set="results/model/train_set.parquet",
    output:
        model="results/model/{network}.keras",
        description="results/model/{network}.json",
    log:
        "results/logs/train_model/{network}.log",
    benchmark:
        "results/benchmarks/train_model/{network}.tsv"
    retries: 1  # a rank that was lost costs no epoch but the last
    threads: 2
    resources:
        launcher="horovodrun -np 2 --gloo python",
        mem_mb=memory(4000, by_input=40),
        runtime=120,
    params:
        segment_length=config["segments"]["window"],
        settings=options(config["model"]["presets"][config["model"]["preset"]]),
        seed=config["model"]["seed"],
        code=code("train_model.py"),
    shell:
        "{resources.launcher} $SCRIPTS/train_model.py --training-set {input.training_set}"
        " --segment-length {params.segment_length} --architecture {wildcards.network}"
        " {params.settings} --seed {params.seed}"
        " --model {output.model} --description {output.description} > {log} 2>&1"


rule evaluate_model:
    """Measure the {wildcards.network} on the labels of the granules of role test."""
    input:
        test_set="results/model/test_set.parquet",
        truth=truth_of_untouched,
        model="results/model/{network}.keras",
        description="results/model/{network}.json",
    output:
        metrics="results/model/{network}_metrics.json",
    log:
        "results/logs/evaluate_model/{network}.log",
    benchmark:
        "results/benchmarks/evaluate_model/{network}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(2000, by_input=20),
        runtime=30,
    params:
        segment_length=config["segments"]["window"],
        code=code("evaluate_model.py"),
    shell:
        "{resources.launcher} $SCRIPTS/evaluate_model.py --test-set {input.test_set}"
        " --segment-length {params.segment_length} --model {input.model}"
        " --description {input.description} --truth {input.truth} --output {output.metrics} 2> {log}"


rule draw_classifier:
    """Draw how reliable the networks' probabilities are, and tell their scores by why a segment has its label."""
    input:
        metrics=expand("results/model/{network}_metrics.json", network=NETWORKS),
    output:
        reliability=report(
            "results/report/reliability.png",
            category="4 Classes",
            labels={"what": "reliability"},
            caption="report/reliability.rst",
        ),
        groups="results/report/groups.tsv",
    log:
        "results/logs/draw_classifier.log",
    benchmark:
        "results/benchmarks/draw_classifier.tsv"
    resources:
        launcher="python",
        mem_mb=2000,
        runtime=10,
    params:
        code=code("draw_classifier.py"),
    shell:
        "{resources.launcher} $SCRIPTS/draw_classifier.py --metrics {input.metrics}"
        " --reliability {output.reliability} --groups {output.groups} 2> {log}"


rule ablate_model:
    """Measure what each choice of the preset is worth and how far the paper's split flatters, with three seeds."""
    input:
        training_set="results/model/train_set.parquet",
        test_set="results/model/test_set.parquet",
        truth=truth_of_untouched,
    output:
        ablation=report(
            "results/report/ablation.tsv",
            category="4 Classes",
            labels={"what": "ablation, table"},
            caption="report/ablation.rst",
        ),
        ablation_figure=report(
            "results/report/ablation.png",
            category="4 Classes",
            labels={"what": "ablation, figure"},
            caption="report/ablation.rst",
        ),
        seeds=report(
            "results/report/seeds.tsv",
            category="4 Classes",
            labels={"what": "three seeds"},
            caption="report/seeds.rst",
        ),
        leak=report(
            "results/report/leak.tsv",
            category="4 Classes",
            labels={"what": "leak of a random split, table"},
            caption="report/leak.rst",
        ),
        leak_figure=report(
            "results/report/leak.png",
            category="4 Classes",
            labels={"what": "leak of a random split, figure"},
            caption="report/leak.rst",
        ),
    log:
        "results/logs/ablate_model.log",
    benchmark:
        "results/benchmarks/ablate_model.tsv"
    threads: 2
    resources:
        launcher="python",
        mem_mb=6000,
        runtime=240,
    params:
        segment_length=config["segments"]["window"],
        network=config["model"]["network"],
        settings=options(config["model"]["presets"][config["model"]["preset"]]),
        code=code("ablate_model.py"),
    shell:
        "{resources.launcher} $SCRIPTS/ablate_model.py --training-set {input.training_set}"
        " --test-set {input.test_set} --truth {input.truth} --segment-length {params.segment_length}"
        " --architecture {params.network} {params.settings} --output results/report 2> {log}"


rule model:
    """Train and measure both networks."""
    input:
        expand("results/model/{network}_metrics.json", network=NETWORKS),
        rules.draw_classifier.output,


rule ablation:
    """Measure what the preset's choices are worth: half an hour on two cores, and so no part of all."""
    input:
        rules.ablate_model.output,
