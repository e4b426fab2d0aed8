"""What Snakemake says."""

import re

NOTHING = "Nothing to be done"


def memory(said: str, rule: str) -> list[int]:
    """Return the memory of each job of a rule, MB, in the order in which Snakemake tells them."""
    return [int(n) for n in re.findall(rf"rule {rule}:\n(?:.+\n)*?.*\bmem_mb=(\d+)", said)]
