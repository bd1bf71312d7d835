"""One model over many data sets: simulation, bootstrap, imputation."""
