"""Models for partially nested trials: arrays and formulas in, one frozen `Fit` out."""
