"""Granules, scenes and products found in their archives, and fetched whole or in part."""
