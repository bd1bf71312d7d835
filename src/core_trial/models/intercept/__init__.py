"""Logistic and Poisson models with a random intercept by cluster."""
