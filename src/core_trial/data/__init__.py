"""Room 1: what comes in. CSV files to typed frames, and frames to the analysis set."""
