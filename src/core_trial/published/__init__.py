"""Room 4: what the paper printed, and whether we got it."""
