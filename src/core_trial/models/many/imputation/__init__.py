"""Multiple imputation by chained equations, by arm, with worker effects where there are workers."""
