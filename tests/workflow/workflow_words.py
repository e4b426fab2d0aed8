"""What Snakemake says."""

NOTHING = "Nothing to be done"
