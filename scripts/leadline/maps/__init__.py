"""Freeboard on maps: grids of cells by week and month, and the catalogue of all products."""
