"""Simulation studies whose results are committed in ``docs/``."""
