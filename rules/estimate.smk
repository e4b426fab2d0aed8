"""What the campaign costs, before any of it is made."""

ALIKE = {
    "draw_classifier": 1,
    "draw_map": 1,
    "draw_grid": len(DRAWN),
    "write_grid": len(GRIDS) * len(MAPPED),
    "write_stac": 1,
    "write_review": 1,
    "show_table": len(TABLES),
    "tabulate_paper": 1,
    "tabulate_run": 1,
}


rule estimate_campaign:
    """Estimate hours, memory, bytes and money from the campaign's tables and from measured jobs."""
    input:
        granules=config["tables"]["granules"],
        scenes=config["tables"]["scenes"],
        coincidences=config["tables"]["coincidences"],
        corrections=config["tables"]["corrections"],
        products=config["tables"]["products"],
        measured="config/costs/measured.tsv",
        settings="config/costs/settings.tsv",
    output:
        table="results/report/estimate.tsv",
        figures="results/report/estimate.json",
    log:
        "results/logs/estimate_campaign.log",
    resources:
        launcher="python",
        mem_mb=1000,
        runtime=10,
    params:
        campaign=estimate_options(),
        alike=[f"{rule}={number}" for rule, number in ALIKE.items()],
        code=code("estimate_campaign.py"),
    shell:
        "{resources.launcher} $SCRIPTS/estimate_campaign.py --granules {input.granules} --scenes {input.scenes}"
        " --coincidences {input.coincidences} --corrections {input.corrections} --products {input.products}"
        " {params.campaign} --alike {params.alike} --measured {input.measured} --settings {input.settings} --output {output.table} 2> {log}"


rule estimate:
    """Estimate what the campaign costs: hours, memory, bytes and money."""
    input:
        rules.estimate_campaign.output,
