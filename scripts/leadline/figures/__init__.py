"""Figures of the report: tables in, matplotlib figures out; every axis has its unit, and all have one style."""

import matplotlib

matplotlib.rcParams.update(
    {
        "figure.dpi": 110,
        "savefig.dpi": 150,
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.formatter.useoffset": False,
    }
)
