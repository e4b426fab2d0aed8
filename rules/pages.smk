"""Zoomable pages of tracks, from single photons to the whole: for who asks for them, or all with report.track_pages."""

from leadline.provenance import file_digest

TRACK_PAGE_PARTS = sorted((SCRIPTS / "leadline" / "pages").glob("track_*.[!p]*"))


rule write_track_page:
    """Write the page of the track {wildcards.granule} {wildcards.beam}."""
    input:
        product="results/freeboard/{granule}_{beam}.nc",
        photons=granule_file,
        labels=batch_table("results/labels/{}.parquet"),
        truth=truth_of_granule,
        overlays=overlays_of_granule,
        scenes=scenes_of_granule,
    output:
        # not in report.html: browsers show no page of this size inside another; the captions of the figures link it
        page="results/report/tracks/{granule}_{beam}.html",
    log:
        "results/logs/write_track_page/{granule}_{beam}.log",
    benchmark:
        "results/benchmarks/write_track_page/{granule}_{beam}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(2000),
        runtime=10,
    params:
        selection=options(
            {
                key: value
                for key, value in config["segments"].items()
                if key not in ("window", "trim", "surface_window")
            }
        ),
        projection=config["projection"],
        code=code("write_track_page.py"),
        parts=[file_digest(path) for path in TRACK_PAGE_PARTS],
    shell:
        "{resources.launcher} $SCRIPTS/write_track_page.py --product {input.product} --photons {input.photons}"
        " --labels {input.labels} --truth {input.truth} --overlays {input.overlays} --scenes {input.scenes}"
        " {params.selection} --projection {params.projection} --output {output.page} 2> {log}"


rule pages:
    """Write the page of every track."""
    input:
        [
            f"results/report/tracks/{granule}_{beam}.html"
            for granule, beam in CAMPAIGN.tracks
        ],
