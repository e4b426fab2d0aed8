"""Figures of the report: tables in, matplotlib figures out; every axis has its unit."""
