"""The linear model for repeated visits, with a random effect of the worker."""
