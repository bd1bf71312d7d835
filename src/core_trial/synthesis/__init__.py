"""Tools that make data with given results."""
