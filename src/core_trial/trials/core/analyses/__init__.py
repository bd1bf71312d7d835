"""Analyses that only CORE has."""
