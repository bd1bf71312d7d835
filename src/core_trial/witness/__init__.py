"""The second programme: every number made again, by other means, and held against the first."""
