"""The linear model with a random intercept by cluster, and its small-sample inference."""
