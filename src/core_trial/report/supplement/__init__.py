"""What the paper reports beside its two tables, each page from records alone."""
