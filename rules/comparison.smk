"""Our tracks beside NASA's ATL07 and ATL10 of the same passes, where the table of products names them."""


rule simulate_product:
    """Simulate the ATL10 of {wildcards.granule} from its photons."""
    input:
        granule="results/simulated/{granule}.h5",
    output:
        product="results/simulated/{granule}_simulated_ATL10.h5",
    log:
        "results/logs/simulate_product/{granule}.log",
    benchmark:
        "results/benchmarks/simulate_product/{granule}.tsv"
    resources:
        launcher="python",
        mem_mb=4000,
        runtime=10,
    params:
        code=code("simulate_product.py"),
    shell:
        "{resources.launcher} $SCRIPTS/simulate_product.py --granule {input.granule} --name {wildcards.granule}"
        " --product {output.product} 2> {log}"


rule compare_products:
    """Compare the tracks of {wildcards.granule} with {wildcards.product} of the same pass."""
    input:
        freeboard=batch_table("results/freeboard/{}.parquet"),
        product=nasa_file,
    output:
        numbers=report(
            "results/comparison/{granule}_{product}.tsv",
            category="6 ATL07 and ATL10",
            labels={"granule": "{granule}", "product": "{product}", "what": "numbers"},
            caption="report/comparison_numbers.rst",
        ),
        figure=report(
            "results/comparison/{granule}_{product}.png",
            category="6 ATL07 and ATL10",
            labels={"granule": "{granule}", "product": "{product}", "what": "figure"},
            caption="report/comparison.rst",
        ),
        account="results/comparison/{granule}_{product}.json",
    log:
        "results/logs/compare_products/{granule}_{product}.log",
    benchmark:
        "results/benchmarks/compare_products/{granule}_{product}.tsv"
    resources:
        launcher="python",
        mem_mb=4000,
        runtime=10,
    params:
        beams=beams_of_granule,
        section_length=config["freeboard"]["section_length"],
        source=config["acquire"]["source"],
        code=code("compare_products.py"),
    shell:
        "{resources.launcher} $SCRIPTS/compare_products.py --granule {wildcards.granule} --beams {params.beams}"
        " --product {wildcards.product} --file {input.product} --freeboard {input.freeboard}"
        " --section-length {params.section_length} --source {params.source}"
        " --numbers {output.numbers} --figure {output.figure} --account {output.account} 2> {log}"


rule comparison:
    """Compare all tracks whose ATL07 or ATL10 is given."""
    input:
        comparisons(".png"),
