from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "rules/common.smk"


container: "envs/leadline.sif"


report: "rules/report/workflow.rst"


wildcard_constraints:
    granule=GRANULE_PATTERN,
    beam="gt[123][lr]",
    scene=SCENE_PATTERN,
    batch="|".join(CAMPAIGN.batches),
    role="train|test",
    network="|".join(NETWORKS),
    product="ATL07|ATL10",


include: "rules/acquire.smk"
include: "rules/segments.smk"
include: "rules/labels.smk"
include: "rules/model.smk"
include: "rules/classes.smk"
include: "rules/freeboard.smk"
include: "rules/maps.smk"
include: "rules/comparison.smk"
include: "rules/review.smk"
include: "rules/report.smk"
include: "rules/pages.smk"
include: "rules/estimate.smk"


rule all:
    """Make the products of every track and the report's pages."""
    default_target: True
    input:
        [config["tables"][name] for name in SEARCHED],
        rules.freeboard.input,
        rules.write_tracks.output,
        rules.model.input,
        rules.maps.input,
        rules.report.input,
        rules.pages.input if config["report"]["track_pages"] else [],
