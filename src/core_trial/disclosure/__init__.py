"""Records in, and records out that give nobody away."""
