"""Questions to a fit: contrasts, tests, comparisons, means, predictions, profiles."""
