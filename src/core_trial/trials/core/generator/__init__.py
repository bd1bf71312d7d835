"""Room 6: makes the synthetic trial; margins by construction, estimates by calibration."""
