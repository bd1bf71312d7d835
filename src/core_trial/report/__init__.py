"""Room 5: records in, pages out."""
