"""Freeboard by cells of grids, month by month and week by week, and a STAC catalogue of all products."""


wildcard_constraints:
    grid="EASE2_[NS]25km|PS_[NS]25km",
    period="|".join(PERIODS),


rule sum_cells:
    """Sum the freeboard of batch {wildcards.batch} by the cells of {wildcards.grid}."""
    input:
        freeboard="results/freeboard/{batch}.parquet",
    output:
        sums="results/maps/cells/{grid}_{batch}_sums.parquet",
        distribution="results/maps/cells/{grid}_{batch}_distribution.parquet",
    log:
        "results/logs/sum_cells/{grid}_{batch}.log",
    benchmark:
        "results/benchmarks/sum_cells/{grid}_{batch}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(2000),
        runtime=60,
    params:
        code=code("sum_cells.py"),
    shell:
        "{resources.launcher} $SCRIPTS/sum_cells.py --freeboard {input.freeboard} --grid {wildcards.grid}"
        " --sums {output.sums} --distribution {output.distribution} 2> {log}"


rule write_grid:
    """Write the freeboard of {wildcards.period} on {wildcards.grid}."""
    input:
        sums=cells_of_period("results/maps/cells/{grid}_{batch}_sums.parquet"),
        distributions=cells_of_period(
            "results/maps/cells/{grid}_{batch}_distribution.parquet"
        ),
    output:
        netcdf="results/maps/{grid}_{period}.nc",
        geotiff="results/maps/{grid}_{period}.tif",
    log:
        "results/logs/write_grid/{grid}_{period}.log",
    benchmark:
        "results/benchmarks/write_grid/{grid}_{period}.tsv"
    resources:
        launcher="python",
        mem_mb=memory(2000, by_input=10),
        runtime=60,
    params:
        segment_length=config["segments"]["window"],
        provenance=made_with("write_grid.py"),
        code=code("write_grid.py"),
    shell:
        "{resources.launcher} $SCRIPTS/write_grid.py --grid {wildcards.grid} --period {wildcards.period}"
        " --sums {input.sums} --distributions {input.distributions} --segment-length {params.segment_length}"
        " --provenance {params.provenance:q} --netcdf {output.netcdf} --geotiff {output.geotiff} 2> {log}"


rule draw_grid:
    """Draw the freeboard of {wildcards.period} on {wildcards.grid}."""
    input:
        netcdf="results/maps/{grid}_{period}.nc",
    output:
        figure=report(
            "results/report/maps/{grid}_{period}.png",
            category="7 Maps",
            labels={"grid": "{grid}", "period": "{period}"},
            caption="report/grid.rst",
        ),
    log:
        "results/logs/draw_grid/{grid}_{period}.log",
    benchmark:
        "results/benchmarks/draw_grid/{grid}_{period}.tsv"
    resources:
        launcher="python",
        mem_mb=2000,
        runtime=10,
    params:
        code=code("draw_grid.py"),
    shell:
        "{resources.launcher} $SCRIPTS/draw_grid.py --netcdf {input.netcdf} --output {output.figure} 2> {log}"


rule write_stac:
    """Write a STAC catalogue of the tracks, their table and the grids."""
    input:
        accounts=expand("results/freeboard/{batch}.json", batch=CAMPAIGN.batches),
        products=[
            f"results/freeboard/{granule}_{beam}.nc"
            for granule, beam in CAMPAIGN.tracks
        ],
        table=rules.write_tracks.output.tracks,
        grids=expand("results/maps/{grid}_{period}.nc", grid=GRIDS, period=MAPPED),
        geotiffs=expand("results/maps/{grid}_{period}.tif", grid=GRIDS, period=MAPPED),
    output:
        catalog=directory("results/maps/stac"),
    log:
        "results/logs/write_stac.log",
    benchmark:
        "results/benchmarks/write_stac.tsv"
    resources:
        launcher="python",
        mem_mb=2000,
        runtime=60,
    params:
        code=code("write_stac.py"),
    shell:
        "{resources.launcher} $SCRIPTS/write_stac.py --accounts {input.accounts} --products results/freeboard"
        " --table {input.table} --grids {input.grids} --output {output.catalog} 2> {log}"


rule maps:
    """Make the grids of all months and weeks, the figures of the first kind of both, and the catalogue."""
    input:
        rules.write_stac.output,
        [f"results/report/maps/{GRIDS[0]}_{period}.png" for period in DRAWN],
