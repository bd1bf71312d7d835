"""Counts, and risks as counts: zero-inflated negative binomial, modified Poisson."""
