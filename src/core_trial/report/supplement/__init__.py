"""What is reported beside the two main tables, each page from records alone."""
