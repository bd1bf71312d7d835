"""A fit on one page, in a picture, and as text that travels."""
