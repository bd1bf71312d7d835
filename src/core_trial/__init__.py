"""The whole statistical analysis of the CORE trial, from CSV files to verified tables."""
